/**
 * Finds asks that wait for each other in a circle, though none of them was made for another: A asks
 * B while B, at the same time and on another thread, asks A.
 *
 *     an ask waits for some time ─▶ who waits for its asker? ─▶ who waits for those? ─▶ … ─▶ the ask itself
 *                                   (in the mailbox)            (over links)             one of them is refused
 *
 * An ask that is made for another one, where that one's actor is asked again, is refused before it
 * is sent (`cycle` in ask.ts). Here the search goes from an actor to those who wait for it, so that
 * it needs nothing but mailboxes: nothing is written while asks are answered in time. An actor
 * waits while it works on the message in which it has asked: whether it awaits the answer can't be
 * seen.
 *
 * After K. Mani Chandy, Jayadev Misra, Laura M. Haas, "Distributed Deadlock Detection", ACM
 * Transactions on Computer Systems 1(2), 1983. That only the highest mark of a circle is refused is
 * of Don P. Mitchell and Michael J. Merritt, "A Distributed Algorithm for Deadlock Detection and
 * Resolution", PODC 1984.
 */
import type { Runtime } from '../runtime/seam.ts'
import type { Asker, PendingAsk, Seeking } from './contract.ts'
import { CyclicAskError } from './errors.ts'
import { SecondLook } from './second-look.ts'

/** An ask is looked at when it has waited for two of these, for four, for eight, … */
const lookEveryMs = 100
/** Searches whose way is remembered, so that none comes twice to the same ask. */
const mostSearches = 256

/** An ask of this side, as the search has it. */
export interface Sought extends PendingAsk {
  /** How often it was looked at while it waited. */
  looks: number
  /** By what others know it in a search; 0 until there is one. */
  mark: number
  giveUp(reason: unknown): void
}

export class Circles {
  readonly #runtime: Runtime
  readonly #waiting: () => Iterable<Sought>
  readonly #looks: SecondLook
  readonly #seen = new Map<number, WeakSet<PendingAsk>>()
  /** Asks that were found in a circle of which they are not the highest. */
  readonly #suspected = new WeakSet<Sought>()

  constructor(runtime: Runtime, waiting: () => Iterable<Sought>) {
    this.#runtime = runtime
    this.#waiting = waiting
    this.#looks = new SecondLook(runtime, lookEveryMs, () => this.#look())
  }

  /** An actor has asked. */
  watch(): void {
    this.#looks.plan()
  }

  #look(): void {
    for (const ask of this.#waiting()) {
      if (ask.asker === undefined || ask.settled) continue
      this.watch()
      ask.looks += 1
      const isDue = ask.looks > 1 && (ask.looks & (ask.looks - 1)) === 0
      if (isDue || this.#suspected.has(ask)) this.#seek(ask, ask.asker)
    }
  }

  #seek(ask: Sought, asker: Asker): void {
    const origin = this.#markOf(ask)
    const search = this.#runtime.random()
    this.#askersOf(asker, { search, origin, highest: origin, path: [asker.name] })
  }

  /** Goes on at an ask of this side, which waits for the one before; not if it has ended. */
  reach(ask: Sought | undefined, seeking: Seeking): void {
    if (ask === undefined || ask.settled) return
    if (ask.link !== undefined) return ask.link.seek(ask.linkId, seeking)
    const { asker } = ask
    if (asker === undefined || asker.current !== ask.within) return // It does not wait.
    const mark = this.#markOf(ask)
    if (mark === seeking.origin) return this.#found(ask, seeking)
    if (this.#comesTwice(ask, seeking)) return
    const highest = Math.max(seeking.highest, mark)
    this.#askersOf(asker, { ...seeking, highest, path: [...seeking.path, asker.name] })
  }

  #askersOf(asker: Asker, seeking: Seeking): void {
    for (const pending of [...asker.pendingAsks()]) {
      if (pending.settled) continue
      if (pending.link === undefined) this.reach(pending as Sought, seeking)
      else if (!this.#comesTwice(pending, seeking)) pending.link.seek(pending.linkId, seeking)
    }
  }

  /** One of a circle is refused: the highest, or whoever still waits when it is looked at again. */
  #found(ask: Sought, { highest, origin, path: [first = '', ...others] }: Seeking): void {
    if (highest === origin || this.#suspected.has(ask))
      ask.giveUp(new CyclicAskError([first, ...others.reverse(), first]))
    else this.#suspected.add(ask)
  }

  #markOf(ask: Sought): number {
    if (ask.mark === 0) ask.mark = this.#runtime.random()
    return ask.mark
  }

  #comesTwice(ask: PendingAsk, { search }: Seeking): boolean {
    let seen = this.#seen.get(search)
    if (seen === undefined) {
      seen = new WeakSet()
      this.#seen.set(search, seen)
      if (this.#seen.size > mostSearches) this.#seen.delete(this.#seen.keys().next().value as number)
    }
    if (seen.has(ask)) return true
    seen.add(ask)
    return false
  }
}
