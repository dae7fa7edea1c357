/**
 * Finds primes by trying every odd divisor, as the workshop does: the larger the number, the more
 * work.
 */
import type { PrimeCount } from './prime-count.ts'

/**
 * Whether n, an integer up to 2⁵³, is prime. (The workshop's own version calls every even number
 * prime; this one doesn't.)
 */
export function isPrimeByDivision(n: number): boolean {
  if (n < 4) return n > 1
  if (n % 2 === 0) return false
  const root = Math.floor(Math.sqrt(n))
  for (let divisor = 3; divisor <= root; divisor += 2) if (n % divisor === 0) return false
  return true
}

/** The primes in [from, to). */
export function divideRange(from: number, to: number): PrimeCount {
  let [count, largest] = [0, 0]
  for (let n = from; n < to; n++) {
    if (!isPrimeByDivision(n)) continue
    count += 1
    largest = n
  }
  return { count, largest }
}
