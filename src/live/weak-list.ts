/**
 * What tools can list without keeping it alive: who nobody can use any more may go, closed or not.
 */
export class WeakList<T extends object> implements Iterable<T> {
  readonly #refs = new Set<WeakRef<T>>()
  /**
   * When the list has grown to this, those that are gone are taken out: each addition pays its
   * share.
   */
  #sweepAt = 64

  add(item: T): void {
    this.#refs.add(new WeakRef(item))
    if (this.#refs.size < this.#sweepAt) return
    for (const ref of this.#refs) if (ref.deref() === undefined) this.#refs.delete(ref)
    this.#sweepAt = Math.max(64, this.#refs.size * 2)
  }

  /** How many are listed, gone ones too. */
  get size(): number {
    return this.#refs.size
  }

  *[Symbol.iterator](): Generator<T> {
    for (const ref of this.#refs) {
      const item = ref.deref()
      if (item !== undefined) yield item
    }
  }
}
