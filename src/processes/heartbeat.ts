/**
 * Tells a worker that is busy from one that is stopped: its watchdog thread beats even while a task
 * spins.
 */
import type { Socket } from 'node:net'
import { runtime, type Timer } from '../runtime/runtime.ts'

/** The beat of a worker in which a part of a message waits. */
const unfinished = ','
const checkMs = 1_000
/**
 * Checks in a row without a beat before the worker is given up. Counted, not timed: while this
 * process sleeps, none passes.
 */
const missedAllowed = 5
/** As many, while the system says that the worker waits for a core or for its disk. */
const missedWhileStarved = 30

export class Heartbeat {
  readonly #lost: () => void
  readonly #starves: () => boolean
  #missed = 0
  #stopped = false
  #timer: Timer | undefined

  /**
   * Listens to the worker's beats on `control`. Calls `lost` once they have stayed away for some
   * five seconds, thirty if it `starves`, and `whole` at each that says that no part of a message
   * waits in the worker.
   */
  constructor(control: Socket, lost: () => void, whole: () => void, starves: () => boolean) {
    this.#lost = lost
    this.#starves = starves
    control.on('error', () => {}) // The worker is gone; its exit says so.
    control.on('data', (beats: Buffer) => {
      this.#missed = 0
      if (!beats.includes(unfinished)) whole()
    })
    control.unref()
  }

  /** From now on the worker must beat: it has said that it works. */
  begin(): void {
    if (this.#timer === undefined) this.#check()
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  #check(): void {
    if (this.#stopped) return
    this.#missed += 1
    if (this.#missed > missedAllowed && (this.#missed > missedWhileStarved || !this.#starves()))
      return this.#lost()
    this.#timer = runtime().setTimer(checkMs, () => this.#check())
    this.#timer.unref()
  }
}
