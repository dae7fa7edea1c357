/** Calls behind one that takes long: who takes them, and who goes first. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withRuntime } from '../runtime/runtime.ts'
import { VirtualRuntime } from '../runtime/virtual.ts'
import type { FakeWorker } from '../worker/fixtures/fake-worker.ts'
import { both, type Call, Play, played, used } from './fixtures/play.ts'

played('a thread has the next long call in its hands, a process has not', both, async (play, kind) => {
  const it = used(play)
  it.submitMany(5)
  assert.equal(it.worker(0).inbox.length, kind === 'thread' ? 2 : 1)
  await it.settle()
  await it.close(0)
})

played('who has nothing to do takes what waits behind a long call, at once', ['thread'], async play => {
  const it = used(play, { workers: 2 })
  const calls = it.submitMany(4)
  const [one, two] = it.workers as [FakeWorker, FakeWorker]
  assert.deepEqual([one.inbox.length, two.inbox.length], [2, 2])
  one.begin()
  two.work(5)
  assert.deepEqual([one.inbox.length, two.begun.length], [0, 3])
  one.answer()
  one.read()
  assert.deepEqual(
    calls.map(call => [call.ending, it.begins(call)]),
    calls.map(({ id }) => [`done ${id}`, 1]),
  )
  await it.close(0)
})

played(
  'what waits behind a small call stays where it is: to move it would take longer',
  ['thread'],
  async play => {
    const it = play({ workers: 2 })
    it.warm()
    it.submitMany(30)
    const [one, two] = it.workers as [FakeWorker, FakeWorker]
    const [more, fewer] = one.inbox.length > two.inbox.length ? [one, two] : [two, one]
    fewer.work()
    assert.ok(more.inbox.length > 2 && fewer.inbox.length === 0)
    await it.settle()
    await it.close(0)
  },
)

played('an urgent call runs before a less urgent one that waits in a hand', ['thread'], async play => {
  const it = used(play)
  const [first, second] = it.submitMany(2) as [Call, Call]
  it.worker(0).begin()
  const urgent = it.submit({ priority: 3 })
  const another = it.submit({ priority: 3 })
  await it.settle()
  assert.deepEqual(
    it.order(),
    [first, urgent, another, second].map(({ id }) => id),
  )
  await it.close(0)
})

played('a call of low priority gets its turn among urgent ones without end', ['thread'], async play => {
  const it = used(play)
  it.submit({ priority: 1 })
  const low = it.submit()
  for (let turn = 0; turn < 40 && low.outcome === undefined; turn += 1) {
    it.submit({ priority: 1 })
    it.worker(0).begin()
    it.submit({ priority: 1 })
    it.worker(0).answer(undefined, 5)
    it.worker(0).read()
  }
  assert.equal(low.ending, `done ${low.id}`)
})

played(
  'who waits behind a call that is overdue goes to another worker, though none idles',
  ['thread'],
  async play => {
    const it = used(play, { workers: 2 })
    it.submitMany(4)
    const [stuck, busy] = it.workers as [FakeWorker, FakeWorker]
    stuck.begin()
    const [behind] = stuck.inbox.map(({ args }) => it.calls.find(({ id }) => id === args[0])) as [Call]
    for (let turn = 0; turn < 10; turn += 1) {
      it.submit()
      busy.begin()
      await it.virtual.advance(5)
      busy.answer(undefined, 5)
      busy.read()
    }
    assert.equal(behind.ending, `done ${behind.id}`)
    assert.equal(it.begins(behind), 1)
  },
)

played('a call that can’t be sent does not begin the one before it for a second time', both, async play => {
  const it = play()
  it.warm()
  const first = it.submit()
  it.worker(0).begin()
  it.worker(0).refusal = new Error('of the platform')
  const refused = it.submit()
  it.worker(0).refusal = undefined
  assert.deepEqual([refused.ending, first.starts], ['SerializationError', 1])
  await it.settle()
  await it.close(0)
})

test('a long chunk does not go along with small calls of the same task', async () => {
  const virtual = new VirtualRuntime()
  await withRuntime(virtual, async () => {
    const it = new Play(virtual, 'thread', { workers: 2 })
    it.warm()
    await virtual.advance(0)
    const chunk = (id: number) => it.submitChunk(id, id)
    for (let round = 0; round < 5; round += 1) {
      chunk(-1)
      for (const worker of it.workers) worker.work(50)
      await virtual.advance(0)
    }
    it.submitMany(2)
    chunk(-2)
    await virtual.advance(0)
    assert.deepEqual(it.workers.map(({ inbox }) => inbox.length).toSorted(), [1, 2])
  })
})

played('what is taken back does not wear the worker', ['thread'], async play => {
  const it = used(play, { workers: 2, maxCallsPerWorker: 59 }) // Of which 41 are done.
  for (let turn = 0; turn < 8; turn += 1) {
    it.submitMany(4)
    const slow = it.worker(turn % 2)
    slow.begin()
    it.worker(1 - (turn % 2)).work(5)
    slow.answer(undefined, 5)
    slow.read()
  }
  assert.ok(it.calls.every(({ outcome }) => outcome?.ok))
  assert.deepEqual(
    it.workers.map(({ begun, state }) => [begun.length, state]),
    [
      [16, 'ready'],
      [16, 'ready'],
    ],
  )
})
