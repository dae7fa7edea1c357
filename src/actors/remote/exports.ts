/**
 * The targets that the other side of a link reaches by number, and how often each number has left.
 *
 * The other side says `release` when nobody there has the ref any more, with how often it has
 * received it: a ref that is on its way at that moment is still counted here, so it finds its
 * target.
 */
import type { Inlet, Target } from '../contract.ts'
import type { StopReason } from '../reason.ts'

export interface Exported {
  readonly target: Target
  readonly inlet: Inlet
  readonly unwatch: () => void
  /** How often it has left, less how often that was given back. */
  sent: number
}

export interface ExportsOwner {
  ended(of: number, reason: StopReason): void
  /** So many of the messages to it have left its mailbox. */
  done(of: number, count: number): void
}

export class Exports {
  readonly #owner: ExportsOwner
  readonly #exported = new Map<number, Exported>()
  readonly #numbers = new WeakMap<Target, number>()
  #last = 0

  constructor(owner: ExportsOwner) {
    this.#owner = owner
  }

  get(number: number): Exported | undefined {
    return this.#exported.get(number)
  }

  /** Of a target that is exported: its number, and how many of the tells have left its mailbox. */
  progressOf(target: Target & { readonly waiting: number }): { number: number; done: number } | undefined {
    const number = this.#numbers.get(target)
    const inlet = number === undefined ? undefined : this.#exported.get(number)?.inlet
    if (number === undefined || inlet === undefined) return undefined
    inlet.told = Math.max(inlet.told, inlet.taken - target.waiting)
    return { number, done: inlet.told }
  }

  /** The number under which the other side reaches `target`; it leaves once more. */
  export(target: Target): number {
    const known = this.#exported.get(this.#numbers.get(target) ?? 0)
    if (known !== undefined) {
      known.sent += 1
      return this.#numbers.get(target) as number
    }
    this.#last += 1
    const number = this.#last
    this.#numbers.set(target, number)
    const inlet: Inlet = {
      taken: 0,
      told: 0,
      isOver: false,
      tell: () => this.#owner.done(number, inlet.told),
    }
    const unwatch = target.watch(reason => this.#owner.ended(number, reason))
    this.#exported.set(number, { target, inlet, unwatch, sent: 1 })
    return number
  }

  /**
   * After its end it stays until the other side has heard of that: what is on its way becomes dead
   * letters with its name.
   */
  release(number: number, count: number): void {
    const exported = this.#exported.get(number)
    if (exported === undefined) return
    exported.sent -= count
    if (exported.sent > 0) return
    exported.unwatch()
    exported.inlet.isOver = true
    this.#exported.delete(number)
  }

  clear(): void {
    for (const { unwatch, inlet } of this.#exported.values()) {
      unwatch()
      inlet.isOver = true
    }
    this.#exported.clear()
  }
}
