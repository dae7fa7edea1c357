import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sieveRange } from './sieve.ts'
import { divideRange, isPrimeByDivision } from './trial-division.ts'
import { primes, rangesOf } from './workload.ts'

test('the sieve counts the primes below 10^6 and 10^7 as known, and finds the largest', () => {
  assert.deepEqual(sieveRange(0, 1e6), { count: 78_498, largest: 999_983 })
  assert.deepEqual(sieveRange(0, 1e7), { count: 664_579, largest: 9_999_991 })
})

test('trial division finds the known counts of the first and last of the 32 workshop ranges', () => {
  const ranges = rangesOf(primes.sizes.workshop)
  assert.equal(ranges.length, 32)
  const counts = [0, 1, 2, 30, 31].map(i => divideRange(...(ranges[i] as [number, number])).count)
  assert.deepEqual(counts, [3368, 2907, 2772, 2255, 2237])
})

test('sieve and trial division agree on every small range, whatever its ends', () => {
  for (let from = 0; from < 40; from++) {
    for (let to = from; to < 60; to++)
      assert.deepEqual(sieveRange(from, to), divideRange(from, to), `[${from}, ${to})`)
  }
})

test('the sieve is right across the borders of its segments', () => {
  const border = 2 * (1 << 16)
  assert.deepEqual(sieveRange(3, 3 * border), divideRange(3, 3 * border))
  assert.deepEqual(sieveRange(border - 10, border + 10), divideRange(border - 10, border + 10))
})

test('no even number but 2 is prime, and the last of the workshop list is not', () => {
  assert.deepEqual([0, 1, 2, 3, 4, 9, 25].filter(isPrimeByDivision), [2, 3])
  assert.equal(isPrimeByDivision(1099726899285419), false)
})

test('ranges cover every number once, also when they do not divide evenly', () => {
  const ranges = rangesOf({ below: 100, ranges: 7 })
  assert.equal(ranges[0]?.[0], 0)
  assert.equal(ranges.at(-1)?.[1], 100)
  for (const [i, [from]] of ranges.entries()) if (i > 0) assert.equal(from, ranges[i - 1]?.[1])
})

test('a wrong count does not pass the check', async () => {
  const answer = await primes.serial(primes.sizes.S)
  assert.equal(primes.check(answer, primes.sizes.S).ok, true)
  const off = { ...answer, counted: { ...answer.counted, count: answer.counted.count + 1 } }
  assert.equal(primes.check(off, primes.sizes.S).ok, false)
})
