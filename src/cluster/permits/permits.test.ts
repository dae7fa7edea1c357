/** How many tasks of a queue run at a time: on simulated machines, some of which die or freeze. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep } from '../../coroutines/time/sleep.ts'
import { runtime } from '../../runtime/runtime.ts'
import { simulate } from '../../runtime/simulate.ts'
import { leaseMs, type Machines, machines } from '../fixtures/machines.ts'
import * as tasks from '../fixtures/tasks.ts'
import { permitsOf } from './permits.ts'
import { readPermits, sharesOf, writePermits } from './record.ts'

/** A body on machines that know of the limit from their start. */
function limited(
  { most, count, workers, runs = 3 }: { most: number; count: number; workers: number; runs?: number },
  body: (all: Machines) => Promise<void>,
): Promise<void> {
  return simulate(
    async () => {
      Object.assign(tasks.crowded, { now: 0, most: 0, ended: 0 })
      const all = machines(0, { workers, isLocal: false })
      try {
        await all.jobs.limit('default', most)
        for (let n = 0; n < count; n += 1) all.start()
        await body(all)
      } finally {
        await all.close()
      }
    },
    { runs },
  )
}

function submitAll({ jobs }: Machines, count: number, ms: number): Promise<unknown[]> {
  const submitting = Array.from({ length: count }, async () =>
    (await jobs.submit(tasks.crowd, [ms])).result(),
  )
  return Promise.all(submitting)
}

async function heldBy({ store }: Machines): Promise<number[]> {
  const record = await permitsOf(store, 'default')
  return (record?.holders ?? []).map(({ count }) => count).sort((one, other) => one - other)
}

test('as many tasks of a queue run as its limit allows, and no more, on all nodes together', () =>
  limited({ most: 3, count: 3, workers: 4 }, async all => {
    await submitAll(all, 40, 50)
    assert.deepEqual([tasks.crowded.most, tasks.crowded.ended], [3, 40])
    const { queues } = await all.jobs.status()
    assert.deepEqual([queues[0]?.limit, queues[0]?.permits], [3, 3])
  }))

test('nodes that die, freeze and come back change nothing in that, and no task is lost', () =>
  limited({ most: 3, count: 3, workers: 2, runs: 12 }, async all => {
    const submitted = submitAll(all, 40, 400)
    for (let n = 0; n < 4; n += 1) {
      await sleep(leaseMs * runtime().random())
      const { engine } = all.nodes[Math.floor(runtime().random() * all.nodes.length)] as (typeof all.nodes)[0]
      if (runtime().random() < 0.5) {
        engine.kill()
        all.start()
      } else {
        engine.freeze()
        await sleep(2 * leaseMs * runtime().random())
        engine.thaw()
      }
    }
    all.start()
    await submitted
    assert.ok(tasks.crowded.most <= 3, `${tasks.crowded.most} ran at a time`)
  }))

test('the permits of a node that dies are held by others a lease later', () =>
  limited({ most: 2, count: 1, workers: 2 }, async all => {
    while ((await heldBy(all))[0] !== 2) await sleep(10)
    all.nodes[0]?.engine.kill()
    const diedMs = runtime().now()
    all.start()
    await submitAll(all, 4, 10)
    assert.deepEqual(await heldBy(all), [2])
    assert.ok(runtime().now() - diedMs <= 1.5 * leaseMs)
  }))

test('a node that joins gets its share of permits that are in use, and one that leaves gives them back at once', () =>
  limited({ most: 4, count: 1, workers: 4 }, async all => {
    const submitted = submitAll(all, 60, 100)
    while ((await heldBy(all))[0] !== 4) await sleep(10)
    const { node } = all.start()
    while ((await heldBy(all)).join() !== '2,2') await sleep(10)
    const sinceMs = runtime().now()
    await node.close(1_000)
    while ((await heldBy(all)).join() !== '4') await sleep(10)
    assert.ok(runtime().now() - sinceMs < leaseMs / 2)
    await submitted
    assert.equal(tasks.crowded.most, 4)
  }))

test('a limit can be lowered to nothing, raised and lifted while tasks wait', () =>
  limited({ most: 0, count: 2, workers: 3 }, async all => {
    const submitted = submitAll(all, 30, 100)
    await sleep(2 * leaseMs)
    assert.equal(tasks.crowded.most, 0)
    await all.jobs.limit('default', 2)
    while (tasks.crowded.ended < 4) await sleep(10)
    assert.equal(tasks.crowded.most, 2)
    await all.jobs.limit('default', Number.POSITIVE_INFINITY)
    await submitted
    assert.ok(tasks.crowded.most > 2)
    assert.equal((await all.jobs.status()).queues[0]?.limit, undefined)
  }))

test('a limit is a whole number', async () => {
  const all = machines(0)
  await assert.rejects(all.jobs.limit('default', 1.5), { code: 'ATONCE_OPTION' })
  await assert.rejects(all.jobs.limit('default', -1), { code: 'ATONCE_OPTION' })
  await assert.rejects(all.jobs.limit('a queue', 1), { code: 'ATONCE_OPTION' })
  await all.close()
})

test('each gets the same, nobody more than it wants, and nothing is left over that somebody wants', () => {
  assert.deepEqual(sharesOf(5, [4, 4, 4]), [2, 2, 1])
  assert.deepEqual(sharesOf(10, [1, 9, 9]), [1, 5, 4])
  assert.deepEqual(sharesOf(10, [1, 2]), [1, 2])
  assert.deepEqual(sharesOf(0, [1, 2]), [0, 0])
  assert.deepEqual(sharesOf(2, []), [])
})

test('a record of permits is read as it was written, and what is none is refused', () => {
  const record = { most: 3, holders: [{ node: 'a', count: 1, want: 2, beat: 7 }] }
  assert.deepEqual(readPermits(writePermits(record)), record)
  assert.deepEqual(readPermits(writePermits({ most: Number.POSITIVE_INFINITY, holders: [] }))?.holders, [])
  for (const forged of [{ most: -1, holders: [] }, { most: 1, holders: [{ node: 1 }] }, { most: 1 }])
    assert.equal(readPermits(writePermits(forged as never)), undefined)
  assert.equal(readPermits(Buffer.from('nothing')), undefined)
})
