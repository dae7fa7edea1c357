import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runLadder } from './ladder.ts'
import { isPrimeByMillerRabin } from './miller-rabin.ts'
import { isPrimeByDivision } from './trial-division.ts'
import { workshopNumbers } from './workload.ts'

test('by a queue, by map and as completed, the same numbers are prime as in the plain loop', {
  timeout: 60_000,
}, async () => {
  const numbers = [...workshopNumbers.slice(0, 7), 1, 2, 4, 1_000_003 ** 2]
  const { tried, primes } = await runLadder(numbers, 2, 0)
  assert.deepEqual(
    tried.map(({ name }) => name),
    ['serial', 'queue', 'map', 'completed'],
  )
  assert.equal(primes, numbers.filter(isPrimeByDivision).length)
})

test("Miller and Rabin's test agrees with trial division, and knows the workshop's list", () => {
  for (let n = 0; n < 20_000; n += 1) assert.equal(isPrimeByMillerRabin(n), isPrimeByDivision(n), `${n}`)
  assert.deepEqual(workshopNumbers.map(isPrimeByMillerRabin), [...new Array(9).fill(true), false])
  // Composite, and a strong pseudoprime to the bases 2, 3, 5 and 7.
  assert.equal(isPrimeByMillerRabin(3_215_031_751), false)
})
