/**
 * Tasks that outlive their caller: kept, repeated, delayed, cancelled, and buried, on simulated
 * machines.
 */
import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { sleep } from '../coroutines/time/sleep.ts'
import { AbortError, OptionError, TimeoutError } from '../errors.ts'
import { runtime } from '../runtime/runtime.ts'
import { simulate } from '../runtime/simulate.ts'
import { clusterWith } from './cluster.ts'
import { NoResultError } from './errors.ts'
import { leaseMs, type Machines, machines } from './fixtures/machines.ts'
import * as tasks from './fixtures/tasks.ts'

beforeEach(() => tasks.begun.clear())

function on(count: number, body: (all: Machines) => Promise<void>): Promise<void> {
  return simulate(
    async () => {
      tasks.begun.clear()
      const all = machines(count)
      try {
        await body(all)
      } finally {
        await all.close()
      }
    },
    { runs: 10 },
  )
}

/** Another program on the same store. */
function another({ store }: Machines) {
  return clusterWith(store, { nodes: [], queue: 'default', name: 'other', ownsEngine: false })
}

test('a submitted task runs though its caller has died, and anybody fetches its result by its id, twice', () =>
  on(1, async all => {
    const { id } = await all.jobs.submit(tasks.double, [21, 1_000])
    all.near.kill()
    const other = another(all)
    assert.equal(await other.result(id), 42)
    assert.equal(await other.result(id), 42)
    await other.close()
  }))

test('a task that fails is run again, after pauses of full jitter, as often as it may', () =>
  on(2, async all => {
    const handle = await all.jobs.submit(tasks.failUntil, [1, 4], { retries: 3, retryDelayMs: 100 })
    assert.equal(await handle.result(), 4)
    assert.deepEqual(tasks.begun.get(1), [1, 2, 3, 4])
    assert.deepEqual(await all.jobs.dead.list(), [])
  }))

test('a task that has failed for good is a dead letter, with each of its failures; it can be retried and dropped', () =>
  on(1, async all => {
    const handle = await all.jobs.submit(tasks.failUntil, [1, 9], { retries: 2, retryDelayMs: 10 })
    await assert.rejects(handle.result(), { name: 'RangeError', message: 'attempt 3 of 1' })
    const [dead, ...others] = await all.jobs.dead.list()
    assert.equal(others.length, 0)
    assert.equal(dead?.id, handle.id)
    assert.equal(dead?.task, 'atonce/src/cluster/fixtures/tasks#failUntil')
    assert.deepEqual(
      dead?.history.map(({ attempt, node, error }) => [attempt, node, error]),
      [1, 2, 3].map(attempt => [attempt, 'node-1', `RangeError: attempt ${attempt} of 1`]),
    )
    const again = await all.jobs.dead.retry(handle.id)
    await assert.rejects(all.jobs.result(again), RangeError)
    await all.jobs.dead.drop(again)
    assert.deepEqual(await all.jobs.dead.list(), [])
    await assert.rejects(all.jobs.dead.drop(again), NoResultError)
    await assert.rejects(all.jobs.dead.retry(again), NoResultError)
  }))

test('retries are refused for a task that may not run twice, and options out of range at the call', () =>
  on(0, async ({ jobs }) => {
    const refused = [
      { retries: 1 },
      { delayMs: -1 },
      { delayMs: 1e13 },
      { id: 'a b' },
      { results: 'some' },
      { retires: 1 },
    ]
    for (const wrong of refused)
      await assert.rejects(jobs.submit(tasks.charge, [1, 1], wrong as never), OptionError)
  }))

test('a delayed task is not begun before its time, and one that is late for its deadline not at all', () =>
  on(1, async all => {
    const startMs = runtime().now()
    const delayed = await all.jobs.submit(tasks.double, [1, 0], { delayMs: 5_000 })
    assert.equal(await delayed.result(), 2)
    assert.ok(runtime().now() - startMs >= 5_000)
    const blocker = await all.jobs.submit(tasks.double, [2, 3_000])
    const late = await all.jobs.submit(tasks.double, [3, 0], { deadlineMs: 1_000 })
    await assert.rejects(late.result(), TimeoutError)
    assert.equal(await blocker.result(), 4)
    assert.equal(tasks.begun.has(3), false)
  }))

test('tasks of higher priority go first, and those of the lowest are not starved', () =>
  on(1, async all => {
    const blocker = await all.jobs.submit(tasks.double, [0, 100])
    await sleep(10)
    const low = await all.jobs.submit(tasks.double, [1, 10], { priority: -1 })
    const high = []
    for (let n = 2; n < 20; n += 1) high.push(await all.jobs.submit(tasks.double, [n, 10], { priority: 1 }))
    await blocker.result()
    await low.result()
    const before = tasks.begun.size
    assert.ok(before >= 3 && before <= 12, `${before} began before the one of the lowest priority had ended`)
    for (const handle of high) await handle.result()
  }))

test('of submissions with one idempotency key, by whoever, only the first counts', () =>
  on(2, async all => {
    const other = another(all)
    const handles = await Promise.all(
      [all.jobs, other, all.jobs].map(jobs =>
        jobs.submit(tasks.charge, [5, 100], { idempotencyKey: 'order-5' }),
      ),
    )
    assert.equal(new Set(handles.map(({ id }) => id)).size, 1)
    for (const handle of handles) assert.equal(await handle.result(), 5)
    await all.jobs.submit(tasks.charge, [5, 100], { idempotencyKey: 'order-5' })
    await sleep(5_000)
    assert.deepEqual(tasks.begun.get(5), [1])
    await other.close()
  }))

