/** Who stays when workers rest, and what an early or impatient close ends. */
import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { ClosedError } from '../errors.ts'
import { both, played } from './fixtures/play.ts'

played('minWorkers are kept though all idle workers time out together', both, async play => {
  const it = play({ workers: 3, minWorkers: 2, idleMs: 300 })
  it.warm()
  const before = it.workers.filter(({ state }) => state !== 'ended').length
  assert.equal(before, 3)
  await it.virtual.advance(2_000)
  const stopping = it.workers.filter(({ state }) => state === 'stopping')
  assert.equal(stopping.length, 1)
  for (const worker of stopping) worker.die()
  await it.virtual.advance(2_000)
  assert.equal(it.workers.length, 3, 'no worker was started again')
  await it.close(1_000)
})

played(
  "close({ queued: 'cancel' }) ends what has not begun, and lets the rest finish",
  ['thread'],
  async play => {
    const it = play({ workers: 1 })
    it.warm()
    const [first, ...rest] = it.submitMany(10)
    it.worker(0).begin()
    const closing = it.pool.close({ graceMs: 10_000, queued: 'cancel' })
    for (const { error } of rest)
      assert.ok(error instanceof ClosedError && /queued: 'cancel'/.test(error.message))
    assert.equal(first?.outcome, undefined, 'the one that was begun goes on')
    it.worker(0).answer()
    it.worker(0).read()
    assert.ok((first as { outcome?: unknown }).outcome, 'and has its result')
    assert.equal(first?.error, undefined)
    await it.close(1_000)
    await closing
  },
)

played('a worker that is being ended runs nothing once its call is answered', both, async play => {
  const it = play({ workers: 1 })
  it.warm()
  const call = it.submit()
  it.worker(0).begin()
  const closing = it.pool.close({ graceMs: 0, queued: 'finish' })
  assert.equal(it.pool.stats().running, 1)
  it.worker(0).answer()
  it.worker(0).read()
  assert.equal(call.ending.slice(0, 4), 'done')
  const { queued, running } = it.pool.stats()
  assert.deepEqual({ queued, running }, { queued: 0, running: 0 })
  await it.close(1_000)
  await closing
})

played('what runs when the grace of a close is over is told, and may clean up', both, async play => {
  for (const leaves of [true, false]) {
    const it = play({ workers: 1, graceMs: 100 })
    it.warm()
    const call = it.submit()
    const worker = it.worker(0)
    worker.begin()
    const closing = it.pool.close({ graceMs: 10, queued: 'finish' })
    await it.virtual.advance(9)
    assert.deepEqual([call.outcome, worker.flagged], [undefined, undefined])
    await it.virtual.advance(1)
    assert.ok(call.error instanceof ClosedError)
    assert.notEqual(worker.flagged, undefined)
    await it.virtual.advance(99)
    assert.equal(worker.state, 'ready')
    if (leaves) {
      worker.answer()
      worker.read()
      assert.equal(worker.state, 'stopping', 'it ends by itself')
    } else {
      await it.virtual.advance(1)
      assert.equal(worker.state, 'killed')
    }
    worker.die()
    await closing
    assert.equal(it.pool.stats().cancelled, 1)
  }
})

played('a close waits for a call that was cancelled no longer than graceMs', both, async play => {
  const it = play({ workers: 1, graceMs: 100 })
  it.warm()
  const call = it.submit()
  it.worker(0).begin()
  it.pool.cancel(call, new ClosedError('not wanted'))
  const closing = it.pool.close({ graceMs: 10_000, queued: 'finish' })
  await it.virtual.advance(99)
  assert.notEqual(it.worker(0).state, 'killed')
  await it.virtual.advance(1)
  assert.equal(it.worker(0).state, 'killed')
  it.worker(0).die()
  await closing
})

played('a pool that is closed while its workers start publishes no crash', both, async play => {
  const crashes: unknown[] = []
  const note = (crash: unknown) => void crashes.push(crash)
  subscribe('atonce.worker.crash', note)
  try {
    const it = play({ workers: 2, minWorkers: 2 })
    await it.close(1_000)
    assert.deepEqual(crashes, [])
    assert.equal(it.pool.stats().crashes, 0)
  } finally {
    unsubscribe('atonce.worker.crash', note)
  }
})
