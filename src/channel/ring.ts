/**
 * Items in the order in which they came, in an array that is used round and round: adding and
 * taking never move the others.
 */

const firstLength = 16

export class Ring<T> {
  /** Its length is a power of two, so that a place is found by a mask. */
  #places: (T | undefined)[] = new Array(firstLength).fill(undefined)
  #mask = firstLength - 1
  #head = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  push(item: T): void {
    if (this.#size > this.#mask) this.#grow()
    this.#places[(this.#head + this.#size) & this.#mask] = item
    this.#size += 1
  }

  /** Puts an item before all others. */
  unshift(item: T): void {
    if (this.#size > this.#mask) this.#grow()
    this.#head = (this.#head - 1) & this.#mask
    this.#places[this.#head] = item
    this.#size += 1
  }

  /** Takes the oldest item out; there must be one. */
  shift(): T {
    const item = this.#places[this.#head] as T
    this.#places[this.#head] = undefined // What was taken is not kept alive.
    this.#head = (this.#head + 1) & this.#mask
    this.#size -= 1
    return item
  }

  clear(): void {
    this.#places = new Array(firstLength).fill(undefined)
    this.#mask = firstLength - 1
    this.#head = 0
    this.#size = 0
  }

  #grow(): void {
    const places = new Array<T | undefined>(this.#places.length * 2).fill(undefined)
    for (let at = 0; at < this.#size; at += 1) places[at] = this.#places[(this.#head + at) & this.#mask]
    this.#places = places
    this.#mask = places.length - 1
    this.#head = 0
  }
}
