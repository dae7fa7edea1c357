/**
 * Finds actors that hold up each other over links: A has filled the mailbox of B, which lives
 * elsewhere, and B that of A. On one side no such circle comes up, see muting.ts.
 *
 *     held up for some time ─▶ by whom? ─▶ and who holds up that one? ─▶ … ─▶ the one itself: it works on what waits
 *                              (here: Muting)        (over links: item `held`)
 *
 * It is the search of circles.ts for another wait. Nothing is sent while mailboxes have room again
 * in time. What has gone by when the search comes round costs no more than one mailbox's worth of
 * messages too many.
 */
import type { Runtime } from '../runtime/seam.ts'
import { SecondLook } from './second-look.ts'

/** One that is still held up by the same at the second look is looked for. */
const lookEveryMs = 20
/** Searches whose way is remembered, so that none comes twice to the same actor. */
const mostSearches = 256

/** An actor, as the search has it. */
export interface HeldUp {
  readonly muted: boolean
  /** Goes on with the search at those that hold it up. */
  seekHolders(search: number): void
}

export class HeldUps {
  readonly #runtime: Runtime
  /** Those that one elsewhere holds up, and whether that was so at the last look. */
  readonly #held = new Map<HeldUp, boolean>()
  /** For whom a search is under way. */
  readonly #sought = new Map<number, HeldUp>()
  readonly #ways = new Map<number, WeakSet<object>>()
  readonly #looks: SecondLook

  constructor(runtime: Runtime) {
    this.#runtime = runtime
    this.#looks = new SecondLook(runtime, lookEveryMs, () => this.#look())
  }

  /** One elsewhere holds it up. */
  watch(one: HeldUp): void {
    if (!this.#held.has(one)) this.#held.set(one, false)
    this.#looks.plan()
  }

  #look(): void {
    this.#sought.clear()
    for (const [one, again] of [...this.#held]) {
      this.#held.delete(one)
      if (!one.muted) continue
      this.watch(one)
      this.#held.set(one, true)
      if (again) this.#seek(one)
    }
  }

  #seek(one: HeldUp): void {
    const search = this.#runtime.random()
    this.#sought.set(search, one)
    one.seekHolders(search)
  }

  isSought(search: number, one: HeldUp): boolean {
    return this.#sought.get(search) === one
  }

  /** Whether the search comes to it for the first time. */
  enters(search: number, one: object): boolean {
    let way = this.#ways.get(search)
    if (way === undefined) {
      way = new WeakSet()
      this.#ways.set(search, way)
      if (this.#ways.size > mostSearches) this.#ways.delete(this.#ways.keys().next().value as number)
    }
    if (way.has(one)) return false
    way.add(one)
    return true
  }
}
