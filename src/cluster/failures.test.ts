/**
 * What dies, and what becomes of the tasks: on simulated machines, in virtual time, in many orders.
 */
import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { sleep } from '../coroutines/time/sleep.ts'
import { runtime } from '../runtime/runtime.ts'
import { simulate } from '../runtime/simulate.ts'
import { NodeLostError } from './errors.ts'
import { leaseMs, type Machines, machines } from './fixtures/machines.ts'
import * as tasks from './fixtures/tasks.ts'

const runs = 20

beforeEach(() => tasks.begun.clear())

/** A body on so many machines, closed at its end. */
function on(count: number, body: (all: Machines) => Promise<void>, options = {}): Promise<void> {
  return simulate(
    async () => {
      tasks.begun.clear()
      const all = machines(count, options)
      try {
        await body(all)
      } finally {
        await all.close()
      }
    },
    { runs },
  )
}

/** The machine that runs something. */
function busy({ nodes }: Machines) {
  const found = nodes.find(({ node }) => node.running > 0)
  assert.ok(found)
  return found
}

test('a task whose node dies runs on another one within the lease, and says that it is the second attempt', () =>
  on(2, async all => {
    const future = all.jobs.run(tasks.double, 21, 1_000)
    await sleep(500)
    busy(all).engine.kill()
    const diedMs = runtime().now()
    assert.equal(await future, 42)
    assert.ok(runtime().now() - diedMs <= leaseMs + 1_500)
    assert.deepEqual(tasks.begun.get(21), [1, 2])
  }))

test('a task that may not run twice is not repeated when its node dies: the call says that it may have run', () =>
  on(2, async all => {
    const future = all.jobs.run(tasks.charge, 7, 1_000)
    await sleep(500)
    const { engine, node } = busy(all)
    engine.kill()
    await assert.rejects(
      future,
      (error: Error) =>
        error instanceof NodeLostError && error.worker === node.id && /may have run/.test(error.message),
    )
    assert.deepEqual(tasks.begun.get(7), [1])
  }))

test('a task whose node dies before it has begun runs elsewhere, whatever it is', () =>
  on(1, async all => {
    const [first] = all.nodes
    const blocker = all.jobs.run(tasks.double, 1, 500)
    const waiting = all.jobs.run(tasks.charge, 2, 10)
    await sleep(100)
    first?.engine.kill()
    all.start()
    assert.deepEqual([await blocker, await waiting], [2, 2])
    assert.deepEqual(tasks.begun.get(2), [1])
  }))

test('of a node that was frozen past its lease the late result is dropped and counted: the first one counts', () =>
  on(2, async all => {
    const future = all.jobs.run(tasks.attemptOf, 5, 1_000)
    await sleep(500)
    const frozen = busy(all)
    frozen.engine.freeze()
    const attempt = await future
    frozen.engine.thaw()
    await sleep(5 * leaseMs)
    assert.equal(attempt, 2)
    const { fenced, duplicates, done } = frozen.node.counts
    assert.deepEqual([fenced + duplicates, done], [1, 0])
    assert.equal(frozen.node.running, 0)
  }))

test('a frozen node that comes back is not believed about a task that may not run twice', () =>
  on(2, async all => {
    const future = all.jobs.run(tasks.charge, 5, 1_000)
    await sleep(500)
    const frozen = busy(all)
    frozen.engine.freeze()
    await assert.rejects(future, NodeLostError)
    frozen.engine.thaw()
    await sleep(5 * leaseMs)
    assert.equal(frozen.node.counts.done, 0)
    assert.deepEqual(tasks.begun.get(5), [1])
  }))

test('a long task keeps its lease for as long as its node lives', () =>
  on(2, async all => {
    assert.equal(await all.jobs.run(tasks.double, 3, 20 * leaseMs), 6)
    assert.deepEqual(tasks.begun.get(3), [1])
  }))

test('whatever hints get lost, calls, maps and cancellations come to their end', () =>
  on(
    2,
    async all => {
      const numbers = Array.from({ length: 12 }, (_, n) => n)
      const singles = numbers.map(n => all.jobs.run(tasks.double, n, 10))
      assert.deepEqual(
        await Promise.all(singles),
        numbers.map(n => 2 * n),
      )
      assert.deepEqual(
        await all.jobs.map(
          tasks.double,
          numbers.map(n => [n, 10] as const),
          { chunk: 3 },
        ),
        numbers.map(n => 2 * n),
      )
      const before = tasks.stoppedCount()
      const stuck = all.jobs.run(tasks.untilStopped)
      stuck.catch(() => {})
      await sleep(100)
      stuck.cancel()
      while (tasks.stoppedCount() === before) await sleep(100)
      await sleep(10)
      assert.equal(
        all.nodes.reduce((sum, { node }) => sum + node.running, 0),
        0,
      )
    },
    { loss: 0.5 },
  ))

test('a stream brings its values in order, or fails when some were lost; it never goes on without them', () =>
  simulate(
    async () => {
      const all = machines(1, { loss: 0.02 })
      const values: number[] = []
      try {
        for await (const n of all.jobs.stream(tasks.countTo, 60)) values.push(n)
        assert.equal(values.length, 60)
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'ATONCE_CONNECTION_LOST')
      }
      assert.deepEqual(values, [...values.keys()])
      await all.close()
    },
    { runs },
  ))

test('a stream whose node dies fails, and is not begun again', () =>
  on(2, async all => {
    const values: number[] = []
    await assert.rejects(async () => {
      for await (const n of all.jobs.stream(tasks.countTo, 1_000_000)) {
        values.push(n)
        if (n === 5) busy(all).engine.kill()
      }
    }, NodeLostError)
    assert.deepEqual(values.slice(0, 6), [0, 1, 2, 3, 4, 5])
  }))

test('a node that closes hands back what it has not ended, and another one ends it', () =>
  on(1, async all => {
    const [first] = all.nodes
    const long = all.jobs.run(tasks.double, 1, 10_000)
    await sleep(100)
    const closing = first?.node.close(1_000)
    all.start()
    await closing
    assert.equal(await long, 2)
    assert.deepEqual(tasks.begun.get(1), [1, 2])
  }))

for (const isLocal of [true, false])
  test(`machines that die, freeze and come back at any moment lose no task, and each is settled once (${isLocal ? 'here' : 'as with a server'})`, () =>
    simulate(
      async ({ random }) => {
        tasks.begun.clear()
        const all = machines(3, { workers: 2, loss: 0.1, isLocal })
        const numbers = Array.from({ length: 40 }, (_, n) => n)
        const endings = Promise.all(numbers.map(n => all.jobs.run(tasks.double, n, 50 + random() * 2_000)))
        let over = false
        const faults = (async () => {
          while (!over) {
            await sleep(200 + random() * 1_500)
            const { engine } = all.nodes[Math.floor(random() * all.nodes.length)] as (typeof all.nodes)[0]
            if (random() < 0.3) {
              engine.kill()
              all.start()
            } else {
              engine.freeze()
              await sleep(random() * 2 * leaseMs)
              engine.thaw()
            }
          }
        })()
        assert.deepEqual(
          await endings,
          numbers.map(n => 2 * n),
        )
        over = true
        await faults
        const { done, failed } = all.jobs.stats()
        assert.deepEqual([done, failed], [40, 0])
        await all.close()
      },
      { runs },
    ))
