/**
 * Kernels beside the same loops in plain JavaScript, on one thread and on two, over one shared
 * memory.
 *
 *     npm --prefix bench run kernels
 */

import { multiplyRows } from '../../gallery/matmul/multiply.ts'
import { type Executor, type Task, threads } from '../../src/index.ts'
import { kernel } from '../../src/kernels.ts'
import { roundsOf } from '../rounds.ts'
import { openBlasMs } from './openblas.ts'
import { blurRows, countEscapes, multiplyBlocked } from './tasks.ts'
import { inTurns } from './turns.ts'

const { rounds } = roundsOf('npm --prefix bench run kernels', 9)
const load = (name: string) => kernel(new URL(`../../dist/kernels/${name}.wasm`, import.meta.url))
await using one = threads({ workers: 1 })
await using two = threads({ workers: 2 })

type Bounds = (from: number, to: number, ...rest: any[]) => unknown

/** The same parts as the kernel's: 16 for each worker. */
async function plain<F extends Bounds>(
  on: Executor,
  rows: number,
  task: Task<F>,
  ...args: unknown[]
): Promise<void> {
  const parts = 16 * on.workers
  const bounds = Array.from({ length: parts }, (_, at) => [
    Math.floor((at * rows) / parts),
    Math.floor(((at + 1) * rows) / parts),
    ...args,
  ])
  await on.map(task as Task, bounds as never, { chunk: 1 })
}

function four(kernelOn: (on: Executor) => unknown, plainOn: (on: Executor) => unknown) {
  return [
    { name: 'plain JavaScript, 1 thread', run: () => plainOn(one) },
    { name: 'plain JavaScript, 2 threads', run: () => plainOn(two) },
    { name: 'kernel, 1 thread', run: () => kernelOn(one) },
    { name: 'kernel, 2 threads', run: () => kernelOn(two) },
  ]
}

function same(found: ArrayLike<number>, expected: ArrayLike<number>): void {
  for (let at = 0; at < expected.length; at += 1)
    if (found[at] !== expected[at]) throw new Error(`Number ${at} is ${found[at]}, not ${expected[at]}.`)
}

for (const n of [512, 1_024]) {
  const own = await load('matmul')
  const [a, b, c] = [own.allocate('f64', n * n), own.allocate('f64', n * n), own.allocate('f64', n * n)]
  for (const [at, matrix] of [a, b].entries())
    for (let i = 0; i < n * n; i += 1) matrix[i] = ((i * (7 + at)) % 17) - 8
  const expected = multiplyRows(a, b, n)
  const ways = four(
    on => own.forRange(on, { to: n }, 'multiplyRows', a, b, c, n),
    on => plain(on, n, multiplyBlocked, a, b, c, n),
  )
  await inTurns(`matrices of ${n} × ${n}`, rounds, ways, () => same(c, expected))
  const sum = expected.reduce((all, one) => all + one)
  const [blas1, blas2] = [1, 2].map(count => openBlasMs(n, count, rounds, sum))
  console.log(
    blas1 === undefined || blas2 === undefined
      ? '    OpenBLAS: left out, there is no python3 with numpy (Debian: python3-numpy)'
      : `    OpenBLAS, by numpy               ${blas1.toFixed(1).padStart(10)} ms on 1 thread, ${blas2.toFixed(1)} ms on 2`,
  )
}

{
  const own = await load('mandelbrot')
  const [width, height, iterations] = [800, 800, 500]
  const counts = own.allocate('u16', width * height)
  const view = { width, height, iterations, plane: 'centred' as const }
  const bounds = [-2, 2.5, -1.25, 2.5] as const
  own.exports['countRows']?.(0, height, counts.byteOffset, width, height, iterations, ...bounds)
  const expected = counts.slice()
  const ways = four(
    on => own.forRange(on, { to: height }, 'countRows', counts, width, height, iterations, ...bounds),
    on => plain(on, height, countEscapes, counts, view),
  )
  await inTurns('Mandelbrot, 800 × 800, 500 iterations', rounds, ways, () => same(counts, expected))
}

{
  const own = await load('blur')
  const [width, height] = [4_096, 3_072]
  const [image, out] = [own.allocate('u8', width * height), own.allocate('u8', width * height)]
  const scratch = own.allocate('u16', (width + 4) * height)
  for (let at = 0; at < image.length; at += 1) image[at] = (at ^ Math.floor(at / width)) & 255
  own.exports['blurRows']?.(0, height, image.byteOffset, out.byteOffset, scratch.byteOffset, width, height)
  const expected = out.slice()
  const ways = four(
    on => own.forRange(on, { to: height }, 'blurRows', image, out, scratch, width, height),
    on => plain(on, height, blurRows, image, out, width, height),
  )
  await inTurns('5 × 5 blur of 4096 × 3072', rounds, ways, () => same(out, expected))
}
