/**
 * A pool whose workers still start: each has the call that it begins with, before the caller's loop
 * turns.
 */
import assert from 'node:assert/strict'
import { WorkerStartTimeoutError } from '../errors.ts'
import { both, played } from './fixtures/play.ts'

played('each worker that starts has the call that it begins with at once', both, async play => {
  const it = play({ workers: 2 })
  const calls = it.submitMany(3)
  assert.deepEqual(
    it.workers.map(({ state, inbox }) => [state, inbox.length]),
    [
      ['starting', 1],
      ['starting', 1],
    ],
  )
  assert.deepEqual(
    calls.map(({ starts }) => starts),
    [0, 0, 0],
    'none has begun',
  )
  assert.equal(it.pool.stats().queued, 3)
  for (const worker of it.workers) worker.ready()
  for (const worker of it.workers) worker.work()
  assert.ok(calls.every(({ outcome }) => outcome?.ok))
  await it.close(0)
})

played('a worker that never starts has begun nothing: another one runs its call', both, async play => {
  const it = play({ workers: 1 })
  const call = it.submit()
  it.worker(0).die()
  assert.equal(call.ending, 'open')
  it.worker(1).ready()
  it.worker(1).work()
  assert.equal(call.ending, `done ${call.id}`)
  await it.close(0)
})

played(
  'a call in its hand neither lengthens nor shortens the time in which it must start',
  both,
  async play => {
    const it = play({ workers: 1, startTimeoutMs: 1_000, graceMs: 10 })
    const calls = [it.submit()]
    it.cancel(calls[0] as never)
    await it.virtual.advance(999)
    assert.equal(
      it.worker(0).state,
      'starting',
      'a call that was cancelled has no grace before its worker has started',
    )
    await it.virtual.advance(1)
    assert.equal(it.worker(0).state, 'killed')
    it.worker(0).die()
    for (let start = 1; start <= 2; start += 1) {
      calls.push(it.submit())
      await it.virtual.advance(1_000)
      it.workers.at(-1)?.die()
    }
    assert.ok(calls.at(-1)?.error instanceof WorkerStartTimeoutError)
    await it.close(0)
  },
)

played('the import of its first call has its own time, from when it has started', both, async play => {
  const it = play({ workers: 1, startTimeoutMs: 1_000 })
  it.submit()
  await it.virtual.advance(900)
  it.worker(0).ready()
  await it.virtual.advance(900)
  assert.equal(it.worker(0).state, 'ready')
  await it.virtual.advance(100)
  assert.equal(it.worker(0).state, 'killed')
  await it.close(0)
})

played('who works takes what one that still starts was given', ['thread'], async play => {
  const it = play({ workers: 2 })
  const calls = it.submitMany(2)
  it.worker(0).ready()
  it.worker(0).work()
  it.worker(0).work()
  assert.ok(calls.every(({ outcome }) => outcome?.ok))
  assert.equal(it.worker(1).state, 'starting')
  assert.equal(it.worker(1).inbox.length, 0)
  await it.close(0)
})

played('the most urgent call goes first, though its worker was given another one', ['thread'], async play => {
  const it = play({ workers: 1 })
  it.submit({ priority: 0 })
  const urgent = it.submit({ priority: 5 })
  it.worker(0).ready()
  it.worker(0).begin()
  assert.equal(it.worker(0).current?.args[0], urgent.id)
  await it.close(0)
})

played('closing with queued: cancel settles what a starting worker was given', both, async play => {
  const it = play({ workers: 1 })
  const calls = it.submitMany(2)
  const left = it.submit()
  it.cancel(calls[0] as never)
  const closing = it.pool.close({ graceMs: 1_000, queued: 'cancel' })
  assert.deepEqual(
    calls.map(({ ending }) => ending),
    ['AbortError', 'ClosedError'],
  )
  assert.equal(left.ending, 'ClosedError')
  assert.equal(it.pool.stats().queued, 0)
  await it.settle()
  await closing
})

played('an answer before the worker was ready is not believed', both, async play => {
  const it = play({ workers: 1 })
  const call = it.submit()
  const [worker] = it.workers
  worker?.begin()
  worker?.answer()
  worker?.read()
  assert.equal(call.ending, 'open')
  assert.equal(worker?.state, 'killed')
  await it.close(0)
})

played(
  'a call that a process may have begun, which was ended as it started, is not run again',
  ['process'],
  async play => {
    const it = play({ workers: 1, startTimeoutMs: 1_000 })
    const call = it.submit()
    await it.virtual.advance(1_000)
    it.worker(0).ready() // What it said before it was killed is read after that.
    it.worker(0).begin()
    it.worker(0).die()
    assert.ok(call.error instanceof WorkerStartTimeoutError)
    await it.close(0)
  },
)
