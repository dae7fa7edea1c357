/**
 * The work, the same for everybody. Plain functions of one argument; how they get to a worker is
 * the rival's affair.
 */
import { threadId } from 'node:worker_threads'

export function identity(value: number): number {
  return value
}

/** How many primes lie in [from, to), by trial division with odd numbers. */
export function countPrimes({ from, to }: { from: number; to: number }): number {
  let count = 0
  for (let candidate = from; candidate < to; candidate += 1) if (isPrime(candidate)) count += 1
  return count
}

function isPrime(n: number): boolean {
  if (n < 2) return false
  if (n % 2 === 0) return n === 2
  for (let divisor = 3; divisor * divisor <= n; divisor += 2) if (n % divisor === 0) return false
  return true
}

/** The number of steps of the longest Collatz chain that begins below `n`. */
export function longestChain(n: number): number {
  let longest = 0
  for (let start = 1; start < n; start += 1) {
    let value = start
    let steps = 0
    while (value !== 1) {
      value = value % 2 === 0 ? value / 2 : 3 * value + 1
      steps += 1
    }
    if (steps > longest) longest = steps
  }
  return longest
}

/** Adds 1 to the first element, so that who gets the array back can tell that it was there. */
export function bump<B extends ArrayBufferLike>(array: Float64Array<B>): Float64Array<B> {
  array[0] = (array[0] ?? 0) + 1
  return array
}

/** Like `bump`, for shared memory: only the number comes back. */
export function bumpShared(array: Float64Array<ArrayBufferLike>): number {
  return bump(array)[0] ?? Number.NaN
}

/** Keeps its worker busy for `ms`, and tells which worker that was. */
export function occupy(ms: number): string {
  const until = performance.now() + ms
  while (performance.now() < until);
  return `${process.pid}:${threadId}`
}

export const work = { identity, countPrimes, longestChain, bump, bumpShared, occupy }
export type WorkName = keyof typeof work
