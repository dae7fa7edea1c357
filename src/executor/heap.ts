/**
 * A heap: its first item is found at once; adding, moving and removing an item costs O(log n).
 *
 * J. W. J. Williams: "Algorithm 232: Heapsort", Communications of the ACM 7(6), 1964. Each item is
 * told where it stands, so that one in the middle is found again without a search.
 */
export class Heap<T> {
  readonly #items: T[] = []
  readonly #before: (one: T, other: T) => boolean
  readonly #stands: (item: T, at: number) => void

  /**
   * `before` says which of two items comes first; `stands` tells an item its place, for `moved` and
   * `remove`.
   */
  constructor(before: (one: T, other: T) => boolean, stands: (item: T, at: number) => void) {
    this.#before = before
    this.#stands = stands
  }

  get first(): T | undefined {
    return this.#items[0]
  }

  add(item: T): void {
    this.#rise(item, this.#items.length)
  }

  /** The item at this place has another rank now. */
  moved(at: number): void {
    const item = this.#items[at] as T
    this.#sink(item, at)
    if (this.#items[at] === item) this.#rise(item, at)
  }

  remove(at: number): void {
    const last = this.#items.pop() as T
    if (at === this.#items.length) return
    this.#items[at] = last
    this.moved(at)
  }

  clear(): void {
    this.#items.length = 0
  }

  /** Puts the item where it belongs, at `at` or above. */
  #rise(item: T, at: number): void {
    let place = at
    while (place > 0) {
      const above = (place - 1) >> 1
      const parent = this.#items[above] as T
      if (!this.#before(item, parent)) break
      this.#put(parent, place)
      place = above
    }
    this.#put(item, place)
  }

  /** Puts the item where it belongs, at `at` or below. */
  #sink(item: T, at: number): void {
    const items = this.#items
    let place = at
    for (;;) {
      let below = 2 * place + 1
      if (below >= items.length) break
      if (below + 1 < items.length && this.#before(items[below + 1] as T, items[below] as T)) below += 1
      const child = items[below] as T
      if (!this.#before(child, item)) break
      this.#put(child, place)
      place = below
    }
    this.#put(item, place)
  }

  #put(item: T, at: number): void {
    this.#items[at] = item
    this.#stands(item, at)
  }
}
