/**
 * How many inputs go into one message.
 *
 * A message costs some 15 µs on threads; a chunk of about 2 ms of work makes that less than 1 %. The sizer begins with
 * one, measures, and at most doubles, as joblib's automatic batching does (joblib, `AutoBatchingMixin`), with a far
 * shorter aim since a message here costs microseconds.
 */

/** The work that a chunk should hold, in milliseconds. */
const targetMs = 2
/** Weight of the newest measurement. */
const newest = 0.3
const largest = 65_536

export class ChunkSizer {
  #size: number
  readonly #adapts: boolean
  readonly #most: number
  #perItemMs: number | undefined

  /** A fixed `chunk` stays; `total` bounds an automatic one, so that every worker gets several. */
  constructor(
    chunk: number | 'auto',
    { adapts, total, workers }: { adapts: boolean; total: number | undefined; workers: number },
  ) {
    this.#adapts = chunk === 'auto' && adapts
    this.#size = chunk === 'auto' ? 1 : chunk
    this.#most =
      total === undefined ? largest : Math.max(1, Math.min(largest, Math.ceil(total / (8 * workers))))
  }

  get size(): number {
    return this.#size
  }

  /** `items` took `workMs` on a worker. */
  learn(items: number, workMs: number): void {
    if (!this.#adapts) return
    const perItemMs = workMs / items
    this.#perItemMs =
      this.#perItemMs === undefined ? perItemMs : this.#perItemMs + newest * (perItemMs - this.#perItemMs)
    // Costs that turn out higher count at once, lower ones only slowly: one long chunk hurts more than many short ones.
    const expectedMs = Math.max(this.#perItemMs, perItemMs)
    const fitting = expectedMs === 0 ? largest : Math.floor(targetMs / expectedMs)
    this.#size = Math.max(1, Math.min(fitting, this.#size * 2, this.#most))
  }
}
