/**
 * Calls that run, oldest first; linked through themselves, as an entry in a Set costs as much as
 * the promise of a call.
 */

/** What such a list needs to know of a call; nobody else writes to it. */
export interface Linked<T> {
  next: T | undefined
  previous: T | undefined
}

export class Running<T extends Linked<T>> implements Iterable<T> {
  #oldest: T | undefined
  #newest: T | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  add(call: T): void {
    call.previous = this.#newest
    if (this.#newest === undefined) this.#oldest = call
    else this.#newest.next = call
    this.#newest = call
    this.#size += 1
  }

  /** Takes out a call that is there. */
  remove(call: T): void {
    const { next, previous } = call
    if (previous === undefined) this.#oldest = next
    else previous.next = next
    if (next === undefined) this.#newest = previous
    else next.previous = previous
    call.next = undefined
    call.previous = undefined
    this.#size -= 1
  }

  *[Symbol.iterator](): Generator<T> {
    for (let call = this.#oldest; call !== undefined; call = call.next) yield call
  }
}
