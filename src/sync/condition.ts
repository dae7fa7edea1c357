/** Waiting, with a mutex held, until what it guards has changed. */
import { checkWhole, shown } from '../checks.ts'
import { OptionError, SyncUseError } from '../errors.ts'
import { add, blockingNow, compareExchange, load, notify, store } from '../runtime/atomics.ts'
import { needsToBlock } from '../runtime/park-sync.ts'
import { crossesByHome, type Home, newHome } from './crossing.ts'
import type { Guard } from './guard.ts'
import { lend, Mutex, takeBack } from './mutex.ts'
import { callAtOnce, nameIn, waitOptions } from './options.ts'
import { block, type SyncWaitOptions, suspend, timeoutOf, type Waiting, type WaitOptions } from './waiting.ts'

// The words: how many wakings were given, how many taken, how many wait that were given none.
const taken = 1
const waiters = 2

/**
 * Lets those who hold `mutex` wait until another one, who holds it too, notifies them. Waiting
 * gives the mutex up and takes it again, also when the wait fails. Exactly as many are woken as
 * were notified; nobody is woken without.
 *
 * @example
 *     using guard = mutex.acquireSync()
 *     condition.waitForSync(() => queue.view[0] > 0)
 */
export class Condition {
  readonly name: string
  readonly mutex: Mutex
  readonly #words: Int32Array
  readonly #at: number

  constructor(
    mutex: Mutex,
    options: { readonly name?: string } = {},
    home: Home = newHome('condition', 3, nameIn('new Condition(mutex, …)', options)),
  ) {
    if (!(mutex instanceof Mutex))
      throw new OptionError(
        `new Condition(mutex) takes a Mutex, as new Condition(new Mutex()); it got ${mutex === undefined ? 'none' : shownLock(mutex)}.`,
      )
    this.mutex = mutex
    this.#words = home.words
    this.#at = home.at
    this.name = home.name
  }

  /**
   * Gives the mutex up, stops the thread until it is notified, and takes the mutex again.
   * @throws SyncUseError on the main thread, or if this thread does not hold the mutex
   * @throws TimeoutError, OptionError; with the mutex held
   */
  waitSync(given?: SyncWaitOptions): void {
    const options = waitOptions('sync', 'waitSync()', this.name, given)
    const timeoutMs = timeoutOf('waitSync()', options.timeoutMs)
    needsToBlock('waitSync()', this.name, 'await condition.wait()')
    this.#needMutex('waitSync()')
    const waiting = this.#begin()
    const guard = lend(this.mutex)
    try {
      block(waiting.notified(), this.name, timeoutMs)
    } catch (error) {
      this.#acquireAgainSync(guard)
      if (!waiting.left()) throw error
      return
    }
    this.#acquireAgainSync(guard)
  }

  /** As `waitSync`, without stopping the thread. Rejects with the signal's reason too. */
  async wait(given?: WaitOptions): Promise<void> {
    const options = waitOptions('async', 'wait()', this.name, given)
    options.signal?.throwIfAborted()
    this.#needMutex('wait()')
    const waiting = this.#begin()
    const guard = lend(this.mutex)
    try {
      await suspend(waiting.notified(), this.name, this, options)
    } catch (error) {
      await this.#acquireAgain(guard)
      if (!waiting.left()) throw error
      return
    }
    await this.#acquireAgain(guard)
  }

