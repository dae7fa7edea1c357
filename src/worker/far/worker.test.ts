/**
 * The far side, with the test as the caller: what it begins, in which order, and what a cancel
 * means at every moment.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AbortError, ProtocolError } from '../../errors.ts'
import { addressOf } from '../../executor/address.ts'
import type { Task } from '../../task/task.ts'
import { PlainEncoding } from '../../wire/encoding.ts'
import { encodeFailure } from '../../wire/failure.ts'
import type { FromWorker } from '../../wire/messages.ts'
import type { WorkerEnd } from '../../wire/transport/transport.ts'
import { echo, fail, untilAborted } from './fixtures/worker-tasks.ts'
import { importModule } from './loader.ts'
import { Worker, type WorkerHost } from './worker.ts'

const tasks: readonly Task[] = [echo, untilAborted, fail]

/** A worker whose words are written down; a test may play its host. */
class Stage {
  readonly said: FromWorker[] = []
  readonly begun: number[] = []
  /** What it could not go on after. */
  readonly broken: unknown[] = []
  /** Set by a test: whether this message can't be sent. */
  refuses: (message: FromWorker) => boolean = () => false
  readonly worker: Worker

  constructor(host: Partial<WorkerHost> = {}) {
    this.worker = new Worker({
      name: 'played',
      home: { model: 'threads', name: 'stage', workers: 1 },
      crossing: { sharedMemory: false, maxPayloadBytes: 1_000_000 },
      pollCancelled: () => false,
      claim: seq => {
        this.begun.push(seq)
        return true
      },
      refill: () => false,
      flushing: () => undefined,
      broken: error => this.broken.push(error),
      ...host,
    })
    this.worker.open(this.#transport)
  }

  /** Tells it of a task, by its number in the list. */
  load(task: Task): void {
    this.worker.receive({ kind: 'load', ref: tasks.indexOf(task), ...addressOf(task) })
  }

  call(seq: number, task: Task, ...args: readonly unknown[]): void {
    this.worker.receive({
      kind: 'run',
      seq,
      ref: tasks.indexOf(task),
      args,
      special: false,
      chunk: false,
      attempt: 1,
    })
  }

  cancel(seq: number): void {
    const failure = encodeFailure(new AbortError('enough'), new PlainEncoding())
    this.worker.receive({ kind: 'cancel', seq, failure })
  }

  /** What it has said of calls, as `done 1`. */
  get endings(): string[] {
    return this.said.filter(message => 'seq' in message).map(({ kind, seq }) => `${kind} ${seq}`)
  }

  /** Waits until so much was said of calls. */
  async ended(count: number): Promise<string[]> {
    while (this.endings.length < count) await new Promise(resolve => setImmediate(resolve))
    return this.endings
  }

  readonly #transport: WorkerEnd = {
    send: message => {
      if (this.refuses(message as FromWorker)) throw new RangeError('no room')
      this.said.push(structuredClone(message) as FromWorker)
    },
    tryDone: () => false,
  }
}

test('calls run one after the other in the order they came, and each is answered before the next begins', async () => {
  const stage = new Stage({
    claim(seq) {
      assert.equal(stage.endings.length, seq - 1)
      return true
    },
  })
  stage.load(echo)
  stage.load(fail)
  for (let seq = 1; seq <= 6; seq += 1) stage.call(seq, seq % 3 === 0 ? fail : echo, seq)
  assert.deepEqual(await stage.ended(6), ['done 1', 'done 2', 'failed 3', 'done 4', 'done 5', 'failed 6'])
})

test('a call that was taken back is left out', async () => {
  const stage = new Stage({ claim: seq => seq !== 2 })
  stage.load(echo)
  for (const seq of [1, 2, 3]) stage.call(seq, echo)
  assert.deepEqual(await stage.ended(2), ['done 1', 'done 3'])
})

test('a cancel that comes together with its call is read before the call begins', async () => {
  const stage = new Stage()
  stage.load(echo)
  stage.call(1, echo)
  await stage.ended(1)
  for (const seq of [2, 3, 4]) stage.call(seq, echo)
  stage.cancel(3)
  assert.deepEqual((await stage.ended(4)).slice(1), ['dropped 3', 'done 2', 'done 4'])
  assert.ok(!stage.begun.includes(3))
})

test('a cancel that comes while the worker waits for an answer to leave finds the call that would be next', async () => {
  let leave = () => {}
  let leaving: Promise<void> | undefined
  const stage = new Stage({ flushing: () => leaving })
  stage.load(echo)
  stage.call(1, echo)
  await stage.ended(1)
  leaving = new Promise(resolve => {
    leave = resolve
  })
  for (const seq of [2, 3]) stage.call(seq, echo)
  await Promise.resolve()
  stage.cancel(2)
  assert.deepEqual(stage.begun, [1])
  leaving = undefined
  leave()
  assert.deepEqual((await stage.ended(3)).slice(1), ['dropped 2', 'done 3'])
  assert.deepEqual(stage.begun, [1, 3])
})

