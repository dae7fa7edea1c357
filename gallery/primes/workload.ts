/** Counting primes: as a plain loop, and as ranges that any worker can take. */
import type { Executor } from '../../src/index.ts'
import { progressAfter } from '../progress.ts'
import type { ParallelOptions, Size, Verdict, Workload } from '../workload.ts'
import { type PrimeCount, together } from './prime-count.ts'
import { sieveRange } from './sieve.ts'
import { dividePrimes, isPrime, sievePrimes } from './tasks.ts'
import { divideRange, isPrimeByDivision } from './trial-division.ts'

export interface PrimesSize extends Size {
  readonly method: 'sieve' | 'division'
  /** Primes below this number are counted. */
  readonly below: number
  /** Into how many equal ranges the numbers are cut for the workers. */
  readonly ranges: number
  /** Single numbers to test as well; `primesAmong` of them are prime. */
  readonly numbers: readonly number[]
  readonly primesAmong: number
}

export interface PrimesAnswer {
  readonly counted: PrimeCount
  /** How many of the single numbers are prime. */
  readonly listed: number
}

/** The workshop's list: nine primes, and a last number whose smallest factor is 3,306,091. */
export const workshopNumbers: readonly number[] = [
  1297337, 1116281, 104395303, 472882027, 533000389, 817504243, 982451653, 112272535095293, 115280095190773,
  1099726899285419,
]

// π(10^k) and the largest prime below 10^k. Source: OEIS A006880 and A003618.
const known: ReadonlyMap<number, PrimeCount> = new Map([
  [1e6, { count: 78_498, largest: 999_983 }],
  [1e7, { count: 664_579, largest: 9_999_991 }],
  [1e8, { count: 5_761_455, largest: 99_999_989 }],
  [1e9, { count: 50_847_534, largest: 999_999_937 }],
])

export const primes: Workload<PrimesAnswer, PrimesSize> = {
  name: 'primes',
  title: 'Prime numbers',
  lesson:
    'Work that only computes needs cores: more coroutines on one core change nothing, threads and processes do.',
  sizes: {
    S: {
      label: 'primes below 10^7, sieve',
      method: 'sieve',
      below: 1e7,
      ranges: 16,
      numbers: [],
      primesAmong: 0,
    },
    M: {
      label: 'primes below 10^8, sieve',
      method: 'sieve',
      below: 1e8,
      ranges: 64,
      numbers: [],
      primesAmong: 0,
    },
    L: {
      label: 'primes below 10^9, sieve',
      method: 'sieve',
      below: 1e9,
      ranges: 256,
      numbers: [],
      primesAmong: 0,
    },
    workshop: {
      label: 'primes below 10^6 and a list of 100, trial division',
      method: 'division',
      below: 1e6,
      ranges: 32,
      numbers: Array.from({ length: 10 }, () => workshopNumbers).flat(),
      primesAmong: 90,
    },
  },
  defaultSize: 'M',

  serial({ method, below, numbers }) {
    const counted = method === 'sieve' ? sieveRange(0, below) : divideRange(0, below)
    return { counted, listed: numbers.filter(isPrimeByDivision).length }
  },

  async parallel(executor: Executor, size: PrimesSize, options: ParallelOptions = {}) {
    const { method, ranges, numbers } = size
    const total = ranges + numbers.length
    const countPrimes = method === 'sieve' ? sievePrimes : dividePrimes
    const counts = await executor.map(countPrimes, rangesOf(size), progressAfter(0, total, options))
    const verdicts = await executor.map(isPrime, numbers, progressAfter(ranges, total, options))
    return { counted: together(counts), listed: verdicts.filter(prime => prime).length }
  },

  check(answer, size): Verdict {
    const counted = known.get(size.below)
    if (counted === undefined) throw new RangeError(`No known count of the primes below ${size.below}.`)
    const expected = inWords({ counted, listed: size.primesAmong }, size)
    const shows = inWords(answer, size)
    return { ok: shows === expected, shows, expected }
  },
}

/** [0, below) cut into equal ranges; the last takes what is left over. */
export function rangesOf({
  below,
  ranges,
}: Pick<PrimesSize, 'below' | 'ranges'>): [from: number, to: number][] {
  const width = Math.floor(below / ranges)
  return Array.from({ length: ranges }, (_, i) => [i * width, i === ranges - 1 ? below : (i + 1) * width])
}

function inWords({ counted, listed }: PrimesAnswer, { below, numbers }: PrimesSize): string {
  const count = `π(10^${Math.round(Math.log10(below))}) = ${grouped(counted.count)}, largest ${grouped(counted.largest)}`
  return numbers.length === 0 ? count : `${count}; ${listed} of ${numbers.length} listed are prime`
}

function grouped(n: number): string {
  return n.toLocaleString('en-US')
}
