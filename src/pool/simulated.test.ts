/**
 * A pool and a worker under simulation: nothing that they start runs on the real clock, however
 * deep.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WorkerStartTimeoutError } from '../errors.ts'
import { addressOf } from '../executor/address.ts'
import { createExecutor } from '../executor/executor.ts'
import { park } from '../runtime/park.ts'
import { runtime } from '../runtime/runtime.ts'
import { simulate } from '../runtime/simulate.ts'
import type { FromWorker } from '../wire/messages.ts'
import { echo, tellTime } from '../worker/far/fixtures/worker-tasks.ts'
import { Worker } from '../worker/far/worker.ts'
import type { StartWorker } from '../worker/far-worker.ts'
import { FakeWorker } from '../worker/fixtures/fake-worker.ts'
import { checkPoolOptions } from './options.ts'
import { Pool } from './pool.ts'

const crossing = { sharedMemory: false, maxPayloadBytes: 1_000_000 }

/** Starts workers that never can work, and end when they are killed. */
const neverReady: StartWorker = (index, owner) => {
  const worker = new FakeWorker(index, owner, false)
  worker.kill = () => runtime().soon(() => worker.die({ kind: 'signal', signal: 'SIGKILL', lastWords: '' }))
  return worker
}

test('a worker that never starts is given up in virtual time: the pool takes its clock along where it leaves a call', () =>
  simulate(async ({ now }) => {
    const options = checkPoolOptions('threads', { workers: 1, startTimeoutMs: 100 })
    const pool = createExecutor(new Pool('threads', options, neverReady, crossing))
    await assert.rejects(pool.run(echo, 1), WorkerStartTimeoutError)
    assert.equal(now(), 300, 'three starts, one after the other')
    await pool.close()
  }))

test('a call that only one worker may run is given up like any other, when none starts', () =>
  simulate(async ({ now }) => {
    const options = checkPoolOptions('threads', { workers: 1, startTimeoutMs: 100 })
    const pool = createExecutor(new Pool('threads', options, neverReady, crossing))
    await assert.rejects(pool.with({ key: 'one' }).run(echo, 1), WorkerStartTimeoutError)
    assert.equal(now(), 300)
    await pool.close()
  }))

test('a task finds the clock of the worker that runs it', () =>
  simulate(async ({ now }) => {
    const told = park<unknown>('the task to tell the time', {})
    const worker = new Worker({
      name: 'played',
      home: { model: 'threads', name: 'stage', workers: 1 },
      crossing,
      pollCancelled: () => false,
      claim: () => true,
      refill: () => false,
      flushing: () => undefined,
      broken: error => told.fail(error),
    })
    const send = (message: unknown) => {
      const said = message as FromWorker
      if (said.kind === 'done') told.unpark(said.value)
    }
    worker.open({ send, tryDone: () => false })
    worker.receive({ kind: 'load', ref: 1, ...addressOf(tellTime) })
    await new Promise<void>(resolve => void runtime().setTimer(77, resolve))
    worker.receive({ kind: 'run', seq: 1, ref: 1, args: [], special: false, chunk: false, attempt: 1 })
    assert.equal(await told.promise, now())
    assert.equal(now(), 77)
  }))
