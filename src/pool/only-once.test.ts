/** What can be given to a worker only once: what has moved, and what can't be sent. */
import assert from 'node:assert/strict'
import { SerializationError } from '../errors.ts'
import { move } from '../task/transfer.ts'
import { both, type Call, other, played } from './fixtures/play.ts'

played('a call that has moved a buffer to a worker is never given to another', both, async play => {
  const it = play({ workers: 1 })
  it.warm()
  it.submit()
  const [buffer, second] = [new ArrayBuffer(8), new ArrayBuffer(8)]
  const moving = it.submit({ args: [move(buffer)] })
  assert.equal(it.worker(0).inbox.length, 1, 'it does not wait behind others, where it might be sent twice')
  it.worker(0).work()
  assert.ok(moving.outcome?.ok)
  const lost = it.submit({ args: [move(second)] })
  it.worker(0).die()
  await it.settle()
  assert.equal(lost.ending, 'WorkerExitedError')
})

played('a call that can’t be copied fails alone, and the worker stays', both, async play => {
  const it = play()
  it.warm()
  const [first] = it.submitMany(1) as [Call]
  it.worker(0).refusal = new Error('could not be cloned')
  const bad = it.submit()
  it.worker(0).refusal = undefined
  assert.ok(bad.error instanceof SerializationError)
  assert.equal(bad.starts, 0)
  const next = it.submit()
  await it.settle()
  assert.deepEqual([first.ending, next.ending], [`done ${first.id}`, `done ${next.id}`])
})

played(
  'fifty thousand calls that can’t be sent fail one after the other, not inside of each other',
  both,
  async play => {
    const it = play()
    it.warm()
    it.worker(0).refusal = new Error('no')
    const blocker = it.submit()
    assert.equal(blocker.ending, 'SerializationError')
    it.worker(0).refusal = undefined
    const first = it.submit()
    it.worker(0).begin()
    const calls = it.submitMany(50_000, { of: other })
    it.worker(0).refusal = new Error('no')
    it.worker(0).answer()
    it.worker(0).read()
    assert.equal(first.ending, `done ${first.id}`)
    assert.ok(calls.every(({ ending }) => ending === 'SerializationError'))
    it.worker(0).refusal = undefined
    it.calls.length = 0
    it.submit()
    await it.settle()
  },
)

played(
  'what several workers had in their hands goes back in the order it came, whichever died first',
  ['thread'],
  async play => {
    const it = play({ workers: 2 })
    it.warm()
    const calls = it.submitMany(20)
    for (const worker of it.workers) worker.begin()
    it.worker(1).die()
    it.worker(0).die()
    const begun = calls.filter(({ ending }) => ending === 'WorkerExitedError')
    assert.equal(begun.length, 2)
    await it.settle()
    const again = it.workers.slice(2).map(({ begun }) => begun.map(({ args }) => args[0] as number))
    for (const order of again)
      assert.deepEqual(
        order,
        order.toSorted((a, b) => a - b),
      )
    assert.deepEqual(again.flat().length, 18)
  },
)
