/**
 * The jobs that wait: higher priority first, first come, first served within one.
 *
 * One first-in-first-out ring for each priority in use; most programs use one. Adding and taking cost O(priorities),
 * withdrawing costs O(1): a withdrawn job leaves a gap that is skipped.
 */

export class PriorityQueue<T extends { readonly priority: number }> {
  /** Highest priority first. */
  readonly #lines: { priority: number; waiting: Set<T> }[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  push(item: T): void {
    this.#lineOf(item.priority).add(item)
    this.#size += 1
  }

  /** Puts an item back at the head of its priority. */
  unshift(item: T): void {
    const line = this.#lineOf(item.priority)
    const others = [...line]
    line.clear()
    line.add(item)
    for (const other of others) line.add(other)
    this.#size += 1
  }

  /** Takes the next item out. */
  shift(): T | undefined {
    for (const { waiting } of this.#lines) {
      for (const item of waiting) {
        waiting.delete(item)
        this.#size -= 1
        return item
      }
    }
    return undefined
  }

  /** Takes this item out, wherever it stands; false if it is not there. */
  withdraw(item: T): boolean {
    const line = this.#lines.find(({ priority }) => priority === item.priority)
    if (line === undefined || !line.waiting.delete(item)) return false
    this.#size -= 1
    return true
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#lines.flatMap(({ waiting }) => [...waiting])[Symbol.iterator]()
  }

  #lineOf(priority: number): Set<T> {
    const at = this.#lines.findIndex(line => line.priority <= priority)
    const found = this.#lines[at]
    if (found?.priority === priority) return found.waiting
    const made = { priority, waiting: new Set<T>() }
    this.#lines.splice(at === -1 ? this.#lines.length : at, 0, made)
    return made.waiting
  }
}
