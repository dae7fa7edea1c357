/** A worker that is stuck in a call keeps no other one waiting. */
import assert from 'node:assert/strict'
import type { FakeWorker } from '../worker/fixtures/fake-worker.ts'
import { both, played } from './fixtures/play.ts'

played(
  'small calls that went behind one that takes long are soon with the worker that idled',
  ['thread'],
  async play => {
    const it = play({ workers: 2 })
    it.warm()
    const [slow] = it.submitMany(1)
    const [stuck, free] = it.workers.toSorted((a, b) => b.inbox.length - a.inbox.length) as [
      FakeWorker,
      FakeWorker,
    ]
    stuck.begin()
    const behind = it.submitMany(5)
    assert.deepEqual([stuck.inbox.length, free.inbox.length], [5, 0])
    await it.virtual.advance(5)
    free.work()
    assert.deepEqual(
      behind.map(({ ending }) => ending),
      behind.map(({ id }) => `done ${id}`),
    )
    assert.equal(slow?.ending, 'open')
    stuck.answer()
    stuck.read()
    await it.close(0)
  },
)

played(
  'calls behind one that takes long go to a worker that has nothing to do, and do not come back',
  ['thread'],
  async play => {
    const it = play({ workers: 2 })
    it.warm()
    const calls = it.submitMany(22)
    const [one, two] = it.workers as [FakeWorker, FakeWorker]
    const [stuck, free] = one.inbox.length > two.inbox.length ? [one, two] : [two, one]
    stuck.begin()
    free.work()
    await it.virtual.advance(10)
    assert.deepEqual(stuck.inbox, [])
    for (let round = 0; round < 3; round += 1) {
      free.work()
      await it.virtual.advance(1)
    }
    assert.equal(calls.filter(({ outcome }) => outcome !== undefined).length, 21)
    await it.settle()
    assert.ok(calls.every(call => it.begins(call) === 1))
  },
)

played(
  'a worker that comes late to its first call keeps it, and is idle when it has done it',
  ['thread'],
  async play => {
    const it = play({ workers: 2 })
    it.warm()
    it.submitMany(6)
    const [one, two] = it.workers as [FakeWorker, FakeWorker]
    const [late, free] = one.inbox.length > two.inbox.length ? [one, two] : [two, one]
    free.work()
    await it.virtual.advance(10)
    free.work()
    await it.virtual.advance(10)
    assert.equal(late.inbox.length, 1)
    late.work()
    assert.deepEqual(it.pool.stats().workers, { starting: 0, idle: 2, busy: 0 })
    await it.close(1_000)
  },
)

played('new calls are not put behind one that takes long', both, async play => {
  const it = play({ workers: 1 })
  it.warm()
  it.submit()
  it.worker(0).begin()
  await it.virtual.advance(5)
  it.submit()
  assert.equal(it.worker(0).inbox.length, 0)
  await it.settle()
})
