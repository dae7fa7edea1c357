/**
 * A call that its worker had not begun goes to another one, whatever ended the worker. What ended
 * it is told once: by the calls that fail, or else by a warning.
 */
import assert from 'node:assert/strict'
import type { Mock } from 'node:test'
import { WorkerExitedError, WorkerStartError } from '../errors.ts'
import { task } from '../task/task.ts'
import { both, failure, type Play, played } from './fixtures/play.ts'

const elsewhere = task({ url: 'test:elsewhere' } as ImportMeta, function elsewhere() {})
const leftBehind = { task: 'earlier' }

/** The first worker has answered a call, and its pool has read that. */
function answered(it: Play): void {
  it.submit()
  it.worker(0).ready()
  it.worker(0).work()
}

played('a call whose module is being imported goes to another worker', both, async play => {
  const it = play()
  answered(it)
  const next = it.submit({ of: elsewhere })
  const behind = it.submit()
  it.worker(0).say({ kind: 'crashed', failure, culprit: leftBehind, reached: { begun: 1, importing: [] } })
  it.worker(0).die({ kind: 'exit', code: 1 })
  assert.deepEqual([next.ending, behind.ending], ['open', 'open'])
  await it.settle()
  assert.ok(next.outcome?.ok && behind.outcome?.ok)
  await it.close(0)
})

played('a call whose module was imported, but that was not called, goes on elsewhere', both, async play => {
  const it = play()
  answered(it)
  const next = it.submit({ of: elsewhere })
  assert.ok(it.worker(0).begin())
  const importing = [it.worker(0).current?.seq as number]
  it.worker(0).say({ kind: 'exiting', culprit: leftBehind, reached: { begun: importing[0], importing } })
  it.worker(0).die({ kind: 'exit', code: 4 })
  assert.equal(next.ending, 'open')
  await it.settle()
  assert.ok(next.outcome?.ok)
  await it.close(0)
})

played(
  'of a process that says how far it had come, the first call without an answer had not begun',
  ['process'],
  async play => {
    for (const begun of [1, 2]) {
      const it = play()
      answered(it)
      const next = it.submit()
      it.worker(0).say({ kind: 'exiting', reached: { begun, importing: [] } })
      it.worker(0).die({ kind: 'exit', code: 4 })
      if (begun === 1) await it.settle()
      if (begun === 1) assert.ok(next.outcome?.ok)
      else assert.ok(next.error instanceof WorkerExitedError)
      await it.close(0)
    }
  },
)

played('an end that was only announced says nothing of a later one', ['process'], async play => {
  const it = play()
  answered(it)
  it.worker(0).say({ kind: 'exiting', reached: { begun: 1, importing: [] } })
  it.worker(0).say({ kind: 'staying' })
  it.worker(0).read()
  const next = it.submit()
  assert.ok(it.worker(0).begin())
  it.worker(0).die({ kind: 'exit', code: 4 })
  assert.ok(next.error instanceof WorkerExitedError)
  await it.close(0)
})

played(
  'a module that ends three workers in a row while they import it is not tried again',
  both,
  async play => {
    const it = play({ workers: 2 })
    const call = it.submit({ of: elsewhere })
    for (let worker = 0; worker < 3; worker += 1) {
      assert.equal(call.ending, 'open')
      it.worker(worker).ready()
      it.worker(worker).die()
    }
    assert.ok(call.error instanceof WorkerStartError)
    assert.match(call.error.message, /while it imported test:elsewhere/)
    assert.equal(it.workers.length, 3)
    await it.close(0)
  },
)

played('a call that three workers in a row did not come to is not given to a fourth', both, async play => {
  const it = play()
  const call = it.submit()
  for (let worker = 0; worker < 3; worker += 1) {
    assert.equal(call.ending, 'open')
    it.worker(worker).ready()
    it.worker(worker).say({ kind: 'exiting', culprit: leftBehind, reached: { begun: 0, importing: [] } })
    it.worker(worker).die()
  }
  assert.ok(call.error instanceof WorkerStartError)
  assert.match(call.error.message, /last of 3 workers in a row .* What task earlier left behind/)
  await it.close(0)
})

