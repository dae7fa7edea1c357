/** What every workload must do, run on every workload, size that ends soon, and executor. */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { auto } from '../src/choose.ts'
import { coroutines, type Executor, type Model, processes, threads } from '../src/index.ts'
import { gallery } from './index.ts'
import { primes } from './primes/workload.ts'
import { type Size, type SizeName, sizeNames } from './workload.ts'

/** One of each for all workloads: their workers start once. */
const executors: Readonly<Record<Exclude<Model, 'cluster'>, Executor>> = {
  coroutines: coroutines(),
  threads: threads({ workers: 2 }),
  processes: processes({ workers: 2 }),
  auto: auto({ workers: 2 }),
}
after(() => Promise.all(Object.values(executors).map(executor => executor.close())))

const soon: readonly SizeName[] = ['S', 'workshop']
/** The workshop's factorials compute for 20 s, on each model. */
const slow: readonly string[] = ['factorial']

/** The workshop's list of numbers repeats ten numbers ten times; here once is enough. */
const { workshop } = primes.sizes
const shorter: ReadonlyMap<Size, Size> = new Map([
  [workshop, { ...workshop, numbers: workshop.numbers.slice(0, 10), primesAmong: 9 } as Size],
])

for (const [name, workload] of gallery) {
  describe(name, () => {
    test('every size has a label, and the default size is one of them', () => {
      for (const size of sizeNames) assert.notEqual(workload.sizes[size].label, '')
      assert.ok(sizeNames.includes(workload.defaultSize))
    })

    for (const sizeName of soon.filter(size => size === 'S' || !slow.includes(name))) {
      const size = shorter.get(workload.sizes[sizeName]) ?? workload.sizes[sizeName]

      test(`the plain loop gives the known answer (${sizeName})`, async () => {
        const verdict = workload.check(await workload.serial(size), size)
        assert.equal(verdict.shows, verdict.expected)
        assert.ok(verdict.ok)
      })

      for (const [model, executor] of Object.entries(executors)) {
        test(`${model} give the known answer, and tell of every part (${sizeName})`, async () => {
          const told: [done: number, total: number | undefined][] = []
          const answer = await workload.parallel(executor, size, { onProgress: (...now) => told.push(now) })
          const verdict = workload.check(answer, size)
          assert.equal(verdict.shows, verdict.expected)
          assert.ok(verdict.ok)
          const [done, total] = told.at(-1) ?? []
          assert.equal(done, total)
          assert.deepEqual(
            told.map(([parts]) => parts),
            told.map(([parts]) => parts).toSorted((a, b) => a - b),
          )
        })
      }
    }
  })
}
