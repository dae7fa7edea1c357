/** A stream on a pool whose workers the test plays: credit, and an end at every moment. */

import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import {
  AbortError,
  ClosedError,
  ProtocolError,
  TimeoutError,
  WorkerCrashedError,
  WorkerExitedError,
} from '../errors.ts'
import type { CallOptions } from '../executor/call-options.ts'
import { Noted } from '../executor/ready-job.ts'
import { openStream, type Stream } from '../executor/stream.ts'
import { everyoneParked } from '../runtime/park.ts'
import { withRuntime } from '../runtime/runtime.ts'
import { VirtualRuntime } from '../runtime/virtual.ts'
import { task } from '../task/task.ts'
import { PlainEncoding } from '../wire/encoding.ts'
import { encodeFailure } from '../wire/failure.ts'
import { YieldWriter } from '../wire/yields.ts'
import { FakeWorker } from '../worker/fixtures/fake-worker.ts'
import { checkPoolOptions, type PoolUserOptions } from './options.ts'
import { Pool } from './pool.ts'

const meta = { url: 'test:stream' } as ImportMeta
const rows = task(meta, function* rows(): Generator<unknown, string> {
  yield 0
  return ''
})
const failure = encodeFailure(new TypeError('from the generator'), new PlainEncoding())

type Kind = 'thread' | 'process'

class Play {
  readonly time: VirtualRuntime
  readonly pool: Pool
  readonly workers: FakeWorker[] = []

  constructor(time: VirtualRuntime, kind: Kind, options: PoolUserOptions) {
    this.time = time
    const sharedMemory = kind === 'thread'
    this.pool = new Pool(
      sharedMemory ? 'threads' : 'processes',
      checkPoolOptions('pool', { workers: 1, graceMs: 100, ...options }),
      (index, owner) => {
        const worker = new FakeWorker(index, owner, sharedMemory)
        this.workers.push(worker)
        return worker
      },
      { sharedMemory, maxPayloadBytes: 1_000_000 },
    )
  }

  get worker(): FakeWorker {
    return this.workers.at(-1) as FakeWorker
  }

  open(options: CallOptions = {}): Stream<unknown> {
    return openStream(this.pool, options, rows, [], this.open)
  }

  /** A stream that has begun; it waits for its first value. */
  async begun(options: CallOptions = {}): Promise<{ stream: Stream<unknown>; first: Promise<unknown> }> {
    const stream = this.open(options)
    const first = stream.next()
    first.catch(() => {})
    if (this.worker.state === 'starting') this.worker.ready()
    await this.time.advance(0)
    assert.ok(this.worker.begin())
    this.worker.read()
    return { stream, first }
  }

  /** The worker yields, and the pool reads it. */
  yields(...values: unknown[]): void {
    const { worker } = this
    const crossing = { sharedMemory: true, maxPayloadBytes: 1_000_000 }
    const writer = new YieldWriter(worker.current?.seq as number, crossing, message => worker.say(message))
    for (const value of values) writer.add(value, 1_000)
    writer.flush()
    worker.read()
  }

  says(message: object): void {
    this.worker.say({ ...message, seq: this.worker.current?.seq })
    this.worker.read()
  }

  ends(message: object = { kind: 'done', value: 'end', special: false, workMs: 1 }): void {
    this.worker.answerBy(message)
    this.worker.read()
  }
}

function played(
  name: string,
  body: (play: (options?: PoolUserOptions) => Play, kind: Kind) => Promise<void>,
): void {
  for (const kind of ['thread', 'process'] as const) {
    test(`${name} (${kind})`, async () => {
      const time = new VirtualRuntime()
      await withRuntime(time, () => body((options = {}) => new Play(time, kind, options), kind))
      assert.deepEqual(everyoneParked(), [])
    })
  }
}

const end = { done: true, value: 'end' }
const over = { done: true, value: undefined }
const failed = { kind: 'failed', failure, workMs: 1 }

