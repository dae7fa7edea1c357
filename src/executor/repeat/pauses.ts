/**
 * Calls that wait between two attempts. They are neither with a worker nor in a queue, but their
 * executor has accepted them, so it closes after them.
 *
 *     begin ─▶ waits ─▶ after its time: again         closed by force: again at once, to be refused, and so is what fails then
 *                └────▶ cancelled                     the call that made it has ended: left
 */
import { runtime, type Timer } from '../../runtime/runtime.ts'

/** What becomes of a call that waits for its next attempt. */
export interface Paused {
  /** It is submitted again. */
  again(): void
  /** The call that made it has ended. */
  left(error: Error): void
}

/** Cancels the pause, if it is not over. */
export interface Pause {
  cancel(): void
}

export class Pauses {
  readonly #timers = new Map<Paused, Timer>()
  readonly #over: () => void

  /** `over` is called after each pause has ended. */
  constructor(over: () => void = () => {}) {
    this.#over = over
  }

  get size(): number {
    return this.#timers.size
  }

  begin(ms: number, paused: Paused): Pause {
    const timer = runtime().setTimer(ms, () => {
      this.#end(paused, () => paused.again())
    })
    this.#timers.set(paused, timer)
    return { cancel: () => this.#end(paused, () => {}) }
  }

  /** Ends all pauses at once. */
  hurry(): void {
    for (const paused of [...this.#timers.keys()]) this.#end(paused, () => paused.again())
  }

  leave(error: Error): void {
    for (const paused of [...this.#timers.keys()]) this.#end(paused, () => paused.left(error))
  }

  #end(paused: Paused, becomes: () => void): void {
    this.#timers.get(paused)?.cancel()
    if (!this.#timers.delete(paused)) return
    becomes()
    this.#over()
  }
}
