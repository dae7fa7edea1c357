/** Calls that others have made, as the pool sees them. */
import assert from 'node:assert/strict'
import { move } from '../task/transfer.ts'
import type { FakeWorker } from '../worker/fixtures/fake-worker.ts'
import { nestOf, other, played } from './fixtures/play.ts'

played(
  'what waits behind a call that has ended before those it made goes to another worker',
  ['thread'],
  async play => {
    const it = play({ workers: 2 })
    it.warm()
    it.submit()
    const [one, two] = it.workers.toSorted((a, b) => b.inbox.length - a.inbox.length) as [
      FakeWorker,
      FakeWorker,
    ]
    const taken = it.submit({ of: other }) // Keeps the second one busy.
    assert.equal(two.inbox.length, 1)
    two.begin()
    one.begin()
    one.say(nestOf(one))
    one.read()
    assert.equal(one.helping.length, 1)
    const behind = it.submit()
    assert.equal(one.inbox.length, 1)
    two.answer(undefined, 0.01)
    two.read()
    one.answer()
    one.read()
    assert.deepEqual([one.inbox.length, two.inbox.length], [0, 1])
    two.work()
    assert.deepEqual([behind.ending, taken.ending], [`done ${behind.id}`, `done ${taken.id}`])
    await it.close(0)
  },
)

played(
  'what only one worker may run, and moves, is given to it once the calls beside its last one have ended',
  ['thread'],
  async play => {
    const it = play({ workers: 2 })
    it.warm()
    const [to] = it.pool.each()
    const [one, two] = it.workers as [FakeWorker, FakeWorker]
    it.submit({ to })
    one.begin()
    one.say(nestOf(one))
    one.say({ ...nestOf(one), id: 2 })
    one.read()
    assert.deepEqual([two.inbox.length, one.helping.length], [1, 1])
    two.begin()
    const moving = it.submit({ to, args: [move(new Uint8Array(8))] })
    one.answer()
    one.read()
    assert.equal(one.inbox.length, 0)
    one.say({ kind: 'done', seq: one.helping[0]?.seq, value: 0, special: false, workMs: 0 })
    one.read()
    assert.equal(one.inbox.length, 1)
    one.begin()
    one.answer(7)
    one.read()
    assert.equal(moving.ending, 'done 7')
    two.answer()
    two.read()
    await it.close(0)
  },
)
