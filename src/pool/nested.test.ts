/** Calls that others have made, as the pool sees them. */
import assert from 'node:assert/strict'
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
