/**
 * What workers do for the primes: each call gets two numbers and gives two back, so nothing is lost
 * on the way.
 */
import { type Receiver, type Sender, task } from '../../src/index.ts'
import type { PrimeCount } from './prime-count.ts'
import { sieveRange } from './sieve.ts'
import { divideRange, isPrimeByDivision } from './trial-division.ts'

/** The primes in [from, to), by a segmented sieve. */
export const sievePrimes = task(import.meta, function sievePrimes(from: number, to: number): PrimeCount {
  return sieveRange(from, to)
})

/** The primes in [from, to), by trial division. */
export const dividePrimes = task(import.meta, function dividePrimes(from: number, to: number): PrimeCount {
  return divideRange(from, to)
})

/** Whether n is prime, by trial division. */
export const isPrime = task(import.meta, function isPrime(n: number): boolean {
  return isPrimeByDivision(n)
})

/** Tests numbers from a channel as it becomes free, each with its place in the list. */
export const testPrimesOf = task(
  import.meta,
  async (
    numbers: Receiver<readonly [at: number, n: number]>,
    verdicts: Sender<readonly [at: number, prime: boolean]>,
  ): Promise<void> => {
    for await (const [at, n] of numbers) await verdicts.send([at, isPrimeByDivision(n)])
  },
)
