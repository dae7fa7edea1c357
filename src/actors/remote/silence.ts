/**
 * How long a worker has said nothing, though its loop has something to answer: code there does not
 * await. Counted by this side's timers: while this side blocks, nothing can be heard, and no time
 * counts.
 *
 *     a batch leaves ─▶ expected ─▶ each turnMs one turn more ─▶ ms
 *                          └─ a batch comes: none yet ─ all that left was worked on ─▶ not expected
 *
 * The far side answers within a tenth of a second of each batch, and says so as often while it has
 * something to do: stirring.ts.
 */
import type { Runtime, Timer } from '../../runtime/seam.ts'

const turnMs = 100
/** A worker that has not answered for so long is called silent: code there does not await. */
export const silentFromMs = 1_000

export class Silence {
  readonly #runtime: Runtime
  #expected = false
  #turns = 0
  #timer: Timer | undefined

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  get ms(): number {
    return this.#turns * turnMs
  }

  /** Something left that it is to answer. */
  expect(): void {
    if (this.#expected) return
    this.#expected = true
    this.#timer ??= this.#next()
  }

  /** With `isQuiet` it has worked on all that left, and says nothing more. */
  heard(isQuiet: boolean): void {
    this.#turns = 0
    this.#expected = !isQuiet
  }

  #next(): Timer {
    const timer = this.#runtime.setTimer(turnMs, () => {
      this.#timer = undefined
      if (!this.#expected) return
      this.#turns += 1
      this.#timer = this.#next()
    })
    timer.unref()
    return timer
  }
}
