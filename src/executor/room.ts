/**
 * Waits for room in a queue: first come, first served, and as many go on as there are places.
 *
 *     room() ─▶ a place is free and promised to nobody ─▶ resolved, the place is promised
 *          └──▶ parked ◀── a job left the queue: promise its place to who has waited longest
 *
 * A promise is kept for one turn of the event loop: whoever was woken submits at once, or the place
 * goes to the next. A `run` that did not wait may take it before; then the queue is as full as ever
 * and `run` says so.
 */
import { ClosedError } from '../errors.ts'
import { Limit } from '../runtime/limit.ts'
import { type Parked, park } from '../runtime/park.ts'
import { runtime } from '../runtime/runtime.ts'
import { stoppedStrand } from '../runtime/strand.ts'
import { abortError } from '../task/future.ts'

export class Room {
  readonly #executor: string
  readonly #places: () => number
  /** Those who wait, and whether their call was accepted already. */
  readonly #waiting = new Map<Parked<void>, boolean>()
  /** One for each place that was promised and not taken; the oldest first. */
  readonly #promised = new Set<Parked<void>>()
  #closed: 'no' | 'to new calls' | 'to all' = 'no'

  /** `places` tells how many more jobs would be taken now. */
  constructor(executor: string, places: () => number) {
    this.#executor = executor
    this.#places = places
  }

  /**
   * Waits for a place in the queue; `accepted` says that it is for a part of a call that was
   * accepted before.
   * @throws AbortError if the signal aborts, ClosedError once the executor is closed, and what the
   * scope or the call that waits was cancelled with
   */
  async wait(signal: AbortSignal | undefined, accepted = false): Promise<void> {
    if (signal?.aborted) throw this.#aborted(signal)
    const stopped = accepted ? undefined : stoppedStrand()
    if (stopped !== undefined) throw stopped.reason
    if (this.#closed === 'to all' || (this.#closed === 'to new calls' && !accepted)) throw this.#wasClosed()
    const leave = () => this.#waiting.delete(parked)
    const reason = `room in the queue of ${this.#executor}`
    // A map begins to wait when one of its calls has settled, in a strand that is not its own.
    const parked = park<void>(reason, this, accepted ? undefined : { onGivenUp: leave })
    const limit = Limit.begin(
      { signal },
      {
        aborted: () => leave() && parked.fail(this.#aborted(signal as AbortSignal)),
        timedOut() {},
      },
    )
    this.#waiting.set(parked, accepted)
    this.changed()
    try {
      await parked.promise
    } finally {
      limit?.end()
    }
  }

  /** A job was taken into the queue. */
  taken(): void {
    if (this.#promised.size === 0) return
    for (const oldest of this.#promised) return void this.#promised.delete(oldest)
  }

  /** There may be more places than before. */
  changed(): void {
    if (this.#waiting.size === 0) return
    let free = this.#places() - this.#promised.size
    for (const parked of this.#waiting.keys()) {
      if (free <= 0) return
      free -= 1
      this.#waiting.delete(parked)
      this.#promise(parked)
    }
  }

  /** Ends the waits of new calls; with `toAll`, those of accepted ones too. */
  close(toAll = false): void {
    this.#closed = toAll ? 'to all' : 'to new calls'
    for (const [parked, accepted] of this.#waiting) {
      if (accepted && !toAll) continue
      this.#waiting.delete(parked)
      parked.fail(this.#wasClosed())
    }
  }

  #promise(parked: Parked<void>): void {
    this.#promised.add(parked)
    parked.unpark()
    void runtime()
      .yieldToLoop()
      .then(() => {
        if (this.#promised.delete(parked)) this.changed() // The place was not taken.
      })
  }

  #aborted(signal: AbortSignal): Error {
    return abortError(`The wait for room in the queue of ${this.#executor}`, signal.reason)
  }

  #wasClosed(): Error {
    return new ClosedError(`${this.#executor} is closed; there will be no more room in its queue.`)
  }
}
