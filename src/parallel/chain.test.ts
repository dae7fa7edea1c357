import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import fc from 'fast-check'
import { coroutines } from '../coroutines/coroutines.ts'
import { AbortError, InvalidTaskError, OptionError, PayloadTooLargeError } from '../errors.ts'
import type { Executor } from '../executor/executor.ts'
import { processes } from '../processes/processes.ts'
import { task } from '../task/task.ts'
import { threads } from '../threads/threads.ts'
import { type Parallel, type ParallelOptions, parallel } from './chain.ts'
import * as tasks from './fixtures/tasks.ts'
import { natural } from './order.ts'

const limit = { timeout: 120_000 }
const { square, isOdd, twice, countTo, text, join, mod5, byMod5 } = tasks

const models: readonly (readonly [string, () => Executor])[] = [
  ['coroutines', () => coroutines({ concurrency: 4 })],
  ['threads', () => threads({ workers: 2 })],
  ['processes', () => processes({ workers: 2 })],
]

/** A chain with each of the stages that `kinds` names, and the same on a list. */
function chains(inputs: readonly number[], kinds: readonly number[], options: ParallelOptions) {
  let list = [...inputs]
  let chain: Parallel<number> = parallel(inputs, options)
  for (const kind of kinds) {
    if (kind === 0) [list, chain] = [list.map(square), chain.map(square)]
    if (kind === 1) [list, chain] = [list.filter(isOdd), chain.filter(isOdd)]
    if (kind === 2) [list, chain] = [list.flatMap(twice), chain.flatMap(twice)]
    if (kind === 3) [list, chain] = [list.flatMap(n => [...countTo(n)]), chain.flatMap(countTo)]
    if (kind === 4) [list, chain] = [list.map(square), chain.map(tasks.squareLater)]
    if (kind === 5) [list, chain] = [list.filter(isOdd), chain.filter(tasks.isOddLater)]
    if (kind === 6) [list, chain] = [list.flatMap(n => [...countTo(n)]), chain.flatMap(tasks.countToLater)]
  }
  return { list, chain }
}

for (const [model, make] of models)
  describe(model, limit, () => {
    const on = make()
    after(() => on.close())

    test('every chain and every ending gives what the same methods of a list give', limit, async () => {
      const inputs = fc.array(fc.integer({ min: -50, max: 50 }), { maxLength: 60 })
      const kinds = fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 3 })
      const sizes = fc.constantFrom<number | 'auto'>('auto', 1, 2, 7, 100)
      await fc.assert(
        fc.asyncProperty(inputs, kinds, sizes, async (inputs, kinds, chunk) => {
          const { list, chain } = chains(inputs, kinds, { on, chunk })
          assert.deepEqual(await chain.toArray(), list)
          assert.equal(await chain.count(), list.length)
          assert.equal(await chain.map(text).reduce(join, ''), list.map(text).join(''))
          assert.equal(await chain.map(text).reduce(tasks.joinLater, '>'), `>${list.map(text).join('')}`)
          assert.deepEqual([...(await chain.groupBy(mod5))], [...Map.groupBy(list, mod5)])
          assert.deepEqual(await chain.countBy(tasks.mod5Later), counted(list))
          assert.deepEqual(
            await chain.sort(),
            list.toSorted((a, b) => a - b),
          )
          assert.deepEqual(await chain.sort(byMod5), list.toSorted(byMod5))
          assert.equal(
            await chain.min(byMod5),
            best(list, (a, b) => byMod5(a, b) < 0),
          )
          assert.equal(
            await chain.max(byMod5),
            best(list, (a, b) => byMod5(a, b) > 0),
          )
          const streamed: number[] = []
          for await (const value of chain) streamed.push(value)
          assert.deepEqual(streamed, list)
        }),
        { numRuns: model === 'processes' ? 15 : 25 },
      )
    })

    test("sorting keeps the rules of a list's sort, whatever the chunk", limit, async () => {
      const values = fc.array(fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined }), {
        maxLength: 24,
      })
      const sizes = fc.constantFrom<number | 'auto'>('auto', 1, 2, 5, 100)
      await fc.assert(
        fc.asyncProperty(values, sizes, async (values, chunk) => {
          const chain = parallel(values, { on, chunk })
          assert.deepEqual(await chain.sort(tasks.definedByMod5), values.toSorted(tasks.definedByMod5))
          const numbers = values.toSorted((one, other) => (one as number) - (other as number))
          assert.deepEqual(await chain.sort(), numbers)
        }),
        { numRuns: 15 },
      )
      const holes = Object.assign(new Array<number>(3), { 0: 3, 2: 1 })
      assert.deepEqual(await parallel(holes, { on, chunk: 1 }).sort(), holes.toSorted())
    })

    test(
      'inputs are read lazily, from anything to iterate over, and closed when the loop is left',
      limit,
      async () => {
        const read = { count: 0, closed: false }
        function* endless() {
          try {
            for (;;) yield read.count++
          } finally {
            read.closed = true
          }
        }
        const found: number[] = []
        for await (const value of parallel(endless(), { on, chunk: 3 }).map(square)) {
          found.push(value)
          if (found.length === 5) break
        }
        assert.deepEqual(found, [0, 1, 4, 9, 16])
        assert.ok(read.closed && read.count < 200, `${read.count} were read`)
        async function* slowly() {
          for (const n of [1, 2, 3]) yield n
        }
        assert.deepEqual(await parallel(slowly(), { on }).map(square).toArray(), [1, 4, 9])
        assert.deepEqual(await parallel(new Set([3, 1]), { on }).sort(), [1, 3])
        assert.deepEqual(
          await parallel(Float64Array.of(1, 2, 3), { on, chunk: 2 })
            .map(square)
            .toArray(),
          [1, 4, 9],
        )
      },
    )

    test('progress tells how many inputs are done, of how many', limit, async () => {
      const told: [number, number | undefined][] = []
      const onProgress = (done: number, total: number | undefined) => told.push([done, total])
      await parallel([1, 2, 3, 4, 5], { on, chunk: 2, onProgress }).filter(isOdd).count()
      assert.deepEqual(told, [
        [2, 5],
        [4, 5],
        [5, 5],
      ])
      told.length = 0
      await parallel([1, 2, 3][Symbol.iterator](), { on, chunk: 3, onProgress }).count()
      assert.deepEqual(told, [[3, undefined]])
    })

    test('the error of a task is that of the run, and ends it', limit, async () => {
      const chain = parallel([1, 7, 2], { on }).map(tasks.failAt7)
      await assert.rejects(chain.toArray(), { name: 'RangeError', message: 'seven' })
      await assert.rejects(chain.sort(), { name: 'RangeError', message: 'seven' })
      await assert.rejects(
        parallel([1], { on })
          .flatMap(square as never)
          .toArray(),
        {
          name: 'TypeError',
          message: /a list, or is a generator; it gave number.*use map/s,
        },
      )
      const refused = { name: 'TypeError', message: /next\(\).* must return/ }
      await assert.rejects(parallel([1], { on }).flatMap(tasks.noSteps).toArray(), refused)
      await assert.rejects(parallel([1], { on }).groupBy(tasks.asObject), {
        name: 'OptionError',
        message: /plain key; it gave object.*give a field/s,
      })
      assert.equal(await parallel([1], { on }).count(), 1)
    })

    test('what its inputs throw is what it rejects with', limit, async () => {
      function* broken() {
        yield 1
        throw new RangeError('no more')
      }
      await assert.rejects(parallel(broken(), { on }).map(square).toArray(), { message: 'no more' })
    })

    test('nothing to combine is refused, unless it is said what that gives', limit, async () => {
      await assert.rejects(parallel<number>([], { on }).reduce(tasks.add), OptionError)
      assert.equal(await parallel<number>([], { on }).reduce(tasks.add, 5), 5)
      assert.equal(await parallel<number>([], { on }).min(), undefined)
    })
  })

