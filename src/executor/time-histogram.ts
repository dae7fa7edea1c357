/**
 * Counts how long calls took, in 8 buckets for each doubling of the time; so a bucket is at most an
 * eighth wide.
 *
 * Adding costs a few nanoseconds and allocates nothing; the counts take 4 KiB. The shape is that of
 * Gil Tene's HdrHistogram, with one significant octal digit.
 */

/**
 * Times in milliseconds. A percentile is the upper end of its bucket: at most an eighth too high,
 * and never above `max`.
 */
export interface Times {
  /** How many were measured. */
  readonly count: number
  readonly min: number
  readonly mean: number
  readonly max: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
}

/** The unit of the smallest buckets: about an eighth of a microsecond. */
const ticksPerMs = 8_192
const perDoubling = 8
/**
 * Longer times are counted in units of this many ticks; two of their doublings overlap with the
 * short ones.
 */
const coarse = 2 ** 20
const firstCoarse = 20 * perDoubling
const buckets = 52 * perDoubling

export class TimeHistogram {
  readonly #counts = new Float64Array(buckets)
  #count = 0
  #sum = 0
  #min = Number.POSITIVE_INFINITY
  #max = 0

  /** Adds `times` calls that took `ms` each. */
  add(ms: number, times = 1): void {
    const bucket = bucketOf(ms)
    this.#counts[bucket] = (this.#counts[bucket] as number) + times
    this.#count += times
    this.#sum += ms * times
    if (ms < this.#min) this.#min = ms
    if (ms > this.#max) this.#max = ms
  }

  get times(): Times {
    const count = this.#count
    if (count === 0) return noTimes
    const [p50, p90, p99, p999] = [0.5, 0.9, 0.99, 0.999].map(part => this.#percentile(part)) as [
      number,
      number,
      number,
      number,
    ]
    return { count, min: this.#min, mean: this.#sum / count, max: this.#max, p50, p90, p99, p999 }
  }

  #percentile(part: number): number {
    const wanted = part * this.#count
    let seen = 0
    for (let bucket = 0; bucket < buckets; bucket += 1) {
      seen += this.#counts[bucket] as number
      if (seen >= wanted) return Math.max(this.#min, Math.min(this.#max, endOf(bucket)))
    }
    return this.#max
  }
}

/** Nothing was measured. */
export const noTimes: Times = Object.freeze({
  count: 0,
  min: 0,
  mean: 0,
  max: 0,
  p50: 0,
  p90: 0,
  p99: 0,
  p999: 0,
})

function bucketOf(ms: number): number {
  const ticks = ms * ticksPerMs
  if (ticks < 2 ** 31) return bucketOfTicks(ticks | 0)
  return Math.min(buckets - 1, firstCoarse + bucketOfTicks(Math.min(2 ** 31 - 1, ticks / coarse) | 0))
}

/**
 * Below 8 ticks one bucket for each; then the place of the highest bit, and the three bits behind
 * it.
 */
function bucketOfTicks(ticks: number): number {
  if (ticks < perDoubling) return Math.max(0, ticks)
  const doublings = 28 - Math.clz32(ticks)
  return (doublings + 1) * perDoubling + ((ticks >>> doublings) & 7)
}

/** Where the bucket ends, in ms. */
function endOf(bucket: number): number {
  if (bucket < perDoubling) return (bucket + 1) / ticksPerMs
  const doublings = Math.floor(bucket / perDoubling) - 1
  return ((perDoubling + (bucket % perDoubling) + 1) * 2 ** doublings) / ticksPerMs
}
