/**
 * What a map has under way: in no order, so that one is taken out at the same cost however many
 * there are.
 */

/** `at` is its place in the list, -1 outside of it; nobody else writes to it. */
export interface Placed {
  at: number
}

export class UnderWay<T extends Placed> implements Iterable<T> {
  readonly #list: T[] = []

  get size(): number {
    return this.#list.length
  }

  add(one: T): void {
    one.at = this.#list.push(one) - 1
  }

  /** False if it was not there: it is nobody's business any more. */
  remove(one: T): boolean {
    const { at } = one
    if (at === -1) return false
    const last = this.#list.pop() as T
    if (last !== one) {
      this.#list[at] = last
      last.at = at
    }
    one.at = -1
    return true
  }

  /** Takes out all of them. */
  clear(): readonly T[] {
    const all = this.#list.splice(0)
    for (const one of all) one.at = -1
    return all
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#list.values()
  }
}
