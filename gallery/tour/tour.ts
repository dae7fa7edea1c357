/** One line from each model, with a check of its answer: what `npm start` shows first. */
import { supervisor } from '../../src/actors.ts'
import { auto } from '../../src/choose.ts'
import { cluster } from '../../src/cluster.ts'
import { coroutines, type Executor, processes, threads } from '../../src/index.ts'
import { isolate } from '../../src/isolates.ts'
import { kernel } from '../../src/kernels.ts'
import { parallel } from '../../src/parallel.ts'
import { Mutex, SharedArray } from '../../src/sync.ts'
import { kernelFile } from '../kernel-file.ts'
import { add, countPrimes, deposit, primesBelow, Till, visit } from './tasks.ts'

/** A stop of the tour: what it shows, as text, and whether the answer is right. */
export interface Stop {
  readonly model: string
  readonly said: string
  readonly right: boolean
}

const ranges: readonly (readonly [number, number])[] = Array.from({ length: 8 }, (_, n) => [
  n * 25_000,
  (n + 1) * 25_000,
])
const primesBelow200k = 17_984

/** Goes from model to model, and tells of each as soon as it is done. */
export async function* tour(): AsyncGenerator<Stop> {
  const pool = threads({ workers: 2 })
  try {
    yield* onExecutors(pool)
    yield* onSharedMemory(pool)
    yield* thatLive(pool)
  } finally {
    await pool.close()
  }
}

async function* onExecutors(pool: Executor): AsyncGenerator<Stop> {
  const apart = [
    ['coroutines', coroutines()],
    ['threads', pool],
    ['processes', processes({ workers: 2 })],
    ['cluster, in this program', cluster()],
    ['auto', auto()],
  ] as const
  for (const [model, executor] of apart) {
    const began = performance.now()
    const counts = await executor.map(countPrimes, ranges)
    const ms = performance.now() - began
    const sum = counts.reduce((total, count) => total + count, 0)
    if (executor !== pool) await executor.close()
    yield {
      model,
      said: `${sum} primes below 200,000 in ${ms.toFixed(0)} ms`,
      right: sum === primesBelow200k,
    }
  }
  const limits = Array.from({ length: 100 }, (_, n) => n * 100)
  const sum = await parallel(limits, { on: pool }).map(primesBelow).reduce(add, 0)
  const plain = limits.map(limit => primesBelow(limit)).reduce((one, other) => one + other, 0)
  yield { model: 'parallel chain', said: `map and reduce on threads give ${sum}`, right: sum === plain }
}

async function* onSharedMemory(pool: Executor): AsyncGenerator<Stop> {
  const account = SharedArray.from('f64', [0])
  const lock = new Mutex({ name: 'the account' })
  await Promise.all([1, 2].map(() => pool.run(deposit, account, lock, 20_000)))
  const [sum = 0] = account.view
  yield { model: 'locks', said: `two threads added 40,000 to one number: ${sum}`, right: sum === 40_000 }

  const mandelbrot = await kernel(kernelFile('mandelbrot'))
  const [width, height, iterations] = [512, 512, 256]
  const counts = mandelbrot.allocate('u16', width * height)
  const region = [width, height, iterations, -2, 2.5, -1.25, 2.5] as const
  await mandelbrot.forRange(pool, { to: height }, 'countRows', counts, ...region)
  const inside = counts.filter(count => count === iterations).length
  yield {
    model: 'kernels',
    said: `WebAssembly on two threads: ${inside} points inside`,
    right: inside === 63_838,
  }
}

async function* thatLive(pool: Executor): AsyncGenerator<Stop> {
  const own = isolate()
  await own.call(visit)
  const visits = await own.call(visit)
  await own.close()
  yield {
    model: 'isolates',
    said: `its second visit is number ${visits}; here there was none`,
    right: visits === 2,
  }

  const tree = supervisor()
  const till = await tree.start(Till, [], { on: pool, name: 'till' })
  await till.ask.put(40)
  till.tell.put(5_000) // It breaks, and is made anew by its supervisor.
  const sum = await till.ask.put(2)
  yield { model: 'actors', said: `a till on a thread broke, began again, and has ${sum}`, right: sum === 2 }
  await tree.stop()
}

if (import.meta.main) {
  let wrong = 0
  for await (const { model, said, right } of tour()) {
    console.log(`${model.padEnd(26)}${said}${right ? '' : '   WRONG'}`)
    if (!right) wrong += 1
  }
  process.exitCode = wrong === 0 ? 0 : 1
}
