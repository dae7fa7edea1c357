/** Scopes and executors: calls that live as long as a scope. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AbortError, InvalidTaskError } from '../../errors.ts'
import type { Executor } from '../../executor/executor.ts'
import { park } from '../../runtime/park.ts'
import { simulate } from '../../runtime/simulate.ts'
import { currentStrand } from '../../runtime/strand.ts'
import { context } from '../../task/context.ts'
import { task } from '../../task/task.ts'
import { asCompleted, wait } from '../../task/wait.ts'
import { coroutines } from '../coroutines.ts'
import { sleep } from '../time/sleep.ts'
import { scope } from './scope.ts'

const add = task(import.meta, async function add(a: number, b: number): Promise<number> {
  await sleep(5)
  return a + b
})

const cancelledWith: unknown[] = []

const endless = task(import.meta, async function endless(): Promise<void> {
  await sleep(Number.POSITIVE_INFINITY).catch(error => cancelledWith.push(error))
  assert.ok(context().cancelled)
})

const endlessly = task(import.meta, async function endlessly(_: number): Promise<void> {
  await sleep(Number.POSITIVE_INFINITY)
})

const trickle = task(import.meta, async function* trickle(): AsyncGenerator<number> {
  for (let n = 0; ; n += 1) {
    yield n
    await sleep(60_000)
  }
})

const failing = task(import.meta, async function failing(): Promise<void> {
  await sleep(5)
  throw new RangeError('of the task')
})

test('a task run in a scope is a child of it: awaited for its typed result, named by the task', () =>
  simulate(
    async time => {
      await using pool = coroutines()
      const sum: number = await scope(async s => {
        const one = s.run(pool, add, 1, 2)
        s.run(pool, add, 3, 4)
        assert.equal(one.name, 'add')
        // @ts-expect-error: add takes numbers
        const wrong = s.run(pool, add, 'a', 'b')
        wrong.cancel()
        return one
      })
      assert.deepEqual([sum, time.now(), pool.stats().done], [3, 5, 2])
    },
    { seed: 1, runs: 10 },
  ))

test('a failure cancels the scope’s calls, in the queue and under way', () =>
  simulate(
    async () => {
      cancelledWith.length = 0
      await using pool = coroutines({ concurrency: 3 })
      await assert.rejects(
        scope(s => {
          s.run(pool, endless)
          s.run(pool, failing)
          s.run(pool, add, 1, 2)
          s.run(pool, endless)
        }),
        RangeError,
      )
      assert.equal(pool.stats().queued, 0)
      while (pool.stats().running > 0) await sleep(1)
      assert.ok(cancelledWith.length >= 1 && cancelledWith.every(error => error instanceof AbortError))
    },
    { seed: 1, runs: 10 },
  ))

test('a task on the loop belongs to its call, not to the scope whose turn let it begin', () =>
  simulate(
    async () => {
      await using pool = coroutines({ concurrency: 1 })
      const gate = park<void>('the gate', {})
      const first = scope(s => {
        s.run(pool, failing)
        s.spawn(() => gate.promise)
      })
      const second = pool.run(add, 1, 2)
      gate.unpark()
      await assert.rejects(first, RangeError)
      assert.equal(await second, 3)
    },
    { seed: 1, runs: 10 },
  ))

test('what is not a task is refused at the call', () =>
  simulate(async () => {
    await using pool = coroutines()
    await scope(s =>
      assert.throws(() => s.run(pool, (() => {}) as unknown as typeof failing), InvalidTaskError),
    )
  }))

test('whatever a scope starts on an executor ends with it', () =>
  simulate(async () => {
    const starts: readonly ((pool: Executor) => Promise<unknown>)[] = [
      async pool => await pool.run(endless),
      pool => pool.run(endless),
      async pool => await pool.run(endless).then(() => 1),
      async pool => await Promise.all([pool.run(endless), pool.run(add, 1, 2)]),
      async pool => await pool.map(endlessly, [1, 2]),
      async pool => {
        for await (const _ of pool.map(endlessly, [1, 2]));
      },
      async pool => {
        for await (const _ of pool.stream(trickle));
      },
      async pool => {
        pool.run(endless).catch(() => {})
        await sleep(60_000)
      },
    ]
    for (const start of starts) {
      cancelledWith.length = 0
      await using pool = coroutines()
      await assert.rejects(
        scope(() => start(pool), { timeoutMs: 10, graceMs: 50 }),
        { code: 'ATONCE_TIMEOUT' },
        String(start),
      )
      await sleep(0)
      assert.equal(pool.stats().running, 0, String(start))
    }
  }))

test('a wait for what was started outside of the scope ends with it, and cancels nothing', () =>
  simulate(async () => {
    await using pool = coroutines()
    const future = pool.run(add, 1, 2)
    const results = pool.map(add, [[1, 2]])
    const waits: readonly (() => Promise<unknown>)[] = [
      () => future,
      async () => await future,
      async () => await Promise.all([future]),
      () => wait([future]),
      () => asCompleted([future]).next(),
      async () => await results,
    ]
    for (const waiting of waits)
      await assert.rejects(
        scope(waiting, { timeoutMs: 0.01, graceMs: 50 }),
        { code: 'ATONCE_TIMEOUT' },
        String(waiting),
      )
    assert.equal(await future, 3)
  }))

test('a cancelled scope starts nothing more on an executor', () =>
  simulate(async () => {
    await using pool = coroutines()
    let after: unknown
    await assert.rejects(
      scope(
        async () => {
          await sleep(60_000).catch(() => {})
          after = await pool.run(add, 1, 2).catch(error => error)
        },
        { timeoutMs: 5 },
      ),
      { code: 'ATONCE_TIMEOUT' },
    )
    assert.equal((after as { code?: string }).code, 'ATONCE_TIMEOUT')
    assert.equal(pool.stats().done, 0)
  }))

test('a future that settles leaves nothing with the scope that it was started in', () =>
  simulate(async () => {
    await using pool = coroutines()
    await scope(async () => {
      await pool.run(add, 1, 2)
      await pool.map(add, [[1, 2]])
      assert.deepEqual(currentStrand()?.held, [])
    })
  }))
