/**
 * Who has how much to do: finds one of those with the least in a step or two, however many there
 * are. Of equals it is the one that has waited longest.
 *
 *     by load:  0 ─▶ {c, a}   1 ─▶ {}   2 ─▶ {b}        `least` goes up past empty ones, and down when somebody's load does
 */
export class Loads<T extends object> {
  readonly #loads = new Map<T, number>()
  readonly #byLoad: Set<T>[] = []
  /** Nobody has less. */
  #from = 0

  get size(): number {
    return this.#loads.size
  }

  /** One that has nothing to do yet. */
  add(one: T): void {
    if (!this.#loads.has(one)) this.#enter(one, 0)
  }

  delete(one: T): void {
    const load = this.#loads.get(one)
    if (load === undefined) return
    this.#loads.delete(one)
    this.#byLoad[load]?.delete(one)
  }

  /** It has so much more to do, or less, or was chosen; not if it is none of these any more. */
  change(one: T, by: 1 | 0 | -1): void {
    const load = this.#loads.get(one)
    if (load === undefined) return
    this.#byLoad[load]?.delete(one)
    this.#enter(one, load + by)
  }

  loadOf(one: T): number {
    return this.#loads.get(one) ?? 0
  }

  /** One of those with the least; undefined if there is none at all. */
  least(): T | undefined {
    if (this.#loads.size === 0) return undefined
    while ((this.#byLoad[this.#from]?.size ?? 0) === 0) this.#from += 1
    const [first] = this.#byLoad[this.#from] as Set<T>
    return first
  }

  #enter(one: T, load: number): void {
    this.#loads.set(one, load)
    const those = this.#byLoad[load]
    if (those === undefined) this.#byLoad[load] = new Set([one])
    else those.add(one)
    this.#from = Math.min(this.#from, load)
  }
}
