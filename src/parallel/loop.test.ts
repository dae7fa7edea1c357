import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import fc from 'fast-check'
import { coroutines } from '../coroutines/coroutines.ts'
import { AbortError, InvalidTaskError, OptionError } from '../errors.ts'
import type { Executor } from '../executor/executor.ts'
import { processes } from '../processes/processes.ts'
import { SharedArray } from '../sync/shared-array.ts'
import { threads } from '../threads/threads.ts'
import * as tasks from './fixtures/tasks.ts'
import { type LoopRange, parallelFor } from './loop.ts'
import { type Schedule, type ScheduleKind, type Share, sharesOf } from './schedule.ts'

const limit = { timeout: 120_000 }
const kinds: readonly ScheduleKind[] = ['static', 'dynamic', 'guided']

const ranges = fc.record(
  {
    from: fc.integer({ min: -40, max: 40 }),
    to: fc.integer({ min: -40, max: 40 }),
    step: fc.constantFrom(1, 2, 3, -1, -2, -7),
    schedule: fc.constantFrom(...kinds),
    chunk: fc.integer({ min: 1, max: 100 }),
  },
  { requiredKeys: ['to'] },
)

/** The indexes of the plain loop. */
function indexesOf({ from = 0, to, step = 1 }: LoopRange): number[] {
  const indexes: number[] = []
  for (let i = from; step > 0 ? i < to : i > to; i += step) indexes.push(i)
  return indexes
}

const models: readonly (readonly [string, () => Executor])[] = [
  ['coroutines', () => coroutines({ concurrency: 3 })],
  ['threads', () => threads({ workers: 3 })],
]

for (const [model, make] of models)
  describe(model, limit, () => {
    const pool = make()
    after(() => pool.close())

    test('every range and schedule gives what the plain loop gives, in its order', limit, async () => {
      await fc.assert(
        fc.asyncProperty(ranges, async range => {
          const expected = indexesOf(range)
            .map(i => `${i};`)
            .join('')
          const reduction = { ...range, reduce: tasks.join, initial: '>' }
          assert.equal(await parallelFor(pool, reduction, tasks.indexText, ';'), `>${expected}`)
          const later = { ...range, reduce: tasks.joinLater, initial: '' }
          assert.equal(await parallelFor(pool, later, tasks.indexText, ';'), expected)
        }),
        { numRuns: 60 },
      )
    })

    test('each step is done once, on memory that the bodies share', limit, async () => {
      for (const schedule of kinds)
        for (const body of [tasks.countVisit, tasks.countVisitLater]) {
          const visits = new SharedArray('i32', 500)
          await parallelFor(pool, { to: 500, schedule }, body, visits)
          assert.deepEqual([...visits], new Array(500).fill(1))
        }
    })

    test('steps of unequal work end as the plain loop does', limit, async () => {
      const serial = new SharedArray('i32', 3_000)
      for (let i = 0; i < 3_000; i += 1) tasks.collatz(i, serial)
      for (const schedule of kinds) {
        const lengths = new SharedArray('i32', 3_000)
        await parallelFor(pool, { to: 3_000, schedule }, tasks.collatz, lengths)
        assert.deepEqual([...lengths], [...serial])
      }
    })

    test('the error of a body is that of the loop', limit, async () => {
      for (const schedule of kinds)
        await assert.rejects(parallelFor(pool, { to: 900, schedule }, tasks.failAtIndex, 777), {
          name: 'RangeError',
          message: 'at 777',
        })
    })

    test('a loop without steps gives what comes first, and nothing is refused', limit, async () => {
      assert.equal(await parallelFor(pool, { to: 0 }, tasks.failAtIndex, 0), undefined)
      assert.equal(
        await parallelFor(pool, { to: 0, reduce: tasks.join, initial: 'a' }, tasks.indexText, ''),
        'a',
      )
      await assert.rejects(parallelFor(pool, { to: 0, reduce: tasks.join }, tasks.indexText, ''), OptionError)
    })
  })

test('a loop that is cancelled leaves its workers', limit, async () => {
  await using pool = threads({ workers: 2 })
  const controller = new AbortController()
  const begun = new Int32Array(new SharedArrayBuffer(8))
  const loop = parallelFor(
    pool.with({ signal: controller.signal }),
    { to: 2 ** 31 - 1, schedule: 'static' },
    tasks.spinInLoop,
    begun,
  )
  const refused = assert.rejects(loop, AbortError)
  while (begun.includes(0)) await new Promise(resolve => setImmediate(resolve))
  controller.abort()
  await refused
  const names = await pool.map(tasks.worker, [1, 2, 3, 4])
  for (const name of names) assert.match(name, /^thread [12]$/)
})

