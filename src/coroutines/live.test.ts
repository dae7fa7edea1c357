/** Executors, calls and scopes in one tree. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { currentExecutor } from '../executor/current-executor.ts'
import { treeLines } from '../live/print.ts'
import { liveTree } from '../live/register.ts'
import { simulate } from '../runtime/simulate.ts'
import { task } from '../task/task.ts'
import { coroutines } from './coroutines.ts'
import { scope } from './scope/scope.ts'
import { sleep } from './time/sleep.ts'

const meta = { url: 'test:live' } as ImportMeta
const deaf = Promise.withResolvers<void>()
const nap = task(meta, function nap(ms: number): Promise<void> {
  return sleep(ms)
})
const order = task(meta, function order(ms: number): Promise<void> {
  return scope(s => void s.spawn(() => sleep(ms), { name: 'cook' }), { name: 'kitchen' })
})
const split = task(meta, async function split(ms: number): Promise<void> {
  const here = currentExecutor()
  await Promise.all([here?.run(nap, ms), here?.run(nap, ms)])
})
const stubborn = task(meta, function stubborn(): Promise<void> {
  return deaf.promise
})

/** Ages need a second look to be known, and would differ: these tests look once. */
const seen = () => treeLines(liveTree())

test('an executor is told with its calls, the scopes that they have opened, and what waits', () =>
  simulate(
    async () => {
      const pool = coroutines({ concurrency: 2, name: 'kitchen staff' })
      const calls = [
        pool.run(order, 50),
        pool.run(nap, 40),
        pool.run(nap, 40),
        pool.run(nap, 40),
        pool.run(order, 1),
      ]
      await sleep(1)
      assert.deepEqual(seen(), [
        'executor kitchen staff (coroutines): open, 2 running, 3 waiting, 0 done',
        '├─ order: running, waits for kitchen to end',
        '│  └─ scope kitchen: closing',
        '│     └─ child cook: running, waits for 50 ms to pass',
        '├─ nap: running, waits for 40 ms to pass',
        '├─ nap ×2: queued',
        '└─ order: queued',
      ])
      await Promise.all(calls)
      await pool.close()
      assert.deepEqual(seen(), [])
    },
    { schedule: 'fifo' },
  ))

test('a nested call is told with the call that made it', () =>
  simulate(
    async () => {
      const pool = coroutines({ concurrency: 1 })
      const call = pool.run(split, 10)
      await sleep(1)
      assert.deepEqual(seen(), [
        'executor coroutines: open, 2 running, 1 waiting, 0 done',
        '├─ split: running',
        '├─ nap: running, made by split, waits for 10 ms to pass',
        '└─ nap: queued, made by split',
      ])
      await call
      await pool.close()
    },
    { schedule: 'fifo' },
  ))

test('a cancelled call is told as long as it has not left, and a closing executor as long as it is not closed', () =>
  simulate(
    async () => {
      const pool = coroutines()
      const call = pool.run(stubborn)
      await sleep(1)
      call.cancel()
      await assert.rejects(call)
      const closing = pool.close()
      assert.deepEqual(seen(), [
        'main: waits for all that was accepted to end',
        'executor coroutines: closing, 1 running, 0 waiting, 0 done',
        '└─ stubborn: cancelled, but not left',
      ])
      deaf.resolve()
      await closing
      assert.deepEqual(seen(), [])
    },
    { schedule: 'fifo' },
  ))

test('a look changes nothing: who waits still waits, and goes on', () =>
  simulate(async () => {
    const done = scope(async s => (await s.spawn(() => sleep(5).then(() => 7), { name: 'seven' })) + 1)
    await sleep(1)
    const before = seen().length
    assert.equal(seen().length, before)
    assert.equal(await done, 8)
  }))
