/**
 * The calls in one worker's hand, numbered in the order in which they were given; most answers come
 * in that order.
 */
import { claimWindow } from '../wire/claims.ts'

/** Each item knows its number in the hand. */
export interface Held {
  seq: number
}

/**
 * The last number. Both sides pass numbers as 32-bit integers, and a claim adds two bits.
 */
export const lastSeq: number = 2 ** 29

export class Hand<T extends Held> {
  readonly #held = new Array<T | undefined>(claimWindow).fill(undefined)
  #oldest: number
  #next: number
  #count = 0

  /** `firstSeq` is for tests that need the numbers to run out. */
  constructor(firstSeq = 1) {
    this.#oldest = this.#next = firstSeq
  }

  get count(): number {
    return this.#count
  }

  /** How many more could be given: the free numbers of the window. */
  get room(): number {
    this.first
    return Math.min(claimWindow - (this.#next - this.#oldest), lastSeq - this.#next)
  }

  /** The oldest one that is left. */
  get first(): T | undefined {
    while (this.#oldest < this.#next && this.#held[this.#oldest % claimWindow] === undefined)
      this.#oldest += 1
    return this.#held[this.#oldest % claimWindow]
  }

  /**
   * Adds and numbers an item. When the numbers are used up, they begin again as soon as the hand is
   * empty.
   */
  add(item: T): number {
    if (this.#count === 0 && this.#next >= lastSeq) this.#oldest = this.#next = 1
    item.seq = this.#next
    this.#held[this.#next % claimWindow] = item
    this.#next += 1
    this.#count += 1
    return item.seq
  }

  /** A number for a call beside the hand; no call of the hand gets it. */
  numberBeside(): number {
    const seq = this.#next
    this.#next += 1
    return seq
  }

  get(seq: number): T | undefined {
    const item = this.#held[seq % claimWindow]
    return item?.seq === seq ? item : undefined
  }

  remove(seq: number): T | undefined {
    const item = this.get(seq)
    if (item === undefined) return undefined
    this.#held[seq % claimWindow] = undefined
    this.#count -= 1
    return item
  }

  /** In the order they were given. */
  *[Symbol.iterator](): Generator<T> {
    const end = Math.min(this.#next, this.#oldest + claimWindow)
    for (let seq = this.#oldest; seq < end; seq += 1) {
      const item = this.get(seq)
      if (item !== undefined) yield item
    }
  }
}
