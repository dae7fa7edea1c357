/**
 * Where things lie in the memory that all threads share to look for races.
 *
 *     │ counts │ the clock of all other words │ a clock for each thread │ pairs that were reported │ stacks … │
 */

/** Threads whose accesses are told apart; with more at a time, nobody looks for races any more. */
export const mostThreads = 64
/** A vector clock: how far each thread has come, as far as its owner knows. */
export const clockWords: number = mostThreads
/** A clock that several threads write: a lock, then the clock. */
export const syncClockWords: number = clockWords + 1

export const racesFoundAt = 0
export const switchedOffAt = 1
export const nextStackAt = 2
export const otherWordsClockAt = 16
export const threadClocksAt: number = otherWordsClockAt + syncClockWords
export const reportedAt: number = threadClocksAt + mostThreads * clockWords
export const reportedWords = 1_024
export const stacksAt: number = reportedAt + reportedWords
/** 4 MiB: some twenty thousand places in a program. Memory that nobody touches costs nothing. */
const stackWords = 2 ** 20
export const memoryWords: number = stacksAt + stackWords

/** The place of a thread in a vector clock, by its agent number. Places are given again. */
export function placeOf(agent: number): number {
  return agent & 511
}

/** Adds to one clock what another one knows. */
export function joinClock(to: Int32Array, at: number, from: Int32Array, fromAt: number): void {
  for (let place = 0; place < clockWords; place += 1) {
    const known = from[fromAt + place] as number
    if (known > (to[at + place] as number)) to[at + place] = known
  }
}
