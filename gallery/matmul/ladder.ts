/**
 * The workshop's steps for a product of matrices, from threads around a queue to futures:
 * `node gallery/matmul/ladder.ts 300`, or with two files of your own, `ladder.ts a.txt b.txt`.
 */
import { parseArgs } from 'node:util'
import { asCompleted, threads } from '../../src/index.ts'
import { countFrom } from '../count-from.ts'
import { fedByQueue } from '../fed-by-queue.ts'
import { fingerprint } from '../fingerprint.ts'
import { readRows } from '../read-rows.ts'
import { type TriedWay, tableOf, tryWays, type Way } from '../ways.ts'
import { type Factors, factorsOf, factorsWith } from './factors.ts'
import { provesProduct } from './freivalds.ts'
import { multiplyRows } from './multiply.ts'
import { keepFactor, multiplyBandByKept, multiplyBandsOf } from './tasks.ts'
import { multiplyOn } from './workload.ts'

/** As many bands of rows as `multiplyOn` cuts a matrix into. */
const bands = 8

/**
 * Multiplies each way, so many counted rounds. Threads are started, and have B where they keep it,
 * before the first.
 * @throws Error if a product fails Freivalds' check, or is another than the plain loop's
 */
export async function runLadder(
  factors: Factors,
  workers: number,
  rounds: number,
): Promise<{ readonly tried: readonly TriedWay[]; readonly sha: string }> {
  const { a, b, n } = factors
  await using pool = threads({ workers })
  await using keeping = threads({ workers, initialize: [keepFactor, b, n] })
  const rows = Math.ceil(n / bands) * n
  const cut = () =>
    Array.from({ length: Math.ceil(a.length / rows) }, (_, at) => a.slice(at * rows, (at + 1) * rows))
  const ways: Way<Float64Array>[] = [
    { name: 'serial', prepare: () => () => multiplyRows(a, b, n) },
    {
      name: 'queue, B to each worker',
      prepare: () => async () => {
        const c = new Float64Array(n * n)
        const found = fedByQueue<[number, Float64Array], readonly [number, Float64Array]>(
          pool,
          cut().entries(),
          (on, left, products) => on.run(multiplyBandsOf, left, products, b, n),
        )
        for await (const [at, band] of found) c.set(band, at * rows)
        return c
      },
    },
    { name: 'map, B with each band', prepare: () => () => multiplyOn(pool, factors) },
    {
      name: 'map, B by initialize',
      prepare: () => async () => {
        const c = new Float64Array(n * n)
        const products = await keeping.map(multiplyBandByKept, cut())
        for (const [at, band] of products.entries()) c.set(band, at * rows)
        return c
      },
    },
    {
      name: 'completed, B by initialize',
      prepare: () => async () => {
        const c = new Float64Array(n * n)
        const calls = cut().map(band => keeping.run(multiplyBandByKept, band))
        for await (const { future, index } of asCompleted(calls)) c.set(await future, index * rows)
        return c
      },
    },
  ]
  const serial = multiplyRows(a, b, n)
  const tried = await tryWays(ways, rounds, (c, way) => {
    if (!provesProduct(factors, c) || c.some((entry, at) => entry !== serial[at]))
      throw new Error(`The product by ${way} is wrong.`)
  })
  return { tried, sha: fingerprint(Int32Array.from(serial)) }
}

/**
 * What the command line names: an order, for the workshop's matrices, or two files.
 * @throws Error
 */
export function factorsFrom(named: readonly string[]): Factors {
  if (named.length < 2)
    return factorsOf('workshop', countFrom('The order of the matrices', named[0] ?? '300'))
  const [a, b] = named.map(path => readRows(path)) as [number[][], number[][]]
  const n = a.length
  if (named.length > 2 || [a, b].some(rows => rows.length !== n || rows.some(row => row.length !== n)))
    throw new Error('Name two files with square matrices of the same order, a row on each line: a.txt b.txt.')
  const largest = (rows: number[][]) =>
    rows.flat().reduce((most, entry) => Math.max(most, Math.abs(entry)), 0)
  if (n * largest(a) * largest(b) > 2 ** 31)
    throw new RangeError(
      'Entries of the product may be above 2^31. Use smaller numbers, so that all are exact.',
    )
  return factorsWith(n, Float64Array.from(a.flat()), Float64Array.from(b.flat()))
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { workers: { type: 'string', default: '2' }, rounds: { type: 'string', default: '5' } },
  })
  const factors = factorsFrom(positionals)
  const { tried, sha } = await runLadder(
    factors,
    countFrom('--workers', values.workers),
    countFrom('--rounds', values.rounds),
  )
  const { n } = factors
  console.log(`${n} × ${n}, ${values.workers} workers, median of ${values.rounds} rounds\n`)
  console.log(`${tableOf(tried)}\n\nAll products are the same, and pass Freivalds' check: sha ${sha}`)
}