test('what a body returns is what it was then, though its next call uses it again', limit, async () => {
  await using pool = threads({ workers: 2 })
  for (const schedule of kinds) {
    const gathered = await parallelFor(pool, { to: 9, schedule, reduce: tasks.gather }, tasks.fillRecord)
    assert.deepEqual(gathered, { n: 0, list: [0, 1, 2, 3, 4, 5, 6, 7, 8] })
    const largest = await parallelFor(
      pool,
      { from: 8, to: -1, step: -1, schedule, reduce: tasks.largerRecord },
      tasks.fillRecord,
    )
    assert.deepEqual(largest, { n: 8, list: [8] })
  }
})

test('errors name the body of the loop, and what combines its values', limit, async () => {
  await using pool = threads({ workers: 1 })
  await assert.rejects(parallelFor(pool, { to: 3 }, tasks.leave), {
    name: 'WorkerExitedError',
    task: 'leave',
    message: /^Task leave ended its worker/,
  })
  await assert.rejects(parallelFor(pool, { to: 3, reduce: tasks.sum }, tasks.leave), { task: 'leave → sum' })
})

test('whoever takes shares, in whatever turns, each step is somebody’s, and once', () => {
  const turns = fc.array(fc.nat({ max: 4 }), { maxLength: 200 })
  const sizes = fc.record({
    kind: fc.constantFrom(...kinds),
    steps: fc.nat({ max: 300 }),
    workers: fc.integer({ min: 1, max: 5 }),
    chunk: fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined }),
  })
  fc.assert(
    fc.property(sizes, turns, (size, turns) => {
      const schedule: Schedule = { ...size, taken: new Int32Array(1) }
      const takers = Array.from({ length: size.workers }, (_, worker) => sharesOf(schedule, worker))
      const shares: Share[] = []
      for (const turn of turns) {
        const next = takers[turn % size.workers]?.next()
        if (next?.value !== undefined) shares.push(next.value)
      }
      for (const taker of takers) shares.push(...taker)
      const steps = shares.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, at) => from + at))
      assert.deepEqual(
        steps.toSorted((a, b) => a - b),
        Array.from({ length: size.steps }, (_, at) => at),
      )
    }),
  )
})

test('guided shares get smaller, down to the chunk', () => {
  const schedule: Schedule = { kind: 'guided', steps: 100, workers: 2, chunk: 4, taken: new Int32Array(1) }
  const sizes = [...sharesOf(schedule, 0)].map(({ from, to }) => to - from)
  assert.deepEqual(sizes.slice(0, 4), [25, 19, 14, 11])
  assert.ok(sizes.slice(0, -1).every(size => size >= 4))
})

test('what is not a range, no schedule, no size and no task is refused at the call', async () => {
  await using pool = threads({ workers: 1 })
  const wrong: unknown[] = [
    {},
    { to: 1.5 },
    { to: Number.NaN },
    { to: 2 ** 53 },
    { to: 2 ** 31 },
    { to: 5, step: 0 },
    { to: 5, chunk: 0 },
    { to: 5, chunk: 2 ** 31 },
    { to: 5, chunk: Number.POSITIVE_INFINITY },
    { to: 5, schedule: 'auto' },
    { to: 5, end: 6 },
  ]
  for (const range of wrong)
    assert.throws(
      () => parallelFor(pool, range as LoopRange, tasks.countVisit, new SharedArray('i32', 9)),
      OptionError,
    )
  assert.throws(() => Reflect.apply(parallelFor, undefined, [pool, { to: 5 }, () => 1]), InvalidTaskError)
  assert.throws(
    () => parallelFor(pool, { to: 5, reduce: (() => 1) as never }, tasks.indexText, ''),
    InvalidTaskError,
  )
})

test('processes are refused: they share no memory', async () => {
  await using pool = processes({ workers: 1 })
  assert.throws(() => parallelFor(pool, { to: 5 }, tasks.failAtIndex, 9), {
    name: 'OptionError',
    message: /share none\. Use threads\(\), or parallel/,
  })
})
