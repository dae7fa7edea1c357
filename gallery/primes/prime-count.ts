/** What counting the primes of a range gives. */

export interface PrimeCount {
  readonly count: number
  /** The largest prime of the range, 0 if it has none. */
  readonly largest: number
}

/** The counts of ranges that do not overlap, taken together. */
export function together(counts: Iterable<PrimeCount>): PrimeCount {
  let [count, largest] = [0, 0]
  for (const part of counts) {
    count += part.count
    largest = Math.max(largest, part.largest)
  }
  return { count, largest }
}
