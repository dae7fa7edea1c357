/**
 * What a pool puts into a worker's hands, and what becomes of it when the worker dies, at every
 * step.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WorkerExitedError } from '../errors.ts'
import { withRuntime } from '../runtime/runtime.ts'
import { VirtualRuntime } from '../runtime/virtual.ts'
import { move } from '../task/transfer.ts'
import type { FakeWorker } from '../worker/fixtures/fake-worker.ts'
import { both, type Call, moments, other, Play, played } from './fixtures/play.ts'

played('calls of an unknown task go one at a time, those of a cheap one together', both, play => {
  const it = play()
  it.submitMany(3)
  it.worker(0).ready()
  assert.equal(it.worker(0).inbox.length, 1)
  it.worker(0).work()
  it.submitMany(20)
  assert.equal(it.worker(0).inbox.length, 20)
})

played('two workers take turns at single calls; where values move, the last one goes on', both, play => {
  const it = play({ workers: 2 })
  it.warm()
  const ranOn = (options?: { readonly args: readonly unknown[] }) => {
    it.submit(options)
    const at = it.workers.findIndex(({ inbox }) => inbox.length > 0)
    it.worker(at).work()
    return at
  }
  const [first, ...others] = Array.from({ length: 4 }, () => ranOn()) as [number, ...number[]]
  assert.deepEqual(others, [1 - first, first, 1 - first])
  const moved = Array.from({ length: 4 }, () => ranOn({ args: [move(new Uint8Array(8))] }))
  assert.deepEqual(moved, Array(4).fill(1 - first))
})

played('what finds the fast lane of a worker full waits until half of it is free', both, async play => {
  const it = play()
  it.warm()
  const worker = it.worker(0)
  worker.laneRoom = 8
  const calls = it.submitMany(40)
  const levels: number[] = []
  for (let answers = 0; answers < 10; answers += 1) {
    levels.push(worker.inbox.length)
    worker.begin()
    worker.answer()
    worker.read()
  }
  assert.deepEqual(levels, [9, 8, 7, 6, 5, 9, 8, 7, 6, 5], 'the ninth went by message: then it was known')
  await it.settle()
  assert.deepEqual(
    it.order(),
    calls.map(({ id }) => id),
  )
})

test('jobs of one turn travel together: the first at once, the others when the turn is over, or when they are many', async () => {
  const virtual = new VirtualRuntime()
  await withRuntime(virtual, async () => {
    const it = new Play(virtual, 'thread')
    it.warm()
    await virtual.advance(0)
    const { inbox } = it.worker(0)
    it.submitMany(5)
    assert.equal(inbox.length, 1)
    await virtual.advance(0)
    assert.equal(inbox.length, 5)
    it.submitMany(20)
    assert.ok(inbox.length > 6, `${inbox.length} were given before the turn was over`)
    await it.settle()
    await it.close(0)
  })
})

played(
  'few and small calls go to one worker, which is awake; many wake the other',
  ['thread'],
  async play => {
    const it = play({ workers: 2 })
    it.warm()
    const given = () => it.workers.map(({ inbox }) => inbox.length).toSorted((a, b) => a - b)
    it.submitMany(10) // A tenth of a millisecond.
    assert.deepEqual(given(), [0, 10])
    it.submit()
    assert.deepEqual(given(), [1, 10])
    it.submitMany(100)
    assert.ok(given().every(count => count > 40))
    await it.settle()
    await it.close(0)
  },
)

played(
  'who has worked off many calls is given the next ones too; single calls take turns',
  ['thread'],
  play => {
    const it = play({ workers: 2 })
    it.warm()
    const turn = (calls: number) => {
      it.submitMany(calls)
      const at = it.workers.findIndex(({ inbox }) => inbox.length > 0)
      it.worker(at).work()
      return at
    }
    const [first] = [turn(5)]
    assert.deepEqual([turn(5), turn(5), turn(1)], [first, first, first])
    assert.deepEqual([turn(1), turn(1)], [1 - first, first])
  },
)

played('each idle process is given a call, as none could be taken back from there', ['process'], play => {
  const it = play({ workers: 2 })
  it.warm()
  it.submitMany(2)
  assert.deepEqual(
    it.workers.map(({ inbox }) => inbox.length),
    [1, 1],
  )
})

played('a chunk of calls is no small call, whatever its task has cost', ['thread'], play => {
  const it = play({ workers: 2 })
  it.warm()
  for (const id of [1, 2]) it.submitChunk(id)
  assert.deepEqual(
    it.workers.map(({ inbox }) => inbox.length),
    [1, 1],
  )
})

played('only the first call in a hand has started', both, play => {
  const it = play()
  it.warm()
  const calls = it.submitMany(4)
  assert.deepEqual(
    calls.map(({ starts }) => starts > 0),
    [true, false, false, false],
  )
  it.worker(0).begin()
  it.worker(0).answer()
  it.worker(0).read()
  assert.deepEqual(
    calls.map(({ starts }) => starts > 0),
    [true, true, false, false],
  )
})

played(
  'a cheap call is not put behind one of which nothing is known, or which is known to be dear',
  both,
  play => {
    const it = play()
    it.warm(other)
    it.warm()
    it.submit({ of: other })
    it.worker(0).begin()
    it.worker(0).answer(undefined, 5_000)
    it.worker(0).read()
    it.submit({ of: other })
    it.submitMany(10)
    assert.deepEqual(it.worker(0).inbox.length, 1)
  },
)

played(
  'a worker that dies takes along the call that it had begun and no other: the rest runs elsewhere, once and in order',
  both,
  async (play, kind) => {
    for (const { read, answered, begun } of moments(4)) {
      const moment = `${answered} answered, ${read} of them read, ${begun ? 'one more begun' : 'none begun'}`
      const it = play()
      it.warm()
      const calls = it.submitMany(4)
      const [victim] = it.workers as [FakeWorker]
      for (let at = 0; at < answered; at += 1) {
        victim.begin()
        victim.answer()
        if (at < read) victim.read()
      }
      if (begun) victim.begin()
      victim.die()
      await it.settle()
      // Nobody can tell whether a process had begun the next call, so it is not run again.
      const lost = begun || (kind === 'process' && answered < 4) ? answered : undefined
      for (const [at, call] of calls.entries()) {
        if (at === lost) assert.ok(call.error instanceof WorkerExitedError, `call ${at}: ${moment}`)
        else assert.equal(call.ending, `done ${call.id}`, `call ${at}: ${moment}`)
        assert.equal(it.begins(call), at === lost && !begun ? 0 : 1, `call ${at}: ${moment}`)
      }
      assert.deepEqual(
        it.order(),
        it.order().toSorted((a, b) => a - b),
        moment,
      )
      await it.close(0)
    }
  },
)

played(
  'calls that come back keep their priorities and their order, before those that came later',
  ['thread'],
  async play => {
    const it = play({ workers: 1 })
    it.warm()
    const [first] = it.submitMany(2) as [Call]
    const urgent = it.submit({ priority: 5 })
    const later = it.submit({ priority: -1 })
    it.worker(0).begin()
    it.worker(0).die()
    const last = it.submit({ priority: 5 })
    await it.settle()
    assert.equal(first.ending, 'WorkerExitedError')
    const [, second] = it.calls as [Call, Call]
    assert.deepEqual(
      (it.workers[1] as FakeWorker).begun.map(({ args }) => args[0]),
      [urgent, last, second, later].map(({ id }) => id),
    )
  },
)
