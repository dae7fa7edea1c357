/** Matrix multiplication: much arithmetic on data that must first get to where it is used. */
import type { Executor } from '../../src/index.ts'
import { fingerprint } from '../fingerprint.ts'
import { progressAfter } from '../progress.ts'
import type { ParallelOptions, Size, Verdict, Workload } from '../workload.ts'
import { type Factors, factorsOf, type Source } from './factors.ts'
import { provesProduct } from './freivalds.ts'
import { multiplyRows } from './multiply.ts'
import { multiplyBand } from './tasks.ts'

export interface MatmulSize extends Size {
  readonly source: Source
  /** The orders n of the n×n products to compute, one after the other. */
  readonly orders: readonly number[]
}

/**
 * What is known of a product: its trace, the sum of its entries, and the fingerprint of its entries
 * as Int32.
 */
interface Known {
  readonly trace: number
  readonly sum: number
  readonly sha: string
}

// All were computed by a second implementation too: the gallery's with NumPy's int64, the
// workshop's in Python.
const known: Readonly<Record<Source, ReadonlyMap<number, Known>>> = {
  gallery: new Map([
    [256, { trace: -6_758, sum: -121_240, sha: 'bc283cfb5063d263' }],
    [512, { trace: 7_141, sum: -476_860, sha: 'ce323a9b3a175ad2' }],
    [1024, { trace: 3_974, sum: -253_776, sha: '706b644ee70abe6f' }],
  ]),
  workshop: new Map([
    [50, { trace: 51_572, sum: 2_564_520, sha: 'b4f1d4c9b6bfcadb' }],
    [100, { trace: 202_343, sum: 20_200_524, sha: '1bd9568de9614d0c' }],
    [300, { trace: 1_829_535, sum: 548_287_151, sha: '18cd6e9678bcdb83' }],
  ]),
}

// With a copy of B to each band, fewer bands are cheaper to send; with too few, the last worker is
// waited for.
const bands = 8

/** The answer: one product, row-major, for each order. */
export const matmul: Workload<Float64Array[], MatmulSize> = {
  name: 'matmul',
  title: 'Matrix multiplication',
  lesson:
    'Sending costs n² and computing n³: large products gain from more cores, small ones lose to their copies.',
  sizes: {
    S: { label: '256 × 256', source: 'gallery', orders: [256] },
    M: { label: '512 × 512', source: 'gallery', orders: [512] },
    L: { label: '1024 × 1024', source: 'gallery', orders: [1024] },
    workshop: {
      label: '50 × 50, 100 × 100 and 300 × 300, digits',
      source: 'workshop',
      orders: [50, 100, 300],
    },
  },
  defaultSize: 'M',

  serial({ source, orders }) {
    return orders.map(order => {
      const { a, b, n } = factorsOf(source, order)
      return multiplyRows(a, b, n)
    })
  },

  async parallel(executor: Executor, { source, orders }: MatmulSize, options: ParallelOptions = {}) {
    const products: Float64Array[] = []
    for (const order of orders) {
      const progress = progressAfter(products.length * bands, orders.length * bands, options)
      products.push(await multiplyOn(executor, factorsOf(source, order), progress))
    }
    return products
  },

  check(products, { source, orders }): Verdict {
    const shows = orders.map((n, i) => `${n}: ${inWords(factsOf(products[i] as Float64Array, n))}`)
    const expected = orders.map(n => `${n}: ${inWords(knownOf(source, n))}`)
    const proved = orders.every((n, i) => provesProduct(factorsOf(source, n), products[i] as Float64Array))
    const ok = proved && shows.join() === expected.join()
    return { ok, shows: shows.join('; '), expected: expected.join('; ') }
  },
}

/** The product by bands of rows, each of which is copied to its worker, and all of B with it. */
export async function multiplyOn(
  executor: Executor,
  { a, b, n }: Factors,
  options: ParallelOptions = {},
): Promise<Float64Array> {
  const rows = Math.ceil(n / bands)
  const calls = Array.from({ length: bands }, (_, band): [Float64Array, Float64Array, number] => {
    // A copy of the band alone: a view would take its whole buffer, all of A, along to the worker.
    return [a.slice(band * rows * n, (band + 1) * rows * n), b, n]
  })
  const c = new Float64Array(n * n)
  let filled = 0
  for (const band of await executor.map(multiplyBand, calls, options)) {
    c.set(band, filled)
    filled += band.length
  }
  return c
}

function factsOf(c: Float64Array, n: number): Known {
  let [trace, sum] = [0, 0]
  for (let i = 0; i < n; i++) trace += c[i * n + i] as number
  for (const entry of c) sum += entry
  return { trace, sum, sha: fingerprint(Int32Array.from(c)) }
}

function knownOf(source: Source, n: number): Known {
  const facts = known[source].get(n)
  if (facts === undefined) throw new RangeError(`No known product of order ${n} from the ${source} factors.`)
  return facts
}

function inWords({ trace, sum, sha }: Known): string {
  return `trace ${trace.toLocaleString('en-US')}, sum ${sum.toLocaleString('en-US')}, sha ${sha}`
}