test('a chunk goes through all stages on one worker, and chunks on several', limit, async () => {
  await using on = threads({ workers: 2 })
  const seen = await parallel([1, 2, 3, 4], { on, chunk: 2 }).map(tasks.worker).toArray()
  assert.equal(seen[0], seen[1])
  assert.equal(seen[2], seen[3])
})

test('what a task returns is what it was then, though its next call uses it again', limit, async () => {
  const inputs = [1, 2, 3, 4, 5, 6]
  const records = inputs.map(n => ({ n, list: [n] }))
  for (const [make, sizes] of [
    [threads, [1, 4, 6, 'auto']],
    [processes, [4]],
  ] as const) {
    await using on = make({ workers: 2 })
    for (const chunk of sizes) {
      const chain = parallel(inputs, { on, chunk })
      const filled = inputs.map(n => new Uint8Array(4).fill(n))
      assert.deepEqual(await chain.map(tasks.fillBytes).toArray(), filled)
      assert.deepEqual(
        await chain.map(tasks.moveNew).toArray(),
        inputs.map(n => new Uint8Array(8).fill(n)),
      )
      const buffers = inputs.map(n => Buffer.alloc(4, n))
      assert.deepEqual(await chain.map(tasks.fillBufferLater).toArray(), buffers)
      assert.deepEqual(
        await chain.flatMap(tasks.fillPair).toArray(),
        filled.flatMap(bytes => [bytes, bytes]),
      )
      const made = chain.map(tasks.fillRecord)
      assert.deepEqual(await made.filter(tasks.isSmallRecord).toArray(), records.slice(0, 4))
      assert.deepEqual(
        [...(await made.groupBy(tasks.keyOfRecord))],
        [...Map.groupBy(records, tasks.keyOfRecord)],
      )
      assert.deepEqual(await made.sort(tasks.byRecord), records)
      assert.deepEqual(await made.min(tasks.byRecord), records[0])
      assert.deepEqual(await made.max(tasks.byRecord), records[5])
      assert.deepEqual(await made.reduce(tasks.largerRecord), records[5])
      assert.deepEqual(await made.reduce(tasks.gather), { n: 1, list: inputs })
      const sum = await made.reduce(tasks.addRecords)
      assert.deepEqual(sum, { n: 21, list: [21] })
      tasks.fillRecord(0)
      assert.equal(sum.n, 21, 'also where it was combined here')
    }
  }
})