test('a call that is cancelled while its module is imported finds its signal aborted', async () => {
  const stage = new Stage()
  stage.load(untilAborted)
  stage.call(1, untilAborted)
  await Promise.resolve()
  assert.deepEqual(stage.begun, [1])
  stage.cancel(1)
  await stage.ended(1)
  assert.partialDeepStrictEqual(stage.said.at(-1), { kind: 'done', seq: 1, value: 'enough' })
})

test('a running call that is cancelled finds its signal aborted, and the calls behind it run', async () => {
  const stage = new Stage()
  stage.load(untilAborted)
  stage.load(echo)
  stage.call(1, untilAborted)
  stage.call(2, echo)
  while (!stage.said.some(({ kind }) => kind === 'loaded'))
    await new Promise(resolve => setImmediate(resolve))
  stage.cancel(1)
  assert.deepEqual(await stage.ended(2), ['done 1', 'done 2'])
})

test('a cancel that comes too late, or for no call, says nothing', async () => {
  const stage = new Stage()
  stage.load(echo)
  stage.call(1, echo)
  await stage.ended(1)
  stage.cancel(1)
  stage.cancel(99)
  stage.call(2, echo)
  assert.deepEqual(await stage.ended(2), ['done 1', 'done 2'])
})

test('a result that can’t be sent fails its call, and no other', async () => {
  const stage = new Stage()
  stage.load(echo)
  stage.call(1, echo, () => {})
  stage.call(2, echo, 'x')
  assert.deepEqual(await stage.ended(2), ['failed 1', 'done 2'])
})

test('a call of a task that nobody has told of fails with that', async () => {
  const stage = new Stage()
  stage.call(1, echo)
  assert.deepEqual(await stage.ended(1), ['failed 1'])
  assert.match(JSON.stringify(stage.said.at(-1)), /was never told of task 0/)
})

test('a worker that can’t read what it is sent says so to its host, which ends it', async () => {
  const unreadable = new TypeError('a built-in was replaced')
  const stage = new Stage({
    refill() {
      throw unreadable
    },
  })
  while (stage.broken.length === 0) await new Promise(resolve => setImmediate(resolve))
  assert.deepEqual(stage.broken, [unreadable])
})

test('a worker that is sent a message of no kind that it knows says so to its host, which ends it', () => {
  const stage = new Stage()
  stage.worker.receive({ kind: 'runn', seq: 1 } as never)
  assert.ok(stage.broken[0] instanceof ProtocolError)
  assert.match(stage.broken[0].message, /^The pool of played sent .*: runn, which played does not know/)
})

test('an error that can’t be sent with what hangs on it is sent without, and says so there', async () => {
  const stage = new Stage()
  const told = (message: FromWorker) => JSON.stringify(message)
  stage.refuses = message => message.kind === 'crashed' && told(message).includes('"large"')
  stage.worker.reportCrash(Object.assign(new TypeError('boom'), { body: 'large' }))
  const [report] = stage.said.filter(({ kind }) => kind === 'crashed')
  assert.match(told(report as FromWorker), /"TypeError".*"boom".*\[not copied: no room\]/)
})

test('where not even the error alone can be sent, the reason for that is', async () => {
  const stage = new Stage()
  stage.refuses = message => JSON.stringify(message).includes('boom')
  stage.worker.reportCrash(new TypeError('boom'))
  assert.match(JSON.stringify(stage.said.at(-1)), /"crashed".*no room/)
})

test('a worker that has said that it dies begins no call, also not one that it was about to', async () => {
  for (const atClaim of [true, false]) {
    const stage = new Stage({
      claim() {
        if (atClaim) stage.worker.reportCrash(new TypeError('boom'))
        return true
      },
    })
    stage.load(echo)
    if (!atClaim) stage.worker.reportCrash(new TypeError('boom'))
    stage.call(1, echo, 1)
    for (let turn = 0; turn < 10; turn += 1) await new Promise(resolve => setImmediate(resolve))
    assert.deepEqual(stage.endings, [])
    const report = stage.said.find(({ kind }) => kind === 'crashed')
    assert.deepEqual(report, { ...report, reached: { begun: 0, importing: [] } })
  }
})

test('a worker that has only announced its end takes that back before it begins another call', async () => {
  const stage = new Stage()
  stage.load(echo)
  stage.worker.reportExit()
  stage.call(1, echo, 1)
  assert.deepEqual(await stage.ended(1), ['done 1'])
  const told = stage.said.map(({ kind }) => kind)
  assert.deepEqual(
    told.filter(kind => kind !== 'loaded'),
    ['ready', 'exiting', 'staying', 'done'],
  )
})

test('a task in code that was given to Node as text is refused with what to do', async () => {
  await assert.rejects(importModule('file:///tmp/%5Beval1%5D'), /node -e.*put the task into a file/)
})
