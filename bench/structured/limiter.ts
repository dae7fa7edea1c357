/**
 * 100,000 calls of a function that does nothing, ten at a time: Limiter, p-limit, p-queue, p-map, Effect.forEach, a semaphore
 * of Python's asyncio; in turns.
 *
 *     npm --prefix bench ci && node bench/structured/limiter.ts
 */
import { execFileSync } from 'node:child_process'
import { Effect } from 'effect'
import pLimit from 'p-limit'
import pMap from 'p-map'
import PQueue from 'p-queue'
import { median } from 'simple-statistics'
import { coroutines } from '../../src/coroutines/coroutines.ts'
import { Limiter } from '../../src/coroutines/limiter/limiter.ts'
import { task } from '../../src/task/task.ts'

const calls = 100_000
const concurrency = 10
const turns = 11

const noop = async () => {}
const same = async (n: number) => n
const sameTask = task(import.meta, async function sameTask(n: number): Promise<number> {
  return n
})
const inputs = Array.from({ length: calls }, (_, at) => at)
const times = <T>(call: () => T): T[] => Array.from({ length: calls }, call)

/** Who is measured, and what it is compared with. */
const contenders: Record<string, { against: string; run: () => unknown }> = {
  'Limiter.run': {
    against: 'p-limit',
    run: () => {
      const limiter = new Limiter(concurrency)
      return Promise.all(times(() => limiter.run(noop)))
    },
  },
  'p-limit': {
    against: 'p-limit',
    run: () => {
      const limit = pLimit(concurrency)
      return Promise.all(times(() => limit(noop)))
    },
  },
  'p-queue': {
    against: 'p-limit',
    run: () => {
      const queue = new PQueue({ concurrency })
      return Promise.all(times(() => queue.add(noop)))
    },
  },
  'Effect.forEach': {
    against: 'p-limit',
    run: () =>
      Effect.runPromise(Effect.forEach(inputs, () => Effect.promise(noop), { concurrency, discard: true })),
  },
  'Limiter.map': {
    against: 'p-map',
    run: () => new Limiter(concurrency).map(inputs, same),
  },
  'coroutines().map': {
    against: 'p-map',
    run: async () => {
      await using pool = coroutines({ concurrency })
      return await pool.map(sameTask, inputs)
    },
  },
  'p-map': { against: 'p-map', run: () => pMap(inputs, same, { concurrency }) },
}

const python = `
import asyncio, time
async def main():
    semaphore = asyncio.Semaphore(${concurrency})
    async def call():
        async with semaphore: pass
    start = time.perf_counter()
    await asyncio.gather(*(call() for _ in range(${calls})))
    print((time.perf_counter() - start) * 1e9 / ${calls})
asyncio.run(main())`

const figures = new Map<string, number[]>()
const note = (name: string, ns: number) => figures.set(name, [...(figures.get(name) ?? []), ns])
for (let turn = 0; turn < turns; turn += 1) {
  for (const [name, { run }] of Object.entries(contenders)) {
    const begun = performance.now()
    await run()
    note(name, ((performance.now() - begun) * 1e6) / calls)
  }
  if (turn < 3) {
    try {
      note('Python, Semaphore', Number(execFileSync('python3', ['-c', python], { encoding: 'utf8' })))
    } catch {
      // No python3 here: its line is left out.
    }
  }
}

for (const [name, ns] of figures) {
  const against = contenders[name]?.against ?? 'p-limit'
  const base = figures.get(against) as number[]
  const ratio = median(ns.map((one, turn) => (base[turn] as number) / one))
  const spread = `${Math.min(...ns).toFixed(0)}–${Math.max(...ns).toFixed(0)}`
  console.log(
    `${median(ns).toFixed(0).padStart(6)} ns a call (${spread}), ${ratio.toFixed(2)} × as fast as ${against}: ${name}`,
  )
}
