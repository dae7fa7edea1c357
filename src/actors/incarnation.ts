/** What belongs to one incarnation of an actor, from a start to a restart, and ends with it. */
import type { Timer } from '../runtime/seam.ts'
import type { LiveActor } from './live-actor.ts'

export class Incarnation {
  readonly #actor: LiveActor
  readonly #timers = new Set<Timer>()
  readonly #leavers = new Set<() => void>()

  constructor(actor: LiveActor) {
    this.#actor = actor
  }

  /** Calls `left` once, when it has ended. */
  onLeaving(left: () => void): void {
    this.#leavers.add(left)
  }

  /** It has ended: another one may begin. */
  end(): void {
    for (const timer of this.#timers) timer.cancel()
    this.#timers.clear()
    for (const left of this.#leavers) left()
    this.#leavers.clear()
  }

  /**
   * Runs `run` as a message after `delayMs`, and again after each `delayMs` if it `repeats`;
   * returns what stops it.
   */
  setTimer(delayMs: number, run: () => unknown, repeats: boolean): () => void {
    const { runtime } = this.#actor.system
    let timer: Timer
    const wait = () => {
      timer = runtime.setTimer(delayMs, () => {
        this.#timers.delete(timer)
        this.#actor.post(run)
        if (repeats && this.#actor.ended === undefined) wait()
      })
      this.#timers.add(timer)
    }
    wait()
    return () => {
      timer.cancel()
      this.#timers.delete(timer)
      repeats = false
    }
  }
}
