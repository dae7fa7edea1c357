/** A worker that says what can't be true is ended. */
import assert from 'node:assert/strict'
import { both, nestOf, other, played } from './fixtures/play.ts'

played('a worker that numbers two nested calls alike is ended, and both with it', both, async play => {
  const it = play()
  it.warm()
  const call = it.submit()
  const worker = it.worker(0)
  worker.begin()
  worker.say(nestOf(worker))
  worker.say(nestOf(worker))
  worker.read()
  assert.equal(worker.helping.length, 1, 'the first one was taken')
  assert.equal(worker.state, 'killed')
  worker.die()
  assert.equal(call.ending, 'ProtocolError')
  const { queued, running } = it.pool.stats()
  assert.deepEqual([queued, running], [0, 0])
  await it.settle()
})

played('a worker that drops what nobody cancelled gets no other call', both, async play => {
  const it = play()
  it.warm()
  const call = it.submit()
  const worker = it.worker(0)
  worker.begin()
  const next = it.submit({ of: other })
  worker.answerBy({ kind: 'dropped' })
  worker.read()
  assert.equal(call.ending, 'ProtocolError')
  assert.equal(worker.state, 'killed')
  worker.die()
  await it.settle()
  assert.equal(next.ending, `done ${next.id}`)
  assert.deepEqual(worker.begun.map(({ args }) => args[0]).includes(next.id), false)
})
