/** A whole number that any thread may add to. */
import { checkWhole } from '../checks.ts'
import { OptionError } from '../errors.ts'
import { add, compareExchange, load, store } from '../runtime/atomics.ts'
import { crossesByHome, type Home, newHome } from './crossing.ts'

const least = -(2 ** 31)
const most = 2 ** 31 - 1

/**
 * Counts from −2³¹ to 2³¹ − 1; what would go beyond throws. Nothing waits, and no addition is lost.
 *
 * @throws OptionError
 * @example
 *     const hits = new AtomicCounter()
 *     await pool.map(search, files.map(file => [file, hits] as const)) // There: hits.add(1)
 */
export class AtomicCounter {
  readonly #words: Int32Array
  readonly #at: number

  constructor(value = 0, home?: Home) {
    checkWhole('new AtomicCounter(value)', value, least, most)
    const { words, at } = home ?? newHome('counter', 1, undefined)
    this.#words = words
    this.#at = at
    if (home === undefined) words[at] = value // Nobody else has seen it yet.
  }

  /** Its value, at this moment. */
  get value(): number {
    return load(this.#words, this.#at)
  }

  set value(value: number) {
    checkWhole('counter.value', value, least, most)
    store(this.#words, this.#at, value)
  }

  /**
   * Adds and returns the value after it.
   * @throws OptionError if that is beyond the range; then nothing was added, though others may have
   *   seen it for a moment
   */
  add(count = 1): number {
    checkWhole('add(count)', count, least, most)
    const after = add(this.#words, this.#at, count) + count
    if (after >= least && after <= most) return after
    add(this.#words, this.#at, -count)
    throw new OptionError(
      `add(${count}) would make ${after}; an AtomicCounter counts from ${least} to ${most}.`,
    )
  }

  /** Writes `value` if it holds `expected`; true if it did. */
  compareAndSet(expected: number, value: number): boolean {
    checkWhole('compareAndSet(expected, value)', value, least, most)
    return compareExchange(this.#words, this.#at, expected, value) === expected
  }

  static {
    crossesByHome(
      import.meta,
      AtomicCounter,
      counter => ({ words: counter.#words, at: counter.#at, name: '' }),
      home => new AtomicCounter(0, home),
    )
  }
}
