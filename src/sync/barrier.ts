/** A place where a number of threads wait for each other, round after round. */
import { checkWhole } from '../checks.ts'
import { BrokenBarrierError } from '../errors.ts'
import { compareExchange, load, notify, or } from '../runtime/atomics.ts'
import { needsToBlock } from '../runtime/park-sync.ts'
import { crossesByHome, type Home, newHome } from './crossing.ts'
import { type ActionOption, actionCure, callAtOnce, nameIn, waitOptions } from './options.ts'
import { block, type SyncWaitOptions, suspend, timeoutOf, type Waiting, type WaitOptions } from './waiting.ts'

// One word: how many have arrived, the number of the round, and how things stand.
const arrivedMask = 0xfff
const roundShift = 12
const roundMask = 0xffff << roundShift
const broken = 1 << 28
/** The round before this one was ended by a reset. */
const wasReset = 1 << 29

/**
 * Holds each of `parties` until all have come; then all go on, and the next round begins.
 *
 * When one of them gives up (time, signal), aborts, or its action throws, the others get a
 * BrokenBarrierError, and so does everybody who comes until `reset()`. A party that dies before it
 * comes is waited for: give `timeoutMs`. One whose thread is ended while it is stopped in
 * `waitSync()` stays counted, and the others go on without it: where a call may be cancelled or run
 * out of time, give `waitSync()` a shorter `timeoutMs`, or use `wait()`.
 *
 * @throws OptionError
 * @example
 *     for (const step of steps) { compute(step); barrier.waitSync() }
 */
export class Barrier {
  readonly name: string
  readonly parties: number
  readonly #words: Int32Array
  readonly #at: number

  constructor(parties: number, options: { readonly name?: string } = {}, home?: Home) {
    checkWhole('new Barrier(parties)', parties, 1, arrivedMask - 1)
    const { words, at, name } = home ?? newHome('barrier', 1, nameIn('new Barrier(parties, …)', options))
    this.#words = words
    this.#at = at
    this.name = name
    this.parties = parties
  }

  /**
   * Stops the thread until all have come. Returns in which place it came: 0 for the first, `parties
   * - 1` for the last, which runs `action`, if it gave one, before all go on.
   * @throws SyncUseError on the main thread, and if `action` is async
   * @throws BrokenBarrierError, TimeoutError, OptionError
   */
  waitSync(given?: SyncWaitOptions & ActionOption): number {
    const options = waitOptions('meetSync', 'waitSync()', this.name, given)
    const timeoutMs = timeoutOf('waitSync()', options.timeoutMs)
    const arrival: Arrival = { place: 0 }
    needsToBlock('waitSync()', this.name, 'await barrier.wait()')
    block(arrive(this.#words, this.#at, this.parties, this.name, arrival), this.name, timeoutMs)
    this.#last(arrival, options.action)
    return arrival.place
  }

  /** As `waitSync`, without stopping the thread. Rejects with the signal's reason too. */
  async wait(given?: WaitOptions & ActionOption): Promise<number> {
    const options = waitOptions('meet', 'wait()', this.name, given)
    options.signal?.throwIfAborted()
    const arrival: Arrival = { place: 0 }
    await suspend(arrive(this.#words, this.#at, this.parties, this.name, arrival), this.name, this, options)
    this.#last(arrival, options.action)
    return arrival.place
  }

  #last({ place }: Arrival, action: (() => void) | undefined): void {
    if (place !== this.parties - 1) return
    try {
      if (action !== undefined) callAtOnce(`{ action } of ${this.name}`, action, actionCure)
    } catch (error) {
      this.abort()
      throw error
    }
    open(this.#words, this.#at, this.name)
  }

  /** Breaks it: all who wait and all who come get a BrokenBarrierError. */
  abort(): void {
    breakBarrier(this.#words, this.#at)
  }

  /** Begins anew; whoever waits gets a BrokenBarrierError. */
  reset(): void {
    resetBarrier(this.#words, this.#at)
  }

  /** How many wait for the others. */
  get waiting(): number {
    const held = load(this.#words, this.#at)
    return (held & broken) === 0 ? held & arrivedMask : 0
  }

  get broken(): boolean {
    return (load(this.#words, this.#at) & broken) !== 0
  }

  static {
    crossesByHome(
      import.meta,
      Barrier,
      barrier => ({ words: barrier.#words, at: barrier.#at, name: barrier.name, parties: barrier.parties }),
      home => new Barrier(home.parties, {}, home),
    )
  }
}

interface Arrival {
  place: number
}

/** Comes and waits for the others; the last one returns at once, and has to `open`. */
export function* arrive(
  words: Int32Array,
  at: number,
  parties: number,
  name: string,
  arrival: Arrival,
): Waiting {
  let came: number
  for (;;) {
    came = load(words, at)
    if ((came & broken) !== 0) throw new BrokenBarrierError(name, 'it was broken before this one came')
    if ((came & arrivedMask) === parties) {
      // All of a round have come, and its last one has not opened it yet.
      if ((yield { words, at, expected: came, passOn: undefined }) === 'over') return false
    } else if (compareExchange(words, at, came, came + 1) === came) break
  }
  arrival.place = came & arrivedMask
  if (arrival.place === parties - 1) return true
  for (;;) {
    const held = load(words, at)
    if (passed(held, came, name)) return true
    const resumed = yield { words, at, expected: held, passOn: undefined }
    if (resumed !== 'over') continue
    for (;;) {
      const last = load(words, at)
      if (passed(last, came, name)) return true
      if (compareExchange(words, at, last, last | broken) !== last) continue
      notify(words, at, Number.POSITIVE_INFINITY)
      return false
    }
  }
}

/** Whether the round in which one came is over. */
function passed(held: number, came: number, name: string): boolean {
  const sameRound = (held & roundMask) === (came & roundMask)
  if (sameRound && (held & broken) !== 0)
    throw new BrokenBarrierError(name, 'a party has given up, or it was aborted')
  const isNext = (held & roundMask) === ((came + (1 << roundShift)) & roundMask)
  if (isNext && (held & wasReset) !== 0)
    throw new BrokenBarrierError(name, 'it was reset while this one waited')
  return !sameRound
}

/** Ends the round, and lets all go on. */
export function open(words: Int32Array, at: number, name: string): void {
  for (;;) {
    const held = load(words, at)
    if ((held & broken) !== 0) throw new BrokenBarrierError(name, 'it was aborted as the last one came')
    if (compareExchange(words, at, held, (held + (1 << roundShift)) & roundMask) === held) break
  }
  notify(words, at, Number.POSITIVE_INFINITY)
}

export function breakBarrier(words: Int32Array, at: number): void {
  or(words, at, broken)
  notify(words, at, Number.POSITIVE_INFINITY)
}

export function resetBarrier(words: Int32Array, at: number): void {
  for (;;) {
    const held = load(words, at)
    const fresh = ((held + (1 << roundShift)) & roundMask) | ((held & arrivedMask) > 0 ? wasReset : 0)
    if (compareExchange(words, at, held, fresh) === held) break
  }
  notify(words, at, Number.POSITIVE_INFINITY)
}
