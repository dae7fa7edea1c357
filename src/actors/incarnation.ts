/** What belongs to one incarnation of an actor, from a start to a restart, and ends with it. */
import type { Timer } from '../runtime/seam.ts'
import type { LiveActor } from './live-actor.ts'

export class Incarnation {
  readonly #actor: LiveActor
  readonly #timers = new Set<Timer>()
  readonly #leavers = new Set<() => void>()
  readonly #within: (run: () => void) => void

  /** `within` runs something in the actor's context. */
  constructor(actor: LiveActor, within: (run: () => void) => void) {
    this.#actor = actor
    this.#within = within
  }

  /** Calls `left` once, when it has ended; returns what takes that back. */
  onLeaving(left: () => void): () => void {
    this.#leavers.add(left)
    return () => void this.#leavers.delete(left)
  }

  /** It has ended: another one may begin. */
  end(): void {
    for (const timer of this.#timers) timer.cancel()
    this.#timers.clear()
    if (this.#leavers.size === 0) return
    const leavers = [...this.#leavers]
    this.#leavers.clear()
    this.#within(() => {
      for (const left of leavers) left()
    })
  }

  /**
   * Runs `run` as a message after `delayMs`, and again after each `delayMs` if it `repeats`;
   * returns what stops it. One that waits to be worked on counts for all that are due meanwhile.
   */
  setTimer(delayMs: number, run: () => unknown, repeats: boolean): () => void {
    const { runtime } = this.#actor.system
    let timer: Timer
    let waits = false
    let isTakenBack = false
    const due = () => {
      waits = false
      return isTakenBack ? undefined : run()
    }
    const wait = () => {
      timer = runtime.setTimer(delayMs, () => {
        this.#timers.delete(timer)
        if (!waits) this.#actor.post(due)
        waits = true
        if (repeats && this.#actor.ended === undefined) wait()
      })
      this.#timers.add(timer)
    }
    wait()
    return () => {
      isTakenBack = true
      timer.cancel()
      this.#timers.delete(timer)
      repeats = false
    }
  }
}
