/**
 * Says so when a limiter stands still because of what its own calls do: nobody waits in silence for
 * a place that never comes.
 *
 * Two things can do that. A call waits for another one of the same limiter in a way that no promise
 * shows, as an event or a channel; and a call goes on though its limit is over, as what it does
 * takes no signal. Both are suspected while others wait, and named if for a second nothing begins
 * or ends.
 *
 * Several limiters can do it together: all calls that hold a place of one wait for a place of the
 * other, and the other way round. That is certain, and named after the same second.
 */
import { realRuntime } from '../../runtime/real.ts'
import { runtime, type Timer } from '../../runtime/runtime.ts'
import type { LimitedCall } from './call.ts'

/**
 * How long nothing begins or ends before this is said for the first time; the double each time
 * after.
 */
const firstStuckMs = 1_000
const mostNamed = 5

/** A limiter, as far as this must know it. */
export interface Watched {
  readonly name: string
  readonly queued: number
  readonly running: number
  /** Whether anybody waits for it to become idle. */
  readonly awaited: boolean
}

export class StuckWatch {
  readonly #limiter: Watched
  /** Calls that may be why others wait, and the word for it. */
  readonly #suspects = new Map<LimitedCall, string>()
  /** Calls with a place here that have made one which waits for a place of another limiter. */
  readonly #elsewhere = new Map<LimitedCall, { readonly inner: LimitedCall; readonly at: StuckWatch }>()
  #moves = 0
  #stuckMs = firstStuckMs
  #timer: Timer | undefined

  constructor(limiter: Watched) {
    this.#limiter = limiter
  }

  /** A call has begun or ended. */
  moved(): void {
    this.#moves += 1
  }

  /** A call of the limiter, queued or a wait for the limiter itself, was made within this one. */
  waitsWithin(call: LimitedCall, why: string): void {
    this.#suspect(call, why)
  }

  /** `outer`, which has a place here, has made `inner`, which waits for one of another limiter. */
  waitsElsewhere(outer: LimitedCall, inner: LimitedCall, at: StuckWatch): void {
    if (runtime() !== realRuntime) return
    this.#elsewhere.set(outer, { inner, at })
    if (this.#limiter.queued > 0) this.look()
  }

  ended(call: LimitedCall): void {
    if (this.#elsewhere.size > 0) this.#elsewhere.delete(call)
  }

  /** The limit of a call is over, and its function has not ended. */
  goesOn(call: LimitedCall): void {
    this.#suspect(call, 'goes on though its time or signal is over')
  }

  /** A call waits now. */
  look(): void {
    if (this.#timer !== undefined || this.#suspects.size + this.#elsewhere.size === 0) return
    const moves = this.#moves
    // Not unref'ed: a program that would end by itself here ends without its work done, and nobody
    // would know why.
    this.#timer = realRuntime.setTimer(this.#stuckMs, () => {
      this.#timer = undefined
      for (const call of this.#suspects.keys()) if (call.over) this.#suspects.delete(call)
      const { queued, awaited } = this.#limiter
      if (queued === 0 && !awaited) return
      if (moves !== this.#moves) return this.look()
      const circle = this.#circle()
      if (circle !== undefined) this.#warnOf(circle)
      else if (this.#suspects.size > 0) this.#warn()
      else this.look()
    })
  }

  /** Nobody waits any more. */
  rest(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #suspect(call: LimitedCall, why: string): void {
    // In virtual time an hour passes at once, and a program that can't go on is told by a
    // DeadlockError.
    if (runtime() !== realRuntime) return
    this.#suspects.set(call, why)
    this.look()
  }

  /**
   * This limiter and those that its calls wait for, if all calls of each wait for another of them.
   */
  #circle(): readonly StuckWatch[] | undefined {
    const circle = new Set<StuckWatch>([this])
    for (const watch of circle) {
      for (const [outer, { inner }] of watch.#elsewhere)
        if (outer.over || !inner.waiting) watch.#elsewhere.delete(outer)
      if (watch.#elsewhere.size === 0 || watch.#elsewhere.size < watch.#limiter.running) return undefined
      for (const { at } of watch.#elsewhere.values()) circle.add(at)
    }
    return [...circle]
  }

  #warnOf(circle: readonly StuckWatch[]): void {
    const lines = circle.flatMap(watch =>
      [...watch.#elsewhere].map(
        ([outer, { at }]) =>
          `${callName(outer)} holds a place of ${watch.#limiter.name} and has made a call that waits for ${at.#limiter.name}`,
      ),
    )
    for (const watch of circle) watch.#elsewhere.clear() // Once told, not told by the others.
    process.emitWarning(
      `${circle.map(watch => watch.#limiter.name).join(' and ')} stand still and wait for each other: ${lines.slice(0, mostNamed).join('; ')}. ` +
        'Take places of several limiters in the same order everywhere, or give the inner call a { timeoutMs }.',
      'AtonceWarning',
      'ATONCE_LIMITER_STUCK',
    )
  }

  #warn(): void {
    const { name, queued, running } = this.#limiter
    const named = [...this.#suspects].slice(0, mostNamed).map(([call, why]) => `${callName(call)} ${why}`)
    this.#suspects.clear()
    process.emitWarning(
      `${name} has stood still for ${this.#stuckMs} ms: ${queued} calls wait for a place, ${running} hold one: ${named.join('; ')}. ` +
        'A call that needs another one of its limiter must await its promise; of calls that wait for the others to end, there can be one; what is stopped must heed its signal.',
      'AtonceWarning',
      'ATONCE_LIMITER_STUCK',
    )
    this.#stuckMs *= 2 // A crawler with slow pages looks the same; it is not to be told each second.
  }
}

function callName(call: LimitedCall): string {
  return call.fn.name || 'a call'
}