  /**
   * Waits, again and again, until `holds` returns true; it is called with the mutex held.
   * @throws SyncUseError as `waitSync`, and if `holds` is async
   */
  waitForSync(holds: () => boolean, given?: SyncWaitOptions): void {
    const options = waitOptions('sync', 'waitForSync()', this.name, given)
    const left = countdown(options.timeoutMs)
    while (!this.#now('waitForSync()', holds)) this.waitSync({ ...options, timeoutMs: left() })
  }

  /** As `waitForSync`, without stopping the thread. */
  async waitFor(holds: () => boolean, given?: WaitOptions): Promise<void> {
    const options = waitOptions('async', 'waitFor()', this.name, given)
    const left = countdown(options.timeoutMs)
    while (!this.#now('waitFor()', holds)) await this.wait({ ...options, timeoutMs: left() })
  }

  /**
   * Wakes up to `count` of those who wait, the longest waiting first.
   * @throws SyncUseError if this thread does not hold the mutex; OptionError
   */
  notify(count = 1): void {
    if (count !== Number.POSITIVE_INFINITY) checkWhole('notify(count)', count, 0)
    this.#needMutex('notify()')
    giveWakings(this.#words, this.#at, count)
  }

  /** Wakes all who wait. */
  notifyAll(): void {
    this.notify(Number.POSITIVE_INFINITY)
  }

  #now(call: string, holds: () => boolean): boolean {
    const cure = 'Wait by hand: while (!(await holds())) await condition.wait()'
    return callAtOnce(`${call} of ${this.name}`, holds, cure)
  }

  #begin() {
    const [words, at] = [this.#words, this.#at]
    const before = beginWait(words, at)
    return { notified: () => awaitWaking(words, at, before), left: () => leaveWait(words, at) }
  }

  #acquireAgainSync(guard: Guard | undefined): void {
    this.mutex.acquireSync({ ownerDied: 'take' })
    takeBack(this.mutex, guard)
  }

  async #acquireAgain(guard: Guard | undefined): Promise<void> {
    await this.mutex.acquire({ ownerDied: 'take' })
    takeBack(this.mutex, guard)
  }

  #needMutex(call: string): void {
    if (!this.mutex.heldHere)
      throw new SyncUseError(
        `${call} of ${this.name} by a thread that does not hold ${this.mutex.name}. Acquire it first: using guard = await mutex.acquire()`,
      )
  }

  static {
    crossesByHome(
      import.meta,
      Condition,
      condition => ({
        words: condition.#words,
        at: condition.#at,
        name: condition.name,
        mutex: condition.mutex,
      }),
      home => new Condition(home.mutex, {}, home),
    )
  }
}

function shownLock(lock: unknown): string {
  return typeof lock === 'object' && lock !== null ? `a ${lock.constructor?.name}` : shown(lock)
}

// All but awaitWaking is called with the mutex held.

/** One more waits; returns how many wakings were given before, which are not for this one. */
export function beginWait(words: Int32Array, at: number): number {
  add(words, at + waiters, 1)
  return load(words, at)
}

/** Waits for a waking that was given after `before`, and takes it. */
export function* awaitWaking(words: Int32Array, at: number, before: number): Waiting {
  for (;;) {
    const given = load(words, at)
    if (given !== before && takeWaking(words, at)) return true
    if ((yield { words, at, expected: given, passOn: () => notify(words, at, 1) }) === 'over') return false
  }
}

function takeWaking(words: Int32Array, at: number): boolean {
  for (;;) {
    const before = load(words, at + taken)
    if (before === load(words, at)) return false
    if (compareExchange(words, at + taken, before, (before + 1) | 0) === before) return true
  }
}

/** Wakes up to `count` of those who wait. */
export function giveWakings(words: Int32Array, at: number, count: number): void {
  const given = Math.min(count, load(words, at + waiters))
  if (given <= 0) return
  add(words, at + waiters, -given)
  add(words, at, given)
  notify(words, at, given)
}

/**
 * One that waits no longer goes; true if it was notified all the same. Each who waits is counted in
 * `waiters`, or has a waking that was given and not taken: if none is left in `waiters`, one of
 * those wakings is its own.
 */
export function leaveWait(words: Int32Array, at: number): boolean {
  const waiting = load(words, at + waiters)
  if (waiting === 0) return takeWaking(words, at)
  store(words, at + waiters, waiting - 1)
  return false
}

function countdown(timeoutMs: number | undefined): () => number | undefined {
  if (timeoutMs === undefined) return () => undefined
  const endMs = blockingNow() + timeoutMs
  return () => Math.max(0, endMs - blockingNow())
}
