/**
 * How many tasks a node takes ahead of their turn: as many as it ends in a moment.
 *
 * A task that waits here waits for nobody if the present ones are short. Behind long ones it would,
 * while other nodes are idle.
 */
import { runtime } from '../runtime/runtime.ts'

/** So much work lies ready; it covers the way to the store and back many times. */
const readyMs = 20
const most = 256
/** How long endings are counted. */
const windowMs = 20
/** A count that is older says nothing. */
const staleMs = 1_000

export class Ahead {
  #sinceMs = 0
  #ended = 0
  #count = 0

  get count(): number {
    return this.#count
  }

  /** A task has ended. */
  over(): void {
    this.#ended += 1
    const nowMs = runtime().now()
    const passedMs = nowMs - this.#sinceMs
    if (passedMs < windowMs) return
    if (passedMs < staleMs) this.#count = Math.min(most, Math.floor((this.#ended / passedMs) * readyMs))
    else this.#count = 0
    this.#sinceMs = nowMs
    this.#ended = 0
  }

  /** They were not short at all. */
  forget(): void {
    this.#count = 0
  }
}
