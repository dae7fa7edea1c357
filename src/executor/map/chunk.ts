/**
 * How many inputs go into one message.
 *
 * Two costs pull apart. A message costs some 15 µs of work, but 50 to 200 µs of its worker's time
 * where sleeping threads must be woken, and where V8 still compiles; so a chunk should hold enough
 * work to make that little. But inputs of one chunk run one after the other on one worker,
 * so a chunk should hold little enough to be shared out fairly. With 4 ms of work a message stays
 * under 3 % even where it is expensive; items that take that long go one to a message. And no chunk
 * is larger than a fair share of the inputs that are left, so that all workers end at about the
 * same time (guided self-scheduling: Polychronopoulos and Kuck, IEEE Transactions on Computers 36,
 * 1987): at the end items go one by one, but for those that are alike and so small that the message
 * would cost more than 3 % where it is cheap.
 *
 * The sizer begins with one, measures, and at most doubles at a time, as joblib's automatic
 * batching does (joblib, `AutoBatchingMixin`); it doubles only when chunks of the present size were
 * measured. It shrinks at once.
 *
 * Where a message goes through a store, it costs several times as much, and a chunk holds more.
 */

/** The work that a chunk should hold between processes of one machine. */
const nearChunkMs = 4
/** Of that, the last chunks hold at least this part, where items are alike. */
const partInLast = 1 / 8
/** Beyond this many bytes the copy costs so much that the message itself no longer counts. */
const fullBytes = 2 ** 20
const largest = 65_536
/**
 * How much of what was measured counts when the next chunk is measured: about fifty chunks are
 * remembered.
 */
const kept = 0.98
/** A worker gets at most this part of its share of the inputs that are left. */
const partOfShare = 1 / 8

/** What was measured of one chunk. */
export interface ChunkMeasure {
  readonly items: number
  readonly workMs: number
  /** The longest item, if that is known. */
  readonly longestMs?: number | undefined
  /** The inputs' and results' bytes, as far as they are seen without a search. */
  readonly bytes?: number
}

export class ChunkSizer {
  #size: number
  readonly #adapts: boolean
  readonly #workers: number
  readonly #most: number
  readonly #chunkMs: number
  // Of all items that are remembered: their number, their sum and the sum of their squares.
  #items = 0
  #workMs = 0
  #squares = 0
  /** What the next items are expected to cost each. */
  #expectedMs = 0
  /** Whether chunks of the size that they should have would be alike. */
  #even = true

  /** A fixed `chunk` stays as it is; but none that is sent has more than `most`. */
  constructor(
    chunk: number | 'auto',
    {
      workers,
      most = Number.POSITIVE_INFINITY,
      chunkMs = nearChunkMs,
    }: { workers: number; most?: number | undefined; chunkMs?: number | undefined },
  ) {
    this.#chunkMs = chunkMs
    this.#most = most
    this.#adapts = chunk === 'auto'
    this.#size = chunk === 'auto' ? 1 : chunk
    this.#workers = workers
  }

  /** The largest chunk that is sent now. */
  get size(): number {
    return this.#size
  }

  /**
   * How many of the inputs that are left go into the next chunk; `left` is undefined where nobody
   * knows. `workers` are those who share them now.
   */
  next(left: number | undefined, workers: number = this.#workers): number {
    const size = Math.min(this.#size, this.#most)
    if (!this.#adapts || left === undefined) return size
    const share = Math.ceil((left / workers) * partOfShare)
    const least = this.#even ? fitting(this.#chunkMs * partInLast, this.#expectedMs) : 1
    return Math.max(1, Math.min(size, Math.max(share, least)))
  }

  /** Takes what a chunk has cost. */
  learn({ items, workMs, longestMs, bytes = 0 }: ChunkMeasure): void {
    if (!this.#adapts) return
    this.#remember(items, workMs, longestMs ?? workMs / items)
    const meanMs = this.#workMs / this.#items
    // Costs that turn out higher count at once, lower ones only slowly: one long chunk hurts more
    // than many short ones.
    this.#expectedMs = Math.max(meanMs, workMs / items)
    const enough = fitting(this.#chunkMs, this.#expectedMs)
    this.#even = variation(this.#items, this.#workMs, this.#squares) <= enough
    const size = Math.min(
      enough,
      fitting(fullBytes, bytes / items),
      items >= this.#size ? this.#size * 2 : this.#size,
    )
    this.#size = Math.max(1, size)
  }

  /**
   * As if one item had taken the longest, and the others all the same: no chunk is more even than
   * that.
   */
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

/**
 * The squared coefficient of variation of the items; of chunks of n items it is n times smaller.
 */
function variation(items: number, sum: number, squares: number): number {
  return sum === 0 ? 0 : (squares * items) / sum ** 2 - 1
}