test('whoever reserved a key and died before its task was stored costs nobody the task', () =>
  on(1, async all => {
    await all.store.records('keys').create('order-6', Buffer.from('task-6'))
    const handle = await all.jobs.submit(tasks.charge, [6, 1], { idempotencyKey: 'order-6' })
    assert.equal(handle.id, 'task-6')
    assert.equal(await handle.result(), 6)
  }))

test('a waiting task that is cancelled never begins; a running one is told by its signal', () =>
  on(1, async all => {
    const before = tasks.stoppedCount()
    const running = await all.jobs.submit(tasks.untilStopped, [])
    const waiting = await all.jobs.submit(tasks.double, [1, 0])
    await sleep(100)
    assert.equal(await waiting.cancel('changed my mind'), true)
    assert.equal(await running.cancel(), true)
    await assert.rejects(
      waiting.result(),
      (error: Error) => error instanceof AbortError && error.cause === 'changed my mind',
    )
    await assert.rejects(running.result(), AbortError)
    await sleep(leaseMs)
    assert.equal(tasks.stoppedCount(), before + 1)
    assert.equal(tasks.begun.has(1), false)
    assert.equal(await running.cancel(), false)
  }))

test('waits for a result end with the cluster that they were made on, and the task goes on', () =>
  on(1, async all => {
    const other = another(all)
    const handle = await other.submit(tasks.double, [21, 1_000])
    const refused = { code: 'ATONCE_CLOSED', message: /has not come/ }
    const waits = [1, 2].map(() => assert.rejects(handle.result(), refused))
    await other.close()
    await Promise.all(waits)
    await assert.rejects(handle.result(), refused)
    await assert.rejects(other.submit(tasks.double, [1, 0]), {
      code: 'ATONCE_CLOSED',
      message: /not submitted/,
    })
    assert.equal(await all.jobs.result(handle.id), 42)
  }))

test('whoever waits for one result hears of it, however many they are', () =>
  on(1, async all => {
    const handle = await all.jobs.submit(tasks.double, [21, 1_000])
    const [first, second] = [handle.result(), handle.result()]
    assert.equal(await second, 42)
    const before = runtime().now()
    assert.equal(await first, 42)
    assert.equal(runtime().now(), before)
  }))

test('a wait for a result can be limited, and the task goes on', () =>
  on(1, async all => {
    const handle = await all.jobs.submit(tasks.double, [4, 5_000])
    await assert.rejects(handle.result({ timeoutMs: 100 }), TimeoutError)
    assert.equal(await handle.result(), 8)
  }))

test('where nobody will ask nothing is kept, and a task that may not run twice still does not', () =>
  on(2, async all => {
    await all.jobs.submit(tasks.double, [1, 10], { results: 'none' })
    await all.jobs.submit(tasks.charge, [2, 10], { results: 'none' })
    await sleep(1_000)
    assert.deepEqual([tasks.begun.get(1), tasks.begun.get(2)], [[1], [1]])
    assert.deepEqual(await all.store.records('results').keys(), [])
  }))

test('a task whose nodes fall silent again and again is given up, as a dead letter that tells of them', () =>
  on(1, async all => {
    const { id } = await all.jobs.submit(tasks.double, [66, 1_000_000])
    const settled = all.jobs.result(id).catch((error: { code?: unknown }) => error.code)
    let isOver = false
    void settled.then(() => {
      isOver = true
    })
    let last = all.nodes[0]
    for (let runs = 1; !isOver; runs += 1) {
      assert.ok(runs < 12)
      while ((tasks.begun.get(66)?.length ?? 0) < runs && !isOver) await sleep(10)
      last?.engine.kill()
      last = all.start()
    }
    assert.equal(await settled, 'ATONCE_NODE_LOST')
    assert.equal(tasks.begun.get(66)?.length, 7)
    const [dead] = await all.jobs.dead.list()
    assert.equal(dead?.id, id)
    assert.equal(
      dead?.history.filter(({ error }) => /^NodeLostError: the node fell silent/.test(error)).length,
      5,
    )
  }))

test('a task that fails at each attempt, and one that outlasts a lease once, are not taken for that', () =>
  on(1, async all => {
    const often = await all.jobs.submit(tasks.failUntil, [67, 12], { retries: 12, retryDelayMs: 1 })
    assert.equal(await often.result(), 12)
    const { history } = (await all.jobs
      .submit(tasks.failUntil, [68, 99], { retries: 9, retryDelayMs: 1 })
      .then(handle => handle.result())
      .then(
        () => assert.fail('it fails'),
        () => all.jobs.dead.list(),
      )
      .then(list => list[0])) as { history: readonly { error: string }[] }
    assert.equal(history.length, 10)
    for (const { error } of history) assert.match(error, /^RangeError/)
  }))

test('runs that living nodes broke off, or handed back as they left, are not held against a task', () =>
  on(1, async all => {
    const { id } = await all.jobs.submit(tasks.double, [69, 600_000])
    const result = all.jobs.result(id)
    let isOver = false
    const over = () => {
      isOver = true
    }
    result.then(over, over)
    const begun = async (runs: number) => {
      for (; (tasks.begun.get(69)?.length ?? 0) < runs; await sleep(10)) assert.ok(!isOver)
    }
    for (let runs = 1; runs <= 5; runs += 1) {
      await begun(runs)
      const leaving = all.nodes.at(-1)
      all.start()
      await leaving?.node.close(0)
    }
    // Frozen for longer than a lease: fenced when they thaw.
    for (let runs = 6; runs <= 10; runs += 1) {
      await begun(runs)
      const engines = all.nodes.map(({ engine }) => engine)
      for (const engine of engines) engine.freeze()
      all.start()
      await begun(runs + 1)
      for (const engine of engines) engine.thaw()
      await sleep(2_000)
    }
    assert.equal(await result, 138)
  }))
