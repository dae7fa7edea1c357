/** The calls in one worker's hands: numbered as they were given, answered mostly in that order. */
import { claimWindow } from '../wire/claims.ts'

/** What is in a hand knows its number there. */
export interface Held {
  seq: number
}

/**
 * The last number: both sides pass numbers on as 32-bit integers, with two bits beside them in a
 * claim.
 */
export const lastSeq: number = 2 ** 29

export class Hand<T extends Held> {
  readonly #held = new Array<T | undefined>(claimWindow).fill(undefined)
  #oldest: number
  #next: number
  #count = 0

  /** `firstSeq` is for tests, which can't wait until the numbers are used up. */
  constructor(firstSeq = 1) {
    this.#oldest = this.#next = firstSeq
  }

  get count(): number {
    return this.#count
  }

  /** How many more could be given: numbers of the window that are free. */
  get room(): number {
    this.first
    return Math.min(claimWindow - (this.#next - this.#oldest), lastSeq - this.#next)
  }

  /** The one that was given first, of those that are left. */
  get first(): T | undefined {
    while (this.#oldest < this.#next && this.#held[this.#oldest % claimWindow] === undefined)
      this.#oldest += 1
    return this.#held[this.#oldest % claimWindow]
  }

  /**
   * Takes it into the hand and numbers it; the numbers begin again in an empty hand that has used
   * them up.
   */
  add(item: T): number {
    if (this.#count === 0 && this.#next >= lastSeq) this.#oldest = this.#next = 1
    item.seq = this.#next
    this.#held[this.#next % claimWindow] = item
    this.#next += 1
    this.#count += 1
    return item.seq
  }

  /** A number for a call beside the hand: none of the hand has it. */
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
