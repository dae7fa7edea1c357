/** A count that goes down once, and that any number of threads wait for. */
import { checkWhole } from '../checks.ts'
import { SyncUseError } from '../errors.ts'
import { compareExchange, load, notify } from '../runtime/atomics.ts'
import { needsToBlock } from '../runtime/park-sync.ts'
import { crossesByHome, type Home, newHome } from './crossing.ts'
import { nameIn, waitOptions } from './options.ts'
import { block, type SyncWaitOptions, suspend, timeoutOf, type Waiting, type WaitOptions } from './waiting.ts'

const mostCounts = 0x7fff_ffff

/**
 * Opens for good once it was counted down `count` times.
 *
 * @throws OptionError
 * @example
 *     const ready = new Latch(pool.workers)
 *     await ready.wait() // Each worker calls ready.countDown() when it is ready.
 */
export class Latch {
  readonly name: string
  readonly #words: Int32Array
  readonly #at: number

  constructor(count: number, options: { readonly name?: string } = {}, home?: Home) {
    checkWhole('new Latch(count)', count, 0, mostCounts)
    const { words, at, name } = home ?? newHome('latch', 1, nameIn('new Latch(…)', options))
    this.#words = words
    this.#at = at
    this.name = name
    if (home === undefined) words[at] = count // Nobody else has seen it yet.
  }

  /** How often it is still to be counted down. */
  get count(): number {
    return load(this.#words, this.#at)
  }

  /**
   * Counts down by `count`, and wakes all who wait if that was the last.
   * @throws SyncUseError if fewer are left; OptionError
   */
  countDown(count = 1): void {
    checkWhole('countDown(count)', count, 1)
    if (!countDown(this.#words, this.#at, count))
      throw new SyncUseError(
        `countDown(${count}) of ${this.name}, which has ${this.count} left. Count down once for each of those it waits for.`,
      )
  }

  /**
   * Stops the thread until it is open.
   * @throws SyncUseError on the main thread
   * @throws TimeoutError, OptionError
   */
  waitSync(given?: SyncWaitOptions): void {
    const options = waitOptions('sync', 'waitSync()', this.name, given)
    needsToBlock('waitSync()', this.name, 'await latch.wait()')
    if (this.count === 0) return
    block(untilZero(this.#words, this.#at), this.name, timeoutOf('waitSync()', options.timeoutMs))
  }

  /** Waits until it is open. Rejects with TimeoutError, the signal's reason, OptionError. */
  async wait(given?: WaitOptions): Promise<void> {
    const options = waitOptions('async', 'wait()', this.name, given)
    options.signal?.throwIfAborted()
    await suspend(untilZero(this.#words, this.#at), this.name, this, options)
  }

  static {
    crossesByHome(
      import.meta,
      Latch,
      latch => ({ words: latch.#words, at: latch.#at, name: latch.name }),
      home => new Latch(0, {}, home),
    )
  }
}

export function countDown(words: Int32Array, at: number, count: number): boolean {
  for (;;) {
    const left = load(words, at)
    if (left < count) return false
    if (compareExchange(words, at, left, left - count) !== left) continue
    if (left === count) notify(words, at, Number.POSITIVE_INFINITY)
    return true
  }
}

export function* untilZero(words: Int32Array, at: number): Waiting {
  for (;;) {
    const left = load(words, at)
    if (left === 0) return true
    // It sleeps on while the count goes down: only the last one notifies.
    if ((yield { words, at, expected: left, passOn: undefined }) === 'over') return load(words, at) === 0
  }
}
