/** A loop over a channel. */
import { end, type Waiter } from './line.ts'

export const done: IteratorReturnResult<undefined> = { done: true, value: undefined }

/** The receives of one loop that wait. */
export type Leaving = Set<Waiter<any>>

/**
 * What a loop over a channel holds: once it was left, it takes no more items, not even for a
 * `next()` that waits.
 */
export class Items<T> implements AsyncIterableIterator<T, undefined> {
  readonly #take: (waiting: Leaving) => Promise<IteratorResult<T, undefined>>
  readonly #waiting: Leaving = new Set()
  #left = false

  constructor(take: (waiting: Leaving) => Promise<IteratorResult<T, undefined>>) {
    this.#take = take
  }

  next(): Promise<IteratorResult<T, undefined>> {
    return this.#left ? Promise.resolve(done) : this.#take(this.#waiting)
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    this.#left = true
    for (const waiter of this.#waiting) if (waiter.line !== undefined) waiter.wake(end)
    this.#waiting.clear()
    return Promise.resolve(done)
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
