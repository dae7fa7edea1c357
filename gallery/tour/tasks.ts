/** What the tour runs on each model. */
import { actor } from '../../src/actors.ts'
import { task } from '../../src/index.ts'
import type { Mutex, SharedArray } from '../../src/sync.ts'

export const countPrimes = task(import.meta, function countPrimes(from: number, to: number): number {
  let count = 0
  for (let n = Math.max(2, from); n < to; n += 1) {
    let prime = true
    for (let d = 2; d * d <= n && prime; d += 1) prime = n % d !== 0
    if (prime) count += 1
  }
  return count
})

export const primesBelow = task(import.meta, function primesBelow(limit: number): number {
  return countPrimes(0, limit)
})

export const add = task(import.meta, function add(one: number, other: number): number {
  return one + other
})

/**
 * Adds one to a number that threads share, so many times: read, then write, which only a lock makes
 * one step.
 */
export const deposit = task(
  import.meta,
  function deposit(account: SharedArray<'f64'>, lock: Mutex, times: number): void {
    for (let n = 0; n < times; n += 1) {
      const guard = lock.acquireSync()
      account.view[0] = (account.view[0] as number) + 1
      guard.release()
    }
  },
)

let visits = 0

/** How often it was called in this interpreter. */
export const visit = task(import.meta, function visit(): number {
  visits += 1
  return visits
})

/** A till that breaks when it is asked for too much. */
export const Till = actor(
  import.meta,
  class Till {
    #sum = 0

    put(amount: number): number {
      if (amount > 1_000) throw new RangeError('a till of paper takes no more than 1,000')
      this.#sum += amount
      return this.#sum
    }
  },
)
