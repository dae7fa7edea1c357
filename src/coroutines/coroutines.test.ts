/**
 * The event loop as an executor: its calls take turns, each in its own context, in time that a test
 * controls.
 */
import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { test } from 'node:test'
import { AbortError, WorkerStartTimeoutError } from '../errors.ts'
import { simulate } from '../runtime/simulate.ts'
import { context } from '../task/context.ts'
import { task } from '../task/task.ts'
import { coroutines } from './coroutines.ts'
import { scope } from './scope/scope.ts'
import { sleep } from './time/sleep.ts'

const storage = new AsyncLocalStorage<string>()

const enters = task(import.meta, function enters(name: string): unknown {
  const before = storage.getStore()
  storage.enterWith(name)
  return before
})

const entersLater = task(import.meta, async function entersLater(name: string): Promise<unknown> {
  const before = storage.getStore()
  storage.enterWith(name)
  await Promise.resolve()
  assert.equal(storage.getStore(), name)
  return before
})

const nap = task(import.meta, async function nap(ms: number): Promise<number> {
  await sleep(ms)
  return ms
})

test('what a call enters does not leak into the next one; each begins in the context of its caller', async () => {
  for (const work of [enters, entersLater]) {
    await using pool = coroutines({ concurrency: 1 })
    const one = storage.run('caller', () => pool.run(work, 'one'))
    const two = pool.run(work, 'two')
    const three = storage.run('other', () => pool.run(work, 'three'))
    assert.deepEqual(await Promise.all([one, two, three]), ['caller', undefined, 'other'])
    const mapped = await storage.run('map', () => pool.map(work, ['a', 'b', 'c']))
    assert.deepEqual(mapped, ['map', 'map', 'map'])
    assert.equal(storage.getStore(), undefined)
  }
})

test('no more calls are under way than concurrency says, in virtual time and in any order', () =>
  simulate(
    async ({ now }) => {
      await using pool = coroutines({ concurrency: 2 })
      assert.deepEqual(await pool.map(nap, [30, 10, 10, 20]), [30, 10, 10, 20])
      assert.equal(now(), 40)
      const seen: number[] = []
      for await (const ms of pool.map(nap, [30, 10, 15], { ordered: false })) seen.push(ms)
      assert.deepEqual(seen, [10, 15, 30])
    },
    { runs: 20 },
  ))

test('a time limit stops what a task waits for, in virtual time', () =>
  simulate(async ({ now }) => {
    await using pool = coroutines({ concurrency: 1 })
    await assert.rejects(pool.with({ timeoutMs: 50 }).run(nap, 60_000), { code: 'ATONCE_TIMEOUT' })
    assert.equal(await pool.run(nap, 1), 1)
    assert.equal(now(), 51)
  }))

test('progress and throwIfCancelled work when they are taken out of the context', async () => {
  const steps = task(import.meta, async function steps(): Promise<void> {
    const { progress, throwIfCancelled } = context()
    progress(1, 2)
    throwIfCancelled()
  })
  await using pool = coroutines()
  const told: unknown[] = []
  await pool.run(steps).onProgress((done, total) => told.push([done, total]))
  assert.deepEqual(told, [[1, 2]])
})

const neverReady = task(import.meta, async function neverReady(): Promise<void> {
  await sleep(Number.POSITIVE_INFINITY)
})

test('an initialize that does not end in time fails the calls that wait for it, by its name', () =>
  simulate(async ({ now }) => {
    await using pool = coroutines({ initialize: neverReady, startTimeoutMs: 50 })
    const waiting = [pool.run(nap, 1), pool.run(nap, 2)]
    for (const call of waiting)
      await assert.rejects(
        call,
        (error: unknown) =>
          error instanceof WorkerStartTimeoutError && /initialize task, neverReady,/.test(error.message),
      )
    assert.equal(now(), 50)
  }))

test('whoever waits for room waits no longer than its scope, and its place goes to the next', () =>
  simulate(async ({ now }) => {
    await using pool = coroutines({ concurrency: 1, queueLimit: 1 })
    const calls = [pool.run(nap, 50), pool.run(nap, 50)]
    const first = pool.room().then(() => 'first')
    const inScope = scope(() => pool.room(), { timeoutMs: 10 })
    const last = pool.room().then(() => now())
    await assert.rejects(inScope, { code: 'ATONCE_TIMEOUT' })
    assert.equal(now(), 10)
    assert.equal(await first, 'first')
    assert.equal(await last, 50)
    await Promise.all(calls)
  }))

test('a wait for room ends with its signal, by an AbortError with its reason', () =>
  simulate(async () => {
    await using pool = coroutines({ concurrency: 1, queueLimit: 1 })
    const calls = [pool.run(nap, 50), pool.run(nap, 50)]
    const controller = new AbortController()
    const waiting = pool.room({ signal: controller.signal })
    const reason = new Error('enough')
    controller.abort(reason)
    await assert.rejects(waiting, (error: unknown) => error instanceof AbortError && error.cause === reason)
    await assert.rejects(pool.room({ signal: controller.signal }), { code: 'ATONCE_ABORTED' })
    await Promise.all(calls)
  }))
