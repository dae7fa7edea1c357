/** Something that happens once, or again and again, and that any number of threads wait for. */
import { compareExchange, load, notify } from '../runtime/atomics.ts'
import { needsToBlock } from '../runtime/park-sync.ts'
import { crossesByHome, type Home, newHome } from './crossing.ts'
import { nameIn, waitOptions } from './options.ts'
import { block, type SyncWaitOptions, suspend, timeoutOf, type Waiting, type WaitOptions } from './waiting.ts'

/**
 * A flag that threads wait for. All who wait when it is set go on, even if it is cleared at once.
 *
 * @example
 *     const stop = new Event()
 *     void pool.run(work, stop) // There: while (!stop.isSet) …
 *     stop.set()
 */
export class Event {
  readonly name: string
  readonly #words: Int32Array
  readonly #at: number

  constructor(
    options: { readonly name?: string } = {},
    home: Home = newHome('event', 1, nameIn('new Event(…)', options)),
  ) {
    this.#words = home.words
    this.#at = home.at
    this.name = home.name
  }

  /** Whether it is set; costs one load. */
  get isSet(): boolean {
    return (load(this.#words, this.#at) & 1) === 1
  }

  /** Sets it, and wakes all who wait. */
  set(): void {
    setEvent(this.#words, this.#at)
  }

  /** Clears it: whoever waits from now on waits for the next time. */
  clear(): void {
    clearEvent(this.#words, this.#at)
  }

  /**
   * Stops the thread until it is set.
   * @throws SyncUseError on the main thread
   * @throws TimeoutError, OptionError
   */
  waitSync(given?: SyncWaitOptions): void {
    const options = waitOptions('sync', 'waitSync()', this.name, given)
    needsToBlock('waitSync()', this.name, 'await event.wait()')
    if (this.isSet) return
    block(untilSet(this.#words, this.#at), this.name, timeoutOf('waitSync()', options.timeoutMs))
  }

  /** Waits until it is set. Rejects with TimeoutError, the signal's reason, OptionError. */
  async wait(given?: WaitOptions): Promise<void> {
    const options = waitOptions('async', 'wait()', this.name, given)
    options.signal?.throwIfAborted()
    await suspend(untilSet(this.#words, this.#at), this.name, this, options)
  }

  static {
    crossesByHome(
      import.meta,
      Event,
      event => ({ words: event.#words, at: event.#at, name: event.name }),
      home => new Event({}, home),
    )
  }
}

// The word counts how often it was set and cleared: odd is set.

export function setEvent(words: Int32Array, at: number): void {
  for (;;) {
    const seen = load(words, at)
    if ((seen & 1) === 1) return
    if (compareExchange(words, at, seen, (seen + 1) | 0) === seen) break
  }
  notify(words, at, Number.POSITIVE_INFINITY)
}

export function clearEvent(words: Int32Array, at: number): void {
  const seen = load(words, at)
  if ((seen & 1) === 1) compareExchange(words, at, seen, (seen + 1) | 0) // Else another one has cleared it.
}

/** From unset, any change means that it was set. */
export function* untilSet(words: Int32Array, at: number): Waiting {
  const seen = load(words, at)
  if ((seen & 1) === 1) return true
  for (;;) {
    const resumed = yield { words, at, expected: seen, passOn: undefined }
    if (load(words, at) !== seen) return true
    if (resumed === 'over') return false
  }
}