test('on coroutines a chain copies nothing, as no call does there', async () => {
  const [one, other] = await parallel([1, 2], { chunk: 2 }).map(tasks.fillRecord).toArray()
  assert.equal(one, other)
})

test('errors name the stages of the chain, and what comes with its ending', limit, async () => {
  await using on = threads({ workers: 1 })
  await assert.rejects(parallel([3], { on }).map(tasks.leave).toArray(), {
    name: 'WorkerExitedError',
    task: 'leave',
    message: /^Task leave ended its worker/,
  })
  await assert.rejects(parallel([6], { on }).map(tasks.halve).map(tasks.leave).reduce(tasks.sum), {
    task: 'halve → leave → sum',
    message: /^Task halve → leave → sum ended its worker/,
  })
  await on.close()
  await assert.rejects(parallel([3], { on }).map(tasks.halve).count(), {
    name: 'ClosedError',
    message: /halve was not run/,
  })
  await assert.rejects(parallel([3], { on }).count(), { message: /parallel was not run/ })
})

test('numbers on shared memory are not copied', limit, async () => {
  await using on = threads({ workers: 1, maxPayloadBytes: 10_000 })
  const sum = (numbers: Float64Array) => parallel(numbers, { on, chunk: 4_000 }).map(square).reduce(tasks.add)
  assert.equal(await sum(new Float64Array(new SharedArrayBuffer(80_000)).fill(3)), 90_000)
  await assert.rejects(sum(new Float64Array(10_000)), PayloadTooLargeError)
})

test('a cancelled run leaves its worker after the item that it is at', limit, async () => {
  await using on = threads({ workers: 1 })
  const controller = new AbortController()
  const flag = new Int32Array(new SharedArrayBuffer(4))
  const items = new Array(2_000).fill(flag)
  const run = parallel(items, { on: on.with({ signal: controller.signal }), chunk: 2_000 })
  const refused = assert.rejects(run.map(tasks.busy).count(), AbortError)
  while (flag[0] === 0) await new Promise(resolve => setImmediate(resolve))
  controller.abort()
  await refused
  assert.equal(await on.run(tasks.worker, 0), 'thread 1')
})

test('a chunk is repeated if all its tasks may be, and only then', limit, async () => {
  await using on = threads({ workers: 1 })
  const again = on.with({ retries: 1 })
  assert.deepEqual(
    await parallel([1, 2], { on: again, chunk: 2 }).map(tasks.failOnce).map(square).toArray(),
    [1, 4],
  )
  await assert.rejects(parallel([1], { on: again }).map(mod5).toArray(), OptionError)
})

test('without an executor it runs here; tasks may then stand anywhere', async () => {
  const local = task(import.meta, (n: number) => n + 1)
  assert.deepEqual(await parallel([1, 2]).map(local).toArray(), [2, 3])
})

test('what is not a task, no executor, no list or no size is refused at the call', () => {
  assert.throws(() => parallel(5 as never), OptionError)
  assert.throws(() => parallel([1], { on: {} as never }), OptionError)
  for (const chunk of [0, 1.5, 'all' as never]) assert.throws(() => parallel([1], { chunk }), OptionError)
  assert.throws(() => parallel([1], { workers: 2 } as never), OptionError)
  assert.throws(() => parallel([1]).map(((n: number) => n) as never), InvalidTaskError)
  assert.throws(() => parallel([1]).map(countTo as never), InvalidTaskError)
  assert.throws(() => parallel([1]).sort(tasks.joinLater as never), InvalidTaskError)
})

test('the natural order puts what is not a number last', () => {
  assert.deepEqual([Number.NaN, 2, Number.NaN, -1].sort(natural), [-1, 2, Number.NaN, Number.NaN])
})

function counted(list: readonly number[]): Map<number, number> {
  const groups = Map.groupBy(list, mod5)
  return new Map([...groups].map(([key, values]) => [key, values.length]))
}

function best(list: readonly number[], beats: (one: number, other: number) => boolean): number | undefined {
  return list.reduce<number | undefined>(
    (found, value) => (found === undefined || beats(value, found) ? value : found),
    undefined,
  )
}

test('without an executor a chain reads a bounded number of inputs ahead', async () => {
  let read = 0
  function* endless() {
    for (;;) yield read++
  }
  for await (const first of parallel(endless()).map(square)) {
    assert.equal(first, 0)
    break
  }
  assert.ok(read > 1 && read <= 1_100, `${read} were read`)
})

test('NaN comes after all numbers', async () => {
  const inputs = [3, Number.NaN, 1]
  assert.deepEqual(await parallel(inputs).sort(), [1, 3, Number.NaN])
  assert.equal(await parallel(inputs).min(), 1)
  assert.ok(Number.isNaN(await parallel(inputs).max()))
})
