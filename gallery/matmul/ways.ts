/** One product four ways, by what becomes of the matrices: `node gallery/matmul/ways.ts 512`. */
import { parseArgs } from 'node:util'
import { threads } from '../../src/index.ts'
import { kernel } from '../../src/kernels.ts'
import { parallelFor } from '../../src/parallel.ts'
import { SharedArray } from '../../src/sync.ts'
import { countFrom } from '../count-from.ts'
import { fingerprint } from '../fingerprint.ts'
import { kernelFile } from '../kernel-file.ts'
import { type TriedWay, tableOf, tryWays, type Way } from '../ways.ts'
import { factorsOf } from './factors.ts'
import { provesProduct } from './freivalds.ts'
import { multiplyRows } from './multiply.ts'
import { multiplySharedRow } from './tasks.ts'
import { multiplyOn } from './workload.ts'

export interface MatmulWays {
  readonly tried: readonly TriedWay[]
  /** Of C as Int32, the same for every way. */
  readonly sha: string
}

/**
 * Multiplies two n × n matrices each way, so many counted rounds.
 * @throws Error if a product fails Freivalds' check, or is another than the plain loop's
 */
export async function runWays(n: number, workers: number, rounds: number): Promise<MatmulWays> {
  const factors = factorsOf('gallery', n)
  const { a, b } = factors
  await using pool = threads({ workers })
  const own = await kernel(kernelFile('matmul'))
  const [ownA, ownB, ownC] = [
    own.allocate('f64', n * n),
    own.allocate('f64', n * n),
    own.allocate('f64', n * n),
  ]

  const ways: Way<Float64Array>[] = [
    { name: 'serial', prepare: () => () => multiplyRows(a, b, n) },
    { name: 'copied', prepare: () => () => multiplyOn(pool, factors) },
    {
      name: 'shared',
      prepare() {
        const [sharedA, sharedB] = [SharedArray.from('f64', a), SharedArray.from('f64', b)]
        const c = new SharedArray('f64', n * n)
        return async () => {
          await parallelFor(pool, { to: n }, multiplySharedRow, sharedA, sharedB, c, n)
          return c.view
        }
      },
    },
    {
      name: 'kernel',
      prepare() {
        ownA.set(a)
        ownB.set(b)
        return async () => {
          await own.forRange(pool, { to: n }, 'multiplyRows', ownA, ownB, ownC, n)
          return ownC
        }
      },
    },
  ]
  const sha = fingerprint(Int32Array.from(multiplyRows(a, b, n)))
  const tried = await tryWays(ways, rounds, (c, way) => {
    if (!provesProduct(factors, c) || fingerprint(Int32Array.from(c)) !== sha)
      throw new Error(`The product that was ${way === 'serial' ? 'computed' : way} is wrong.`)
  })
  return { tried, sha }
}

/** n from the command line. @throws RangeError */
export function orderFrom(text: string): number {
  const n = Number(text)
  if (Number.isInteger(n / 8) && n > 0 && n <= 4_096) return n
  throw new RangeError(
    `The order of the matrices is a multiple of 8, from 8 to 4096, as the kernel works on 8 columns; it got ${text}. Try 512.`,
  )
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { workers: { type: 'string', default: '2' }, rounds: { type: 'string', default: '5' } },
  })
  const n = orderFrom(positionals[0] ?? '512')
  const { tried, sha } = await runWays(
    n,
    countFrom('--workers', values.workers),
    countFrom('--rounds', values.rounds),
  )
  console.log(`${n} × ${n}, ${values.workers} workers, median of ${values.rounds} rounds\n`)
  console.log(`${tableOf(tried)}\n\nAll products are the same, and pass Freivalds' check: sha ${sha}`)
}
