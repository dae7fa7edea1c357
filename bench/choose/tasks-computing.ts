/**
 * Functions that only compute, on numbers: from a fraction of a µs to a tenth of a second a call.
 */
import { task } from 'atonce'

const repeatable = { idempotent: true }

export const isPrime = task(
  import.meta,
  function isPrime(n: number): boolean {
    for (let d = 3; d * d <= n; d += 2) if (n % d === 0) return false
    return n % 2 === 1
  },
  repeatable,
)

export const commonDivisor = task(
  import.meta,
  function commonDivisor(n: number): number {
    let [a, b] = [n, 720_720]
    while (b !== 0) [a, b] = [b, a % b]
    return a
  },
  repeatable,
)

export const increment = task(
  import.meta,
  function increment(n: number): number {
    return n + 1
  },
  repeatable,
)

/** CRC-32, bit by bit, of 500 numbers: some 20 µs. */
export const checksum = task(
  import.meta,
  function checksum(seed: number): number {
    let crc = seed | 0
    for (let word = 0; word < 500; word += 1) {
      crc ^= word
      for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
    }
    return crc
  },
  repeatable,
)

/** Text that is built, split and counted: some 30 µs. */
export const wordsOf = task(
  import.meta,
  function wordsOf(seed: number): number {
    const text = Array.from({ length: 120 }, (_, at) => `word${(seed * 31 + at * 7) % 97}`).join(' ')
    return new Set(text.toUpperCase().split(/\s+/)).size
  },
  repeatable,
)

export const sieve = task(
  import.meta,
  function sieve(limit: number): number {
    const crossed = new Uint8Array(limit + 1)
    let count = 0
    for (let n = 2; n <= limit; n += 1) {
      if (crossed[n] === 1) continue
      count += 1
      for (let multiple = n * n; multiple <= limit; multiple += n) crossed[multiple] = 1
    }
    return count
  },
  repeatable,
)

export const queens = task(
  import.meta,
  function queens(size: number): number {
    const full = (1 << size) - 1
    const place = (columns: number, left: number, right: number): number => {
      if (columns === full) return 1
      let [free, found] = [full & ~(columns | left | right), 0]
      while (free !== 0) {
        const queen = free & -free
        free ^= queen
        found += place(columns | queen, ((left | queen) << 1) & full, (right | queen) >> 1)
      }
      return found
    }
    return place(0, 0, 0)
  },
  repeatable,
)

/** The iterations in one band of the Mandelbrot set. */
export const band = task(
  import.meta,
  function band(at: number): number {
    let total = 0
    for (let y = 0; y < 24; y += 1)
      for (let x = 0; x < 512; x += 1) {
        const [cr, ci] = [-2 + (2.5 * x) / 512, -0.6 + (at * 24 + y) / 480]
        let [zr, zi, count] = [0, 0, 0]
        while (zr * zr + zi * zi < 4 && count < 800) {
          const next = zr * zr - zi * zi + cr
          zi = 2 * zr * zi + ci
          zr = next
          count += 1
        }
        total += count
      }
    return total
  },
  repeatable,
)

/** Rounds of a hash over its own state: as long as it is told to. */
export const rounds = task(
  import.meta,
  function rounds(count: number): number {
    let state = 0x9e3779b9 | 0
    for (let round = 0; round < count; round += 1) {
      state = Math.imul(state ^ (state >>> 15), 0x85ebca6b)
      state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35)
    }
    return state
  },
  repeatable,
)

/** The longest Collatz chain below n: the cost is as uneven as n. */
export const collatz = task(
  import.meta,
  function collatz(below: number): number {
    let longest = 0
    for (let start = 1; start < below; start += 1) {
      let [n, steps] = [start, 0]
      while (n !== 1) {
        n = n % 2 === 0 ? n / 2 : 3 * n + 1
        steps += 1
      }
      longest = Math.max(longest, steps)
    }
    return longest
  },
  repeatable,
)

export const fibonacci = task(
  import.meta,
  function fibonacci(n: number): number {
    const of = (k: number): number => (k < 2 ? k : of(k - 1) + of(k - 2))
    return of(n)
  },
  repeatable,
)

let table: Float64Array | undefined

/** The first call makes a table: it takes a hundred times as long as the others. */
export const looksUp = task(
  import.meta,
  function looksUp(n: number): number {
    table ??= Float64Array.from({ length: 3_000_000 }, (_, at) => Math.sin(at))
    let total = 0
    for (let at = 0; at < 60_000; at += 1) total += table[(n * 7 + at * 13) % table.length] as number
    return total
  },
  repeatable,
)

/** Needs 24 MB while it runs. */
export const memoryHungry = task(
  import.meta,
  function memoryHungry(seed: number): number {
    const numbers = new Float64Array(3_000_000)
    for (let at = 0; at < numbers.length; at += 1) numbers[at] = (seed * at) % 1_013
    return numbers.reduce((most, n) => Math.max(most, n), 0)
  },
  repeatable,
)

/** A function among the arguments can't be copied. */
export const callsBack = task(
  import.meta,
  function callsBack(given: { seed: number; weigh: (n: number) => number }): number {
    let total = 0
    for (let at = 0; at < 200_000; at += 1) total += given.weigh((given.seed + at) % 1_000)
    return total
  },
  repeatable,
)

/** A function as the result can't be copied either. */
export const compiles = task(
  import.meta,
  function compiles(seed: number): (n: number) => number {
    let mixed = seed
    for (let at = 0; at < 300_000; at += 1) mixed = Math.imul(mixed ^ at, 0x01000193)
    return n => n ^ mixed
  },
  repeatable,
)
