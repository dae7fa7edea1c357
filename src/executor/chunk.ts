/**
 * How many inputs go into one message.
 *
 * Two costs pull apart. A message costs some 15 µs on threads, and several times that in a program whose code V8 has not
 * compiled yet, so a chunk should hold enough work to make that little. But inputs of one chunk run one after the other on
 * one worker, so a chunk should hold little enough to be shared out fairly. About 2 ms of work make a message less than 1 % of
 * it. Where items differ so much that chunks of that size would still differ, a chunk is only as large as it must be for
 * the message to stay under 3 %: one item, from 0.5 ms of work per item up, where a message costs 15 µs. What it does cost is
 * measured on the caller's side. And no chunk is larger than a fair share of the inputs that are left, so that all workers end
 * at about the same time (guided self-scheduling: Polychronopoulos and Kuck, IEEE Transactions on Computers 36, 1987).
 *
 * The sizer begins with one, measures, and at most doubles at a time, as joblib's automatic batching does (joblib,
 * `AutoBatchingMixin`); it doubles only when chunks of the present size were measured. It shrinks at once.
 */

/** The work that a chunk should hold where items are alike. */
const evenMs = 2
/** The work that a chunk must hold for a message to cost less than 3 % of it: at least, and at most. */
const leastMs = 0.5
const leastMsOfDearMessages = 4
/** The part of that work which a message may cost. */
const mostOverhead = 0.03
/** The far side's part of a message costs about as much as the caller's. */
const sides = 2
/** Weight of the newest message. */
const newest = 0.1
/** Beyond so many bytes the copy costs so much that the message itself no longer counts. */
const fullBytes = 2 ** 20
const largest = 65_536
/** How much of what was measured counts when the next chunk is measured: about fifty chunks are remembered. */
const kept = 0.98
/** A worker gets at most this part of its share of the inputs that are left. */
const partOfShare = 1 / 8

/** What was measured of one chunk. */
export interface ChunkMeasure {
  readonly items: number
  readonly workMs: number
  /** The longest item, if that is known. */
  readonly longestMs?: number | undefined
  /** What the caller's side has spent on the message. */
  readonly messageMs?: number
  /** The inputs' and results' bytes, as far as they are seen without a search. */
  readonly bytes?: number
}

export class ChunkSizer {
  #size: number
  readonly #adapts: boolean
  readonly #workers: number
  // Of all items that are remembered: their number, their sum and the sum of their squares.
  #items = 0
  #workMs = 0
  #squares = 0
  /** What the next items are expected to cost each. */
  #expectedMs = 0
  #even = true
  /** What a message costs the caller's side. */
  #messageMs = 0

  /** A fixed `chunk` stays as it is. */
  constructor(chunk: number | 'auto', { workers }: { workers: number }) {
    this.#adapts = chunk === 'auto'
    this.#size = chunk === 'auto' ? 1 : chunk
    this.#workers = workers
  }

  /** The largest chunk that is sent now. */
  get size(): number {
    return this.#size
  }

  /** How many of the inputs that are left go into the next chunk; `left` is undefined where nobody knows. */
  next(left: number | undefined): number {
    if (!this.#adapts || left === undefined) return this.#size
    const share = Math.ceil((left / this.#workers) * partOfShare)
    const least = this.#even ? fitting(leastMs, this.#expectedMs) : 1
    return Math.max(1, Math.min(this.#size, Math.max(share, least)))
  }

  /** Takes what a chunk has cost. */
  learn({ items, workMs, longestMs, messageMs = 0, bytes = 0 }: ChunkMeasure): void {
    if (!this.#adapts) return
    this.#messageMs += newest * (messageMs - this.#messageMs)
    this.#remember(items, workMs, longestMs ?? workMs / items)
    const meanMs = this.#workMs / this.#items
    // Costs that turn out higher count at once, lower ones only slowly: one long chunk hurts more than many short ones.
    this.#expectedMs = Math.max(meanMs, workMs / items)
    const least = this.#leastMs
    const evenSize = fitting(Math.max(evenMs, least), this.#expectedMs)
    this.#even = variation(this.#items, this.#workMs, this.#squares) <= evenSize
    const size = Math.min(
      this.#even ? evenSize : fitting(least, this.#expectedMs),
      fitting(fullBytes, bytes / items),
      items >= this.#size ? this.#size * 2 : this.#size,
    )
    this.#size = Math.max(1, size)
  }

  /** The work that makes a message cost less than 3 % of it. */
  get #leastMs(): number {
    return Math.min(leastMsOfDearMessages, Math.max(leastMs, (sides * this.#messageMs) / mostOverhead))
  }

  /** As if one item had taken the longest, and the others all the same: no chunk is more even than that. */
  #remember(items: number, workMs: number, longestMs: number): void {
    const longest = Math.min(longestMs, workMs)
    const others = items > 1 ? (workMs - longest) ** 2 / (items - 1) : 0
    this.#items = this.#items * kept + items
    this.#workMs = this.#workMs * kept + workMs
    this.#squares = this.#squares * kept + longest ** 2 + others
  }
}

/** How many items of that cost fit. */
function fitting(room: number, cost: number): number {
  return cost * largest <= room ? largest : Math.floor(room / cost)
}

/** The squared coefficient of variation of the items; of chunks of n items it is n times smaller. */
function variation(items: number, sum: number, squares: number): number {
  return sum === 0 ? 0 : (squares * items) / sum ** 2 - 1
}
