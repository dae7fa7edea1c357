/**
 * What workers do for the primes: each call gets two numbers and gives two back, so nothing is lost
 * on the way.
 */
import { task } from '../../src/index.ts'
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
