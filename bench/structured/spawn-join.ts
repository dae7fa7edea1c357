/**
 * Starting and joining what does nothing: bare promises, a scope's children, fibers of Effect, Python's TaskGroup; 100 at a time, in turns.
 *
 *     npm --prefix bench ci && node bench/structured/spawn-join.ts
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { execFileSync } from 'node:child_process'
import { Effect, Fiber } from 'effect'
import { median } from 'simple-statistics'
import { scope } from '../../src/coroutines/scope/scope.ts'

const groups = 1_000
const size = 100
const turns = 15

const noop = async () => {}
const context = new AsyncLocalStorage<number>()
const effect = Effect.promise(noop)

const groupOf: Record<string, () => Promise<unknown>> = {
  'bare promises': () => Promise.all(Array.from({ length: size }, noop)),
  'bare promises, each in an AsyncLocalStorage context': () =>
    Promise.all(Array.from({ length: size }, (_, at) => context.run(at, noop))),
  'scope, joined by the scope': () =>
    scope(s => {
      for (let at = 0; at < size; at += 1) s.spawn(noop)
    }),
  'scope, each child awaited': () =>
    scope(async s => {
      for (const child of Array.from({ length: size }, () => s.spawn(noop))) await child
    }),
  'Effect, each fiber joined': () =>
    Effect.runPromise(
      Effect.gen(function* () {
        const fibers = []
        for (let at = 0; at < size; at += 1) fibers.push(yield* Effect.forkChild(effect))
        for (const fiber of fibers) yield* Fiber.join(fiber)
      }),
    ),
}

const python = `
import asyncio, time
async def noop(): pass
async def main():
    start = time.perf_counter()
    for _ in range(${groups}):
        async with asyncio.TaskGroup() as group:
            for _ in range(${size}): group.create_task(noop())
    print((time.perf_counter() - start) * 1e9 / ${groups * size})
asyncio.run(main())`

const figures = new Map<string, number[]>()
const note = (name: string, ns: number) => figures.set(name, [...(figures.get(name) ?? []), ns])
for (let turn = 0; turn < turns; turn += 1) {
  for (const [name, group] of Object.entries(groupOf)) {
    const begun = performance.now()
    for (let done = 0; done < groups; done += 1) await group()
    note(name, ((performance.now() - begun) * 1e6) / (groups * size))
  }
  if (turn < 5) {
    try {
      note('Python TaskGroup', Number(execFileSync('python3', ['-c', python], { encoding: 'utf8' })))
    } catch {
      // No python3 with TaskGroup (3.11) here: its line is left out.
    }
  }
}

const bare = figures.get('bare promises') as number[]
for (const [name, ns] of figures) {
  const ratio = median(ns.map((one, turn) => one / (bare[turn] as number)))
  const spread = `${Math.min(...ns).toFixed(0)}–${Math.max(...ns).toFixed(0)}`
  console.log(`${median(ns).toFixed(0).padStart(6)} ns (${spread}), ${ratio.toFixed(1)} × bare: ${name}`)
}
