/**
 * Says so when a limiter stands still because of what its own calls do: nobody waits in silence for
 * a place that never comes.
 *
 * Two things can do that. A call waits for another one of the same limiter in a way that no promise
 * shows, as an event or a channel; and a call goes on though its limit is over, as what it does
 * takes no signal. Both are suspected while others wait, and named if for a second nothing begins
 * or ends.
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
  waitsWithin(call: LimitedCall): void {
    this.#suspect(call, 'has made calls of it that wait')
  }

  /** The limit of a call is over, and its function has not ended. */
  goesOn(call: LimitedCall): void {
    this.#suspect(call, 'goes on though its time or signal is over')
  }

  /** A call waits now. */
  look(): void {
    if (this.#timer !== undefined || this.#suspects.size === 0) return
    const moves = this.#moves
    // Not unref'ed: a program that would end by itself here ends without its work done, and nobody
    // would know why.
    this.#timer = realRuntime.setTimer(this.#stuckMs, () => {
      this.#timer = undefined
      for (const call of this.#suspects.keys()) if (call.over) this.#suspects.delete(call)
      const { queued, awaited } = this.#limiter
      if (queued === 0 && !awaited) return
      if (moves !== this.#moves) return this.look()
      if (this.#suspects.size > 0) this.#warn()
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

  #warn(): void {
    const { name, queued, running } = this.#limiter
    const named = [...this.#suspects].slice(0, mostNamed).map(([call, why]) => `${callName(call)} ${why}`)
    this.#suspects.clear()
    process.emitWarning(
      `${name} has stood still for ${this.#stuckMs} ms: ${queued} calls wait for a place, ${running} hold one: ${named.join('; ')}. ` +
        'A call that needs another one of its limiter must await its promise; what is stopped must heed its signal.',
      'AtonceWarning',
      'ATONCE_LIMITER_STUCK',
    )
    this.#stuckMs *= 2 // A crawler with slow pages looks the same; it is not to be told each second.
  }
}

function callName(call: LimitedCall): string {
  return call.fn.name || 'a call'
}
