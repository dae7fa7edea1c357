/**
 * n! modulo 10⁹ + 7, four times: one thread, threads, isolates, processes, a kernel. Start-up of
 * each model is measured apart.
 *
 *     npm --prefix bench run factorial
 */

import { processes, threads } from '../../src/index.ts'
import { isolate } from '../../src/isolates.ts'
import { kernel } from '../../src/kernels.ts'
import { roundsOf } from '../rounds.ts'
import { factorial } from './tasks.ts'
import { inTurns } from './turns.ts'

const { rounds } = roundsOf('npm --prefix bench run factorial', 7)
const [n, modulus, known] = [5_000_000, 1_000_000_007, 974_067_448]
const inputs = Array.from({ length: 4 }, () => [n, modulus] as const)

async function startMs(
  make: () => AsyncDisposable,
  first: (made: never) => PromiseLike<unknown>,
): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < 5; round += 1) {
    const startedMs = performance.now()
    await using made = make()
    await first(made as never)
    times.push(performance.now() - startedMs)
  }
  return times.sort((a, b) => a - b)[2] as number
}
const small = [2, modulus] as const
const started = {
  isolate: await startMs(
    () => isolate(),
    (own: ReturnType<typeof isolate>) => own.call(factorial, ...small),
  ),
  thread: await startMs(
    () => threads({ workers: 1 }),
    (pool: ReturnType<typeof threads>) => pool.run(factorial, ...small),
  ),
  process: await startMs(
    () => processes({ workers: 1 }),
    (pool: ReturnType<typeof processes>) => pool.run(factorial, ...small),
  ),
}
for (const [model, ms] of Object.entries(started))
  console.log(`first answer of one ${model}: ${ms.toFixed(1)} ms`)

await using pool = threads({ workers: 2 })
await using far = processes({ workers: 2 })
await using left = isolate()
await using right = isolate()
const own = await kernel(new URL('../../dist/kernels/factorial.wasm', import.meta.url))
const answers = own.allocate('u32', inputs.length)

await inTurns(
  `${inputs.length} × ${n}! mod ${modulus}, 2 workers each`,
  rounds,
  [
    { name: 'plain loop, this thread', run: () => inputs.map(input => factorial(...input)) },
    { name: 'threads()', run: () => pool.map(factorial, inputs) },
    {
      name: '2 isolates',
      run: () =>
        Promise.all(inputs.map((input, at) => (at % 2 === 0 ? left : right).call(factorial, ...input))),
    },
    { name: 'processes() (CPU not counted)', run: () => far.map(factorial, inputs) },
    {
      name: 'kernel on threads()',
      async run() {
        await own.forRange(pool, { to: inputs.length, chunk: 1 }, 'factorials', answers, n, modulus)
        return [...answers]
      },
    },
  ],
  answer => {
    if (!(answer as number[]).every(one => one === known)) throw new Error(`It gives ${String(answer)}.`)
  },
)