played('calls that end one worker after the other do not count for the one behind them', both, async play => {
  const it = play()
  it.submitMany(4, { priority: 1 })
  const behind = it.submit({ of: elsewhere })
  for (let worker = 0; worker < 4; worker += 1) {
    it.worker(worker).ready()
    assert.ok(it.worker(worker).begin())
    it.worker(worker).die()
    assert.equal(behind.ending, 'open')
  }
  await it.settle()
  assert.ok(behind.outcome?.ok)
  await it.close(0)
})

// ── what is told where no call fails ──

const told =
  /^fake 1 of pool failed, and no call with it: What task earlier left behind .*TypeError: from the task/

/** The texts of the warnings so far; `played` takes them in. */
function warnings(): string[] {
  const { mock } = process.emitWarning as Mock<typeof process.emitWarning>
  return mock.calls.map(call => String(call.arguments[0]))
}

/** The worker dies of what the call that it has answered left behind. */
function dieOfEarlier(it: Play, begun = 1): void {
  it.worker(0).say({ kind: 'crashed', failure, culprit: leftBehind, reached: { begun, importing: [] } })
  it.worker(0).die({ kind: 'exit', code: 1 })
}

played('a warning tells what ended a worker whose calls all go to another one', both, async play => {
  const give: ((it: Play) => unknown)[] = [
    it => it.submit(),
    it => it.submitMany(3),
    it => it.submitChunk(7, 8),
    it => it.submit({ of: elsewhere }),
  ]
  for (const [at, submit] of give.entries())
    for (const callsPerWorker of [1, 4]) {
      const before = warnings().length
      const it = play({ callsPerWorker })
      answered(it)
      submit(it)
      dieOfEarlier(it)
      const [warning, ...more] = warnings().slice(before)
      assert.match(warning ?? '', told, `of way ${at}, ${callsPerWorker} side by side`)
      assert.deepEqual(more, [])
      await it.settle()
      assert.ok(it.calls.every(({ outcome }) => outcome?.ok))
      await it.close(0)
    }
})

played('no warning repeats what a call that fails tells', both, async play => {
  const it = play()
  answered(it)
  const next = it.submit()
  it.submit()
  assert.ok(it.worker(0).begin())
  dieOfEarlier(it, 2)
  assert.match((next.error as Error).message, /^What task earlier left behind/)
  await it.settle()
  assert.deepEqual(warnings(), [])
  await it.close(0)
})

played('beside a cancelled call, a warning tells what is not the fault of that one', both, async play => {
  for (const isOfEarlier of [true, false]) {
    const before = warnings().length
    const it = play()
    answered(it)
    const next = it.submit()
    assert.ok(it.worker(0).begin())
    it.cancel(next)
    const culprit = isOfEarlier ? leftBehind : { seq: it.worker(0).current?.seq }
    it.worker(0).say({ kind: 'crashed', failure, culprit, reached: { begun: 2, importing: [] } })
    it.worker(0).die({ kind: 'exit', code: 1 })
    assert.equal(warnings().length - before, isOfEarlier ? 1 : 0)
    await it.close(0)
  }
})

played('a warning tells what a worker dies of that was only asked to end', both, async play => {
  const worn = play({ maxCallsPerWorker: 1 })
  answered(worn)
  assert.equal(worn.worker(0).state, 'stopping')
  dieOfEarlier(worn)
  assert.equal(warnings().length, 1)
  await worn.close(0)

  const closed = play()
  answered(closed)
  const closing = closed.pool.close({ graceMs: 1_000, queued: 'finish' })
  dieOfEarlier(closed)
  await closing
  assert.equal(warnings().length, 2)
  assert.equal(closed.pool.stats().crashes, 0)
})
