/** Calls that are cancelled while they wait, while they are in a hand, and while they run. */
import assert from 'node:assert/strict'
import type { FakeWorker } from '../worker/fixtures/fake-worker.ts'
import { both, type Call, other, played } from './fixtures/play.ts'

played(
  'a call that is cancelled in the hand before it was begun never runs, and its neighbours do',
  both,
  async play => {
    for (let at = 1; at < 4; at += 1) {
      const it = play()
      it.warm()
      const calls = it.submitMany(4)
      it.worker(0).begin()
      it.cancel(calls[at] as Call)
      assert.equal(calls[at]?.ending, 'AbortError')
      await it.settle()
      for (const [place, call] of calls.entries()) {
        assert.equal(it.begins(call), place === at ? 0 : 1, `call ${place}`)
        if (place !== at) assert.equal(call.ending, `done ${call.id}`)
      }
      assert.equal(it.worker(0).state, 'ready', 'nobody had to be killed')
      await it.close(0)
    }
  },
)

played(
  'a first call that is taken back leaves a worker that is idle, not one that is in nothing',
  ['thread'],
  async play => {
    const it = play()
    it.warm()
    const call = it.submit()
    it.cancel(call)
    assert.deepEqual(it.pool.stats().workers, { starting: 0, idle: 1, busy: 0 })
    const next = it.submit()
    it.worker(0).work()
    assert.equal(next.ending, `done ${next.id}`)
    await it.close(0)
  },
)

played(
  'a begun call that is cancelled is flagged; when its worker does not leave it in graceMs, it alone is lost',
  both,
  async play => {
    const it = play({ graceMs: 100 })
    it.warm()
    const [spinning, ...rest] = it.submitMany(4) as [Call, ...Call[]]
    const [worker] = it.workers as [FakeWorker]
    worker.begin()
    it.cancel(spinning)
    assert.equal(worker.flagged, worker.current?.seq)
    await it.virtual.advance(99)
    assert.equal(worker.state, 'ready')
    await it.virtual.advance(2)
    assert.equal(worker.state, 'killed')
    await it.settle()
    assert.deepEqual(
      rest.map(call => [call.ending, it.begins(call)]),
      rest.map(({ id }) => [`done ${id}`, 1]),
    )
    await it.close(0)
  },
)

played('a begun call that is cancelled and ends in time costs nobody a worker', both, async play => {
  const it = play({ graceMs: 100 })
  it.warm()
  const [cancelled, ...rest] = it.submitMany(3) as [Call, ...Call[]]
  const [worker] = it.workers as [FakeWorker]
  worker.begin()
  it.cancel(cancelled)
  await it.virtual.advance(50)
  worker.answer()
  worker.read()
  await it.virtual.advance(1_000)
  assert.equal(worker.state, 'ready')
  await it.settle()
  assert.deepEqual(
    rest.map(({ ending }) => ending),
    rest.map(({ id }) => `done ${id}`),
  )
})

played(
  'answers that are read after a later call was cancelled do not stop the clock of that one',
  ['thread'],
  async play => {
    const it = play({ graceMs: 100 })
    it.warm()
    const [, , spinning] = it.submitMany(3) as [Call, Call, Call]
    const [worker] = it.workers as [FakeWorker]
    for (let answered = 0; answered < 2; answered += 1) {
      worker.begin()
      worker.answer()
    }
    worker.begin()
    it.cancel(spinning) // The answers to the two before it are not read yet.
    worker.read()
    await it.virtual.advance(101)
    assert.equal(worker.state, 'killed')
  },
)

played(
  'a cancelled call that its worker has begun all the same is ended after graceMs',
  ['process'],
  async play => {
    const it = play({ graceMs: 100 })
    it.warm()
    const [first, spinning, last] = it.submitMany(3) as [Call, Call, Call]
    const [worker] = it.workers as [FakeWorker]
    worker.begin()
    it.cancel(spinning)
    worker.answer()
    worker.begin() // It spins, and will never read that this one is cancelled.
    worker.read()
    assert.equal(worker.flagged, worker.current?.seq)
    await it.virtual.advance(101)
    assert.equal(worker.state, 'killed')
    await it.settle()
    assert.deepEqual([first.ending, last.ending], [`done ${first.id}`, `done ${last.id}`])
    assert.equal(it.begins(last), 1)
  },
)

played(
  'a worker that has left the cancelled call in time is not ended because nobody has read its answer',
  both,
  async play => {
    for (const graceMs of [0, 100]) {
      const it = play({ graceMs })
      it.warm()
      const [first, second] = it.submitMany(2) as [Call, Call]
      const [worker] = it.workers as [FakeWorker]
      worker.begin()
      it.cancel(first)
      worker.answer()
      if (worker.begin()) assert.equal(worker.current?.args[0], second.id)
      // The loop was busy all the time: its timers come first, then what has arrived.
      void it.virtual.yieldToLoop().then(() => worker.read())
      await it.virtual.advance(graceMs)
      await it.settle()
      assert.equal(second.ending, `done ${second.id}`, `graceMs ${graceMs}`)
      assert.equal(it.begins(second), 1)
    }
  },
)

played(
  'a worker that dies after it has left a cancelled call keeps the program until that is told: a call waits for its place',
  both,
  async play => {
    const it = play()
    it.warm()
    const left = it.submit()
    const waiting = it.submit({ of: other })
    const [worker] = it.workers as [FakeWorker]
    worker.begin()
    it.cancel(left)
    worker.answer()
    worker.ending()
    worker.read()
    assert.equal(waiting.ending, 'open')
    assert.equal(worker.held, true)
    worker.die()
    assert.equal(it.workers.length, 2)
    await it.settle()
    assert.equal(waiting.ending, `done ${waiting.id}`)
    await it.close(0)
  },
)