played('values, then the return value', async play => {
  const it = play()
  const { stream, first } = await it.begun()
  it.yields(1, 'two', { n: 3 }, new Map())
  assert.deepEqual(await first, { done: false, value: 1 })
  it.ends()
  for (const value of ['two', { n: 3 }, new Map()]) assert.deepEqual((await stream.next()).value, value)
  assert.deepEqual(await stream.next(), end)
  assert.deepEqual(await stream.next(), over)
  assert.equal(it.pool.stats().done, 1)
})

played('more is allowed when half of what may be ahead was taken', async play => {
  const it = play()
  const { stream, first } = await it.begun({ ahead: 10 })
  assert.equal(it.worker.current?.credit, 10)
  it.yields(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
  await first
  for (let taken = 2; taken <= 4; taken += 1) await stream.next()
  assert.equal(it.worker.pulled, 0)
  await stream.next()
  assert.equal(it.worker.pulled, 5)
  for (let taken = 6; taken <= 10; taken += 1) await stream.next()
  assert.equal(it.worker.pulled, 10)
  it.ends()
})

played('as many values may come as are asked for at once', async play => {
  const it = play()
  const { stream, first } = await it.begun({ ahead: 1 })
  const nexts = Array.from({ length: 5 }, () => stream.next())
  it.yields(1)
  await first
  assert.equal(it.worker.pulled, 5)
  it.yields(2, 3, 4, 5, 6)
  assert.deepEqual(
    (await Promise.all(nexts)).map(({ value }) => value),
    [2, 3, 4, 5, 6],
  )
  it.ends()
})

played('a large value counts for several', async play => {
  const it = play()
  const { stream, first } = await it.begun({ ahead: 10 })
  it.yields(new Uint8Array(100_000))
  await first
  assert.equal(it.worker.pulled, 7)
  it.ends()
  await stream.next()
})

played('a worker that sends more than it may, or no values, is ended', async play => {
  for (const forge of [
    (it: Play) => it.yields(1, 2, 3, 4),
    (it: Play) => it.says({ kind: 'yieldedOne', value: 1, special: false, weight: 5 }),
    (it: Play) => it.says({ kind: 'yielded', count: 1, bytes: new Uint8Array([255]), loose: [] }),
    (it: Play) => it.says({ kind: 'yielded', count: -1, bytes: new Uint8Array(1), loose: [] }),
  ]) {
    const it = play()
    const { stream, first } = await it.begun({ ahead: 2 })
    forge(it)
    assert.equal(it.worker.state, 'killed')
    it.worker.die()
    const error = await first.then(
      () => stream.return().then(() => undefined),
      thrown => thrown,
    )
    assert.ok(error === undefined || error instanceof ProtocolError)
    assert.equal(it.pool.stats().failed, 1)
  }
})

played('what arrives for a call that is no stream ends the worker', async play => {
  const it = play()
  const call = { task: rows, args: [], priority: 0, caller: {} }
  const outcomes: unknown[] = []
  const settled = (outcome: unknown) => void outcomes.push(outcome)
  it.pool.submit(Object.assign(new Noted(), { ...call, started() {}, progressed() {}, settled }))
  it.worker.ready()
  it.worker.begin()
  it.yields(1)
  assert.equal(it.worker.state, 'killed')
  it.worker.die()
  assert.equal(outcomes.length, 1)
})

played('a stream, or a call, that its worker drops of its own accord fails', async play => {
  const it = play()
  const { first } = await it.begun()
  it.ends({ kind: 'dropped' })
  await assert.rejects(first, ProtocolError)
})

played('a worker with a stream takes nothing else, and a busy one no stream', async play => {
  const it = play()
  const calls = () => {
    const settled = { ends: 0 }
    it.pool.submit(
      Object.assign(new Noted(), {
        task: rows,
        args: [],
        priority: 0,
        caller: {},
        started() {},
        progressed() {},
        settled: () => {
          settled.ends += 1
        },
      }),
    )
    return settled
  }
  calls()
  it.worker.ready()
  it.worker.work()
  for (let n = 0; n < 10; n += 1) calls()
  await it.time.advance(0)
  assert.equal(it.worker.inbox.length, 10)
  const stream = it.open()
  const first = stream.next()
  await it.time.advance(0)
  assert.equal(it.worker.inbox.length, 10)
  for (let n = 0; n < 10; n += 1) {
    assert.equal(it.worker.inbox.length, 10 - n)
    it.worker.begin()
    it.worker.answer()
    it.worker.read()
  }
  await it.time.advance(0)
  assert.ok(it.worker.begin())
  const behind = calls()
  await it.time.advance(0)
  assert.equal(it.worker.inbox.length, 0)
  it.yields(1)
  await first
  it.ends()
  await it.time.advance(0)
  it.worker.work()
  assert.equal(behind.ends, 1)
  assert.deepEqual(await stream.next(), end)
})

played('a failure comes after the values before it, once', async play => {
  const it = play()
  const { stream, first } = await it.begun()
  it.yields(1, 2)
  it.ends(failed)
  assert.deepEqual(await first, { done: false, value: 1 })
  assert.deepEqual(await stream.next(), { done: false, value: 2 })
  await assert.rejects(stream.next(), TypeError)
  assert.deepEqual(await stream.next(), over)
})

played('a worker that dies midway gives its values, then its end; nothing is begun again', async play => {
  const it = play()
  const { stream, first } = await it.begun()
  it.yields(1, 2)
  it.worker.die({ kind: 'exit', code: 7 })
  assert.deepEqual(await first, { done: false, value: 1 })
  assert.deepEqual(await stream.next(), { done: false, value: 2 })
  await assert.rejects(stream.next(), WorkerExitedError)
  assert.deepEqual(await stream.next(), over)
  await it.time.advance(10_000)
  assert.equal(it.workers.length, 1)
})

played('leaving tells the worker, and waits until the generator has ended', async play => {
  const it = play()
  const { stream, first } = await it.begun()
  it.yields(1, 2, 3)
  await first
  let returned = false
  const leaving = stream.return('mine').then(result => {
    returned = true
    return result
  })
  await it.time.advance(50)
  assert.deepEqual(it.worker.cancels, [it.worker.current?.seq])
  assert.equal(it.worker.flagged, it.worker.current?.seq)
  assert.equal(returned, false)
  assert.equal(it.pool.stats().running, 1)
  it.yields(4) // It was on its way.
  it.says({ kind: 'returning' })
  it.ends()
  assert.deepEqual(await leaving, { done: true, value: 'mine' })
  assert.deepEqual(await stream.next(), over)
  assert.equal(it.worker.state, 'ready')
  assert.deepEqual(it.pool.stats().workers, { starting: 0, idle: 1, busy: 0 })
})

played('whoever waits for a value when the stream is left learns that there is none', async play => {
  const it = play()
  const { stream, first } = await it.begun()
  const second = stream.next()
  const leaving = stream.return()
  const again = stream.return()
  it.ends()
  assert.deepEqual(await Promise.all([first, second, leaving, again]), [over, over, over, over])
})

played(
  'a finally that fails after the stream was left is the consumer’s; a failure before that is nobody’s',
  async play => {
    for (const told of [true, false]) {
      const it = play()
      const { stream, first } = await it.begun()
      it.yields(1)
      await first
      const leaving = stream.return()
      if (told) it.says({ kind: 'returning' })
      it.ends(failed)
      if (told) await assert.rejects(leaving, TypeError)
      else assert.deepEqual(await leaving, over)
      assert.deepEqual(await stream.next(), over)
    }
  },
)

played('a finally that never ends costs the worker, after its grace', async play => {
  const it = play()
  const { stream, first } = await it.begun()
  it.yields(1)
  await first
  const leaving = stream.return()
  leaving.catch(() => {})
  it.says({ kind: 'returning' })
  await it.time.advance(99)
  assert.equal(it.worker.state, 'ready')
  await it.time.advance(2)
  assert.equal(it.worker.state, 'killed')
  it.worker.die({ kind: 'signal', signal: 'SIGKILL', lastWords: '' })
  await assert.rejects(leaving, WorkerCrashedError)
})

played('a stream that its worker has not begun can be left, and never begins', async (play, kind) => {
  const it = play()
  const stream = it.open()
  const first = stream.next()
  it.worker.ready()
  await it.time.advance(0)
  const leaving = stream.return()
  if (kind === 'process') {
    it.worker.readCancels()
    it.worker.read()
  }
  assert.equal(it.worker.begin(), false)
  assert.deepEqual([await first, await leaving], [over, over])
  assert.equal(it.pool.stats().running, 0)
})

played('a signal ends a stream at once: what had arrived is dropped, the worker is told', async play => {
  const it = play()
  const controller = new AbortController()
  const { stream, first } = await it.begun({ signal: controller.signal })
  it.yields(1, 2, 3)
  await first
  controller.abort('no more')
  const error = await stream.next().catch(thrown => thrown)
  assert.ok(error instanceof AbortError)
  assert.equal(error.cause, 'no more')
  assert.deepEqual(await stream.next(), over)
  assert.equal(it.worker.cancels.length, 1)
  it.yields(4)
  it.says({ kind: 'returning' })
  it.ends(failed)
  assert.equal(it.pool.stats().cancelled, 1)
})

played('a signal that aborts while the stream is being left ends that wait too', async play => {
  const it = play()
  const controller = new AbortController()
  const { stream, first } = await it.begun({ signal: controller.signal })
  it.yields(1)
  await first
  const leaving = stream.return()
  controller.abort()
  await assert.rejects(leaving, AbortError)
  it.ends()
})

played('the time of a stream begins with its first value, and leaves no timer behind', async play => {
  const it = play()
  it.open({ timeoutMs: 50 })
  assert.equal(it.time.timers, 0)
  const { stream, first } = await it.begun({ timeoutMs: 50 })
  it.yields(1)
  await first
  await it.time.advance(49)
  it.yields(2)
  assert.deepEqual(await stream.next(), { done: false, value: 2 })
  const late = stream.next()
  late.catch(() => {})
  await it.time.advance(2)
  await assert.rejects(late, TimeoutError)
  it.ends()
  const { timers } = it.time // The pool's own.
  const { signal } = new AbortController()
  const other = await it.begun({ timeoutMs: 1e9, signal })
  it.ends()
  assert.deepEqual(await other.first, end)
  assert.equal(getEventListeners(signal, 'abort').length, 0)
  assert.equal(it.time.timers, timers)
})

played('a pool that closes without grace gives what had arrived, then ClosedError', async play => {
  const it = play()
  const { stream, first } = await it.begun()
  it.yields(1, 2)
  await first
  const closing = it.pool.close({ graceMs: 0, queued: 'finish' })
  await it.time.advance(100)
  assert.equal(it.worker.state, 'killed')
  it.worker.die({ kind: 'signal', signal: 'SIGKILL', lastWords: '' })
  await closing
  assert.deepEqual(await stream.next(), { done: false, value: 2 })
  await assert.rejects(stream.next(), ClosedError)
})

played('a stream at rest does not keep the program alive; one that somebody waits for does', async play => {
  const it = play()
  const { stream, first } = await it.begun({ ahead: 4 })
  assert.ok(it.worker.held)
  it.yields(1, 2, 3)
  await first
  assert.ok(it.worker.held)
  it.yields(4)
  assert.ok(!it.worker.held)
  for (let taken = 2; taken <= 4; taken += 1) await stream.next()
  assert.ok(it.worker.held)
  it.yields(5, 6)
  const leaving = stream.return()
  assert.ok(it.worker.held)
  it.ends()
  await leaving
})

played('a stream that waits for a worker that can’t start rejects like any call', async play => {
  const it = play()
  const first = it.open().next()
  first.catch(() => {})
  for (let start = 0; start < 3; start += 1) it.worker.die({ kind: 'exit', code: 1 })
  await assert.rejects(first)
})
