/**
 * The children of a supervisor in the order of their start, as a list through themselves: who comes
 * after a child is found from there, and one that ends leaves in one step.
 */

/** A child, as far as the list goes. It is in one list at the most. */
export interface Listed {
  readonly settings: { readonly significant: boolean }
  isListed: boolean
  before: Listed | undefined
  after: Listed | undefined
}

export class ChildList<T extends Listed> {
  #first: T | undefined
  #last: T | undefined
  /** How many of them are significant. */
  significant = 0

  add(child: T): void {
    child.isListed = true
    child.before = this.#last
    if (this.#last === undefined) this.#first = child
    else this.#last.after = child
    this.#last = child
    if (child.settings.significant) this.significant += 1
  }

  /** False if it was not there. */
  delete(child: T): boolean {
    if (!child.isListed) return false
    const { before, after } = child
    if (before === undefined) this.#first = after as T | undefined
    else before.after = after
    if (after === undefined) this.#last = before as T | undefined
    else after.before = before
    child.isListed = false
    child.before = undefined
    child.after = undefined
    if (child.settings.significant) this.significant -= 1
    return true
  }

  has(child: T): boolean {
    return child.isListed
  }

  /** All of them, oldest first. */
  all(): T[] {
    return this.#first === undefined ? [] : this.from(this.#first)
  }

  /** That one, and those that were started after it. */
  from(child: T): T[] {
    const found: T[] = []
    for (let one: Listed | undefined = child; one !== undefined; one = one.after) found.push(one as T)
    return found
  }
}
