/** What a routine has handed out, in short. */
export interface Tally {
  count: number
  sum: number
  last: number
}

export function emptyTally(): Tally {
  return { count: 0, sum: 0, last: 0 }
}

export function add(tally: Tally, value: number): void {
  tally.count += 1
  tally.sum += value
  tally.last = value
}
