/** A bounded number of holders at a time, across threads. */
import { checkOptions, checkText, checkWhole, optionNames } from '../checks.ts'
import { SyncUseError } from '../errors.ts'
import { add, and, compareExchange, load, notify } from '../runtime/atomics.ts'
import { needsToBlock } from '../runtime/park-sync.ts'
import { crossesByHome, type Home, newHome } from './crossing.ts'
import { Guard } from './guard.ts'
import { waitOptions } from './options.ts'
import { inLine } from './owned.ts'
import { block, type SyncWaitOptions, suspend, timeoutOf, type Waiting, type WaitOptions } from './waiting.ts'

const mostPermits = 0x0fff_ffff
const waiters = 1
const patience = 64
const semaphoreOptionNames = optionNames<{ name?: string; max?: number }>({ name: true, max: true })

/**
 * Gives out permits, `permits` at a time. A permit has no owner: any thread may release it, so a
 * thread that dies with one takes it along. More releases than permits throw, unless `max` allows
 * more.
 *
 * @throws OptionError
 * @example
 *     const connections = new Semaphore(4)
 *     { using permit = await connections.acquire(); … }
 */
export class Semaphore {
  readonly name: string
  /** The most permits that there may be. */
  readonly max: number
  readonly #words: Int32Array
  readonly #at: number

  constructor(permits: number, options: { readonly name?: string; readonly max?: number } = {}, home?: Home) {
    if (home === undefined) {
      const { name } = checkOptions('new Semaphore(permits, …)', options, semaphoreOptionNames)
      if (name !== undefined) checkText('new Semaphore(permits, { name })', name, "'connections'")
    }
    const max = options.max ?? (permits === 0 ? mostPermits : permits)
    const limit = max === Number.POSITIVE_INFINITY ? mostPermits : max
    checkWhole('new Semaphore(permits)', permits, 0, mostPermits)
    checkWhole(`new Semaphore(${permits}, { max })`, limit, Math.max(1, permits), mostPermits)
    const { words, at, name } = home ?? newHome('semaphore', 2, options.name)
    this.#words = words
    this.#at = at
    this.name = name
    this.max = limit
    if (home === undefined) words[at] = permits // Nobody else has seen it yet.
  }

  /** Takes a permit if there is one; else returns undefined, at once. */
  tryAcquire(): Guard | undefined {
    return takePermit(this.#words, this.#at) ? new Guard(this, giveBack, false) : undefined
  }

  /**
   * Takes a permit; the thread stops until there is one.
   * @throws SyncUseError on the main thread
   * @throws TimeoutError, OptionError
   */
  acquireSync(given?: SyncWaitOptions): Guard {
    const options = waitOptions('sync', 'acquireSync()', this.name, given)
    needsToBlock('acquireSync()', this.name, 'using permit = await semaphore.acquire()')
    if (!takePermit(this.#words, this.#at)) {
      block(awaitPermit(this.#words, this.#at), this.name, timeoutOf('acquireSync()', options.timeoutMs))
    }
    return new Guard(this, giveBack, false)
  }

  /**
   * Takes a permit once there is one, without stopping the thread.
   *
   * Rejects with TimeoutError, the signal's reason, OptionError.
   */
  async acquire(given?: WaitOptions): Promise<Guard> {
    const options = waitOptions('async', 'acquire()', this.name, given)
    options.signal?.throwIfAborted()
    if (!takePermit(this.#words, this.#at))
      await suspend(awaitPermit(this.#words, this.#at), this.name, this, options)
    return new Guard(this, giveBack, false)
  }

  /**
   * Gives `count` permits back, and wakes as many of those who wait.
   * @throws SyncUseError if there would be more than `max`; OptionError
   */
  release(count = 1): void {
    checkWhole('release(count)', count, 1)
    if (!givePermits(this.#words, this.#at, count, this.max))
      throw new SyncUseError(
        `release(${count === 1 ? '' : count}) of ${this.name} would make more than ${this.max} permits. Release each permit once, or say new Semaphore(permits, { max }).`,
      )
  }

  /** How many permits there are to take, at this moment. */
  get permits(): number {
    return load(this.#words, this.#at) & mostPermits
  }

  static {
    crossesByHome(
      import.meta,
      Semaphore,
      semaphore => ({ words: semaphore.#words, at: semaphore.#at, name: semaphore.name, max: semaphore.max }),
      home => new Semaphore(0, { max: home.max }, home),
    )
  }
}

/** A permit is like any other: its guard gives one back. */
function giveBack(semaphore: Semaphore): void {
  semaphore.release()
}

/** Takes one of the permits, if newcomers may. */
export function takePermit(words: Int32Array, at: number): boolean {
  for (;;) {
    const held = load(words, at)
    if ((held & mostPermits) === 0 || (held & inLine) !== 0) return false
    if (compareExchange(words, at, held, held - 1) === held) return true
  }
}

/** Gives permits; false if there would be too many. */
export function givePermits(words: Int32Array, at: number, count: number, max: number): boolean {
  for (;;) {
    const held = load(words, at)
    if ((held & mostPermits) + count > max) return false
    if (compareExchange(words, at, held, held + count) === held) break
  }
  // Pairs with the `add` before a waiter looks at the permits: one of the two sees the other.
  if (load(words, at + waiters) > 0) notify(words, at, count)
  return true
}

/** Waits for a permit and takes it. */
export function* awaitPermit(words: Int32Array, at: number): Waiting {
  let waited = false
  let lost = 0
  const passOn = () => passPermits(words, at)
  add(words, at + waiters, 1)
  for (;;) {
    const held = load(words, at)
    const permits = held & mostPermits
    if (permits > 0 && (waited || (held & inLine) === 0)) {
      const left = lost < patience ? held - 1 : (held - 1) & ~inLine
      if (compareExchange(words, at, held, left) !== held) continue
      add(words, at + waiters, -1)
      if (lost >= patience) passOn() // As below.
      return true
    }
    const expected = lost < patience ? held : held | inLine
    if (expected !== held && compareExchange(words, at, held, expected) !== held) continue
    const resumed = yield { words, at, expected, passOn }
    if (resumed === 'over') {
      add(words, at + waiters, -1)
      if (lost >= patience) {
        and(words, at, ~inLine)
        passOn() // Newcomers that it has made stand in line may go.
      }
      return false
    }
    if (resumed === 'woken') lost += 1
    if (resumed !== 'changed') waited = true
  }
}

/** Wakes as many as there are permits. */
function passPermits(words: Int32Array, at: number): void {
  const permits = load(words, at) & mostPermits
  if (permits > 0) notify(words, at, permits)
}
