/**
 * Three generators over the same numbers: a source, a mapper, a filter. Each hands out one value,
 * and waits for its turn.
 */

/** The whole numbers from `from` to `to`, both included. */
export function* numbers(from: number, to: number): Generator<number, void, void> {
  for (let n = from; n <= to; n++) yield n
}

export function* squares(source: Iterable<number>): Generator<number, void, void> {
  for (const n of source) yield n * n
}

export function* primes(source: Iterable<number>): Generator<number, void, void> {
  for (const n of source) if (isPrime(n)) yield n
}

export type RoutineName = 'numbers' | 'squares' | 'primes'

export const routineNames: readonly RoutineName[] = ['numbers', 'squares', 'primes']

/** One of the three, over [from, to]. */
export function routine(name: RoutineName, from: number, to: number): Generator<number, void, void> {
  const source = numbers(from, to)
  if (name === 'numbers') return source
  return name === 'squares' ? squares(source) : primes(source)
}

function isPrime(n: number): boolean {
  if (n < 4) return n > 1
  if (n % 2 === 0) return false
  for (let odd = 3; odd * odd <= n; odd += 2) if (n % odd === 0) return false
  return true
}
