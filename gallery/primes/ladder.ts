/**
 * The workshop's steps from threads around a queue to futures, for a list of numbers:
 * `node gallery/primes/ladder.ts --n 10`, or with a file of your own, `ladder.ts numbers.txt`.
 */
import { parseArgs } from 'node:util'
import { asCompleted, threads } from '../../src/index.ts'
import { countFrom } from '../count-from.ts'
import { fedByQueue } from '../fed-by-queue.ts'
import { readRows } from '../read-rows.ts'
import { type TriedWay, tableOf, tryWays, type Way } from '../ways.ts'
import { isPrimeByMillerRabin } from './miller-rabin.ts'
import { isPrime, testPrimesOf } from './tasks.ts'
import { isPrimeByDivision } from './trial-division.ts'
import { workshopNumbers } from './workload.ts'

/**
 * Tests the numbers each way by trial division, so many counted rounds.
 * @throws Error if a way calls a number prime that is not, or the reverse
 */
export async function runLadder(
  numbers: readonly number[],
  workers: number,
  rounds: number,
): Promise<{ readonly tried: readonly TriedWay[]; readonly primes: number }> {
  await using pool = threads({ workers })
  const ways: Way<readonly boolean[]>[] = [
    { name: 'serial', prepare: () => () => numbers.map(isPrimeByDivision) },
    {
      name: 'queue',
      prepare: () => async () => {
        const verdicts: boolean[] = []
        const found = fedByQueue<[number, number], readonly [number, boolean]>(
          pool,
          numbers.entries(),
          (on, left, verdicts) => on.run(testPrimesOf, left, verdicts),
        )
        for await (const [at, prime] of found) verdicts[at] = prime
        return verdicts
      },
    },
    { name: 'map', prepare: () => () => pool.map(isPrime, numbers) },
    {
      name: 'completed',
      prepare: () => async () => {
        const verdicts: boolean[] = []
        const calls = numbers.map(n => pool.run(isPrime, n))
        for await (const { future, index } of asCompleted(calls)) verdicts[index] = await future
        return verdicts
      },
    },
  ]
  const expected = numbers.map(isPrimeByMillerRabin)
  const tried = await tryWays(ways, rounds, (verdicts, way) => {
    const wrong = expected.findIndex((prime, at) => verdicts[at] !== prime)
    if (wrong !== -1) throw new Error(`${way}: ${numbers[wrong]} is ${expected[wrong] ? '' : 'not '}prime.`)
  })
  return { tried, primes: expected.filter(prime => prime).length }
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      n: { type: 'string', default: '1' },
      workers: { type: 'string', default: '2' },
      rounds: { type: 'string', default: '3' },
    },
  })
  const list = positionals.length > 0 ? positionals.flatMap(path => readRows(path).flat()) : workshopNumbers
  const numbers = Array.from({ length: countFrom('--n', values.n) }, () => list).flat()
  const { tried, primes } = await runLadder(
    numbers,
    countFrom('--workers', values.workers),
    countFrom('--rounds', values.rounds),
  )
  console.log(`${numbers.length} numbers, ${values.workers} workers, median of ${values.rounds} rounds\n`)
  console.log(`${tableOf(tried)}\n\n${primes} are prime: by every way, and by Miller and Rabin's test.`)
}
