/** Workers start, rest, end and are closed, with their limits of time. */

import assert from 'node:assert/strict'
import { ClosedError, WorkerStartTimeoutError } from '../errors.ts'
import { hitsForgiven } from '../policy.ts'
import { PlainEncoding } from '../wire/encoding.ts'
import { encodeFailure } from '../wire/failure.ts'
import type { FakeWorker } from '../worker/fixtures/fake-worker.ts'
import { watchHandlers } from '../worker/group-signals.ts'
import { both, moments, other, played } from './fixtures/play.ts'

played(
  'an idle worker stops keeping the program alive soon, each time that it turns idle',
  both,
  async play => {
    const it = play({ idleMs: 30_000 })
    it.warm()
    const [worker] = it.workers as [FakeWorker]
    for (let round = 0; round < 3; round += 1) {
      await it.virtual.advance(100)
      assert.equal(worker.held, false, `round ${round}`)
      it.submit()
      assert.equal(worker.held, true)
      worker.work()
    }
    await it.virtual.advance(30_001)
    assert.equal(worker.state, 'stopping')
  },
)

played(
  'the time limit of an import does not outlive the import, though its call was taken back',
  ['thread'],
  async play => {
    const it = play({ startTimeoutMs: 1_000, idleMs: Number.POSITIVE_INFINITY })
    const call = it.submit()
    const [worker] = it.workers as [FakeWorker]
    worker.ready()
    it.cancel(call)
    worker.loaded()
    worker.read()
    await it.virtual.advance(999)
    const long = it.submit()
    worker.begin()
    await it.virtual.advance(5_000)
    assert.equal(worker.state, 'ready')
    worker.answer()
    worker.read()
    assert.equal(long.ending, `done ${long.id}`)
  },
)

played('an import that takes too long ends the worker, and the call says why', both, async play => {
  const it = play({ startTimeoutMs: 1_000 })
  const call = it.submit()
  const [worker] = it.workers as [FakeWorker]
  worker.ready()
  await it.virtual.advance(1_001)
  assert.equal(worker.state, 'killed')
  worker.die()
  assert.ok(call.error instanceof WorkerStartTimeoutError, call.ending)
})

played('an idle worker that says what nobody asked for is given nothing more', both, async play => {
  const it = play()
  it.warm()
  const [forger] = it.workers as [FakeWorker]
  forger.say({ kind: 'done', seq: 99, value: 1, special: false, workMs: 0 })
  forger.read()
  assert.equal(forger.state, 'killed')
  const call = it.submit()
  assert.deepEqual(forger.inbox, [])
  await it.settle()
  assert.equal(call.ending, `done ${call.id}`)
})

played('close waits for what is open and ends everybody, at every step', both, async play => {
  for (const { read, answered, begun } of moments(3)) {
    for (const goesOn of [true, false]) {
      const it = play()
      it.warm()
      const calls = it.submitMany(3)
      const [worker] = it.workers as [FakeWorker]
      for (let at = 0; at < answered; at += 1) {
        worker.begin()
        worker.answer()
        if (at < read) worker.read()
      }
      if (begun) worker.begin()
      const closing = it.close(1_000)
      assert.throws(() => assert.ok(it.submit().outcome?.ok))
      if (goesOn) {
        if (begun) worker.answer()
        worker.read()
        worker.work()
      }
      await closing
      for (const [at, call] of calls.entries()) {
        const isDone = goesOn || at < answered
        assert.equal(call.ending, isDone ? `done ${call.id}` : 'ClosedError', `call ${at}`)
        assert.equal(it.begins(call), isDone || (at === answered && begun) ? 1 : 0)
      }
    }
  }
})

played(
  'workers that fail to start one after the other, however slowly, are not started for ever',
  both,
  async play => {
    const it = play({ workers: 2 })
    const calls = it.submitMany(2)
    it.worker(0).die()
    await it.virtual.advance(5_000)
    assert.equal(it.workers.length, 2, 'the other one may be able to work')
    it.worker(1).die()
    assert.equal(it.workers.length, 3)
    await it.virtual.advance(5_000)
    assert.equal(it.workers.length, 3)
    it.worker(2).die()
    assert.deepEqual(
      calls.map(({ ending }) => ending),
      ['WorkerStartError', 'WorkerStartError'],
    )
    assert.equal(it.workers.length, 3)
    const next = it.submit()
    it.worker(3).ready()
    it.worker(3).work()
    assert.equal(next.ending, `done ${next.id}`, 'the next call tries again')
    await it.close(0)
  },
)

played(
  'a signal to the whole program, which handles it, is no failed start; one to a worker alone is',
  ['process'],
  async play => {
    const it = play()
    const handler = () => {}
    process.on('SIGHUP', handler)
    watchHandlers()
    const call = it.submit()
    for (let hit = 0; hit < hitsForgiven; hit += 1)
      it.worker(hit).die({ kind: 'signal', signal: 'SIGHUP', lastWords: '' })
    assert.equal(call.ending, 'open')
    for (let hit = 0; hit < 3; hit += 1)
      it.worker(hitsForgiven + hit).die({ kind: 'signal', signal: 'SIGHUP', lastWords: '' })
    assert.equal(call.ending, 'WorkerStartError', 'it is not started for ever')
    const other = it.submit()
    for (let hit = 0; hit < 3; hit += 1)
      it.workers.at(-1)?.die({ kind: 'signal', signal: 'SIGKILL', lastWords: '' })
    assert.notEqual(other.ending, 'open')
    process.off('SIGHUP', handler)
    await it.close(0)
  },
)

played('close at once settles what waits, what is in a hand and what runs', both, async play => {
  const it = play({ workers: 2 })
  it.warm()
  const calls = [...it.submitMany(10), it.submit({ of: other })]
  it.worker(0).begin()
  await it.close(0)
  assert.ok(calls.every(({ error }) => error instanceof ClosedError))
})

played(
  'a worker that is being ended keeps the program alive until it has, though it was idle',
  both,
  async play => {
    const it = play({ graceMs: 100 })
    it.warm()
    void it.pool.close({ graceMs: 0, queued: 'finish' })
    assert.equal(it.worker(0).state, 'stopping')
    await it.virtual.advance(99)
    assert.equal(it.worker(0).held, true)
    assert.equal(it.worker(0).state, 'stopping')
    await it.virtual.advance(1)
    assert.equal(it.worker(0).state, 'killed')
    assert.equal(it.worker(0).held, true)
    await it.close(0)
  },
)

played('close ends too when the last answer had to wait for the class of its error', both, async play => {
  const it = play()
  const call = it.submit()
  const [worker] = it.workers as [FakeWorker]
  worker.ready()
  worker.begin()
  class Unheard extends Error {}
  const unheard = encodeFailure(new Unheard('x'), new PlainEncoding())
  const closing = it.close(10_000)
  worker.answerBy({ kind: 'failed', failure: unheard, workMs: 1 })
  worker.read()
  await closing
  assert.ok(call.outcome, 'the call is settled')
})
