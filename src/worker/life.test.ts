/**
 * A worker's life without a pool and without jobs: every way from its start to its end, on a clock
 * that the test moves.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ProtocolError,
  WorkerCrashedError,
  WorkerExitedError,
  WorkerStartError,
  WorkerStartTimeoutError,
} from '../errors.ts'
import { runtime, withRuntime } from '../runtime/runtime.ts'
import { VirtualRuntime } from '../runtime/virtual.ts'
import { type Task, task } from '../task/task.ts'
import { PlainEncoding } from '../wire/encoding.ts'
import { encodeFailure } from '../wire/failure.ts'
import { FakeWorker } from './fixtures/fake-worker.ts'
import { type EndOfLife, Life, type LifeOwner } from './life.ts'

const meta = { url: 'test:life' } as ImportMeta
const begin: Task = task(meta, function begin() {})
const failure = encodeFailure(new TypeError('of the worker'), new PlainEncoding())

/** Watches one worker, and writes down what it hears. */
class Watcher implements LifeOwner {
  readonly at = undefined
  readonly heard: string[] = []
  end: { readonly why: Error; readonly details: EndOfLife } | undefined
  ready(): void {
    this.heard.push('ready')
  }
  done(seq: number): void {
    this.heard.push(`done ${seq}`)
  }
  patience(): number {
    return 0
  }
  ended(why: Error, details: EndOfLife): void {
    assert.equal(this.end, undefined, 'it ends once')
    this.end = { why, details }
  }
}

interface Lived {
  readonly life: Life
  readonly worker: FakeWorker
  readonly watcher: Watcher
  readonly virtual: VirtualRuntime
}

function lived(
  name: string,
  body: (it: Lived) => Promise<void> | void,
  { initialize = undefined as Task | undefined, graceMs = 100 } = {},
): void {
  test(name, async () => {
    const virtual = new VirtualRuntime()
    await withRuntime(virtual, async () => {
      const watcher = new Watcher()
      const workers: FakeWorker[] = []
      const start = (index: number, owner: ConstructorParameters<typeof FakeWorker>[1]) => {
        assert.equal(runtime(), virtual, 'a worker starts on the clock of whoever starts it')
        const worker = new FakeWorker(index, owner, true)
        workers.push(worker)
        return worker
      }
      const life = new Life(1, start, watcher, {
        startTimeoutMs: 1_000,
        graceMs,
        closeGraceMs: graceMs,
        initialize: initialize && { task: initialize, args: [], special: false },
      })
      await body({ life, worker: workers[0] as FakeWorker, watcher, virtual })
    })
  })
}

lived('a worker starts, works, is asked to end, and ends', ({ life, worker, watcher }) => {
  assert.deepEqual([life.state, worker.held], ['starting', true])
  worker.ready()
  assert.deepEqual([life.state, watcher.heard], ['ready', ['ready']])
  life.release()
  life.stop()
  assert.deepEqual([life.state, worker.state, worker.held], ['stopping', 'stopping', true])
  worker.die({ kind: 'exit', code: 0 })
  assert.equal(life.state, 'ended')
  assert.deepEqual(watcher.end?.details, {
    wasReady: true,
    mayHaveBegun: true,
    loading: undefined,
    heardAll: true,
    reached: undefined,
    expected: true,
    crashed: false,
    hitTooEarly: false,
  })
})

lived(
  'one that does not end when it is asked to is killed when its grace is over',
  async ({ life, worker, virtual }) => {
    worker.ready()
    life.stop()
    await virtual.advance(99)
    assert.equal(worker.state, 'stopping')
    await virtual.advance(1)
    assert.equal(worker.state, 'killed')
  },
)

lived(
  'one that does not start in time is condemned, and what it says then does not bring it back',
  async it => {
    const { life, worker, watcher, virtual } = it
    await virtual.advance(1_000)
    assert.deepEqual([life.state, worker.state], ['condemned', 'killed'])
    worker.ready()
    assert.deepEqual([life.state, watcher.heard], ['condemned', []])
    worker.die()
    assert.ok(watcher.end?.why instanceof WorkerStartTimeoutError)
    assert.deepEqual(watcher.end.details, {
      wasReady: false,
      mayHaveBegun: true,
      loading: undefined,
      heardAll: true,
      reached: undefined,
      expected: true,
      crashed: false,
      hitTooEarly: false,
    })
  },
)

lived('one that ends by itself is gone while its last words are read, and its owner learns why', it => {
  const { life, worker, watcher } = it
  worker.ready()
  const states: string[] = []
  life.hears.on('worn', () => void states.push(life.state))
  worker.say({ kind: 'worn' })
  worker.die({ kind: 'exit', code: 7 })
  assert.deepEqual([states, life.state], [['gone'], 'ended'])
  assert.ok(watcher.end?.why instanceof WorkerExitedError)
  assert.equal(watcher.end.details.expected, false)
})

lived('the error that a worker reports before it dies is the reason of its end', ({ worker, watcher }) => {
  worker.ready()
  worker.say({ kind: 'crashed', failure })
  worker.die({ kind: 'exit', code: 1 })
  assert.ok(watcher.end?.why instanceof WorkerCrashedError)
  assert.match(watcher.end.why.message, /of the worker/)
})

lived(
  'one that says what it dies of and lives on keeps the program until it is killed: a call may wait for its place',
  async ({ life, worker, virtual }) => {
    worker.ready()
    life.release()
    worker.say({ kind: 'crashed', failure })
    worker.read()
    assert.equal(worker.held, true)
    await virtual.advance(100)
    assert.equal(worker.state, 'killed')
  },
)

lived('whoever ends a worker names the reason, and the first one counts', ({ life, worker, watcher }) => {
  worker.ready()
  const why = new Error('not wanted any more')
  life.end(why)
  life.end(new Error('again'))
  assert.deepEqual([life.state, worker.state, life.isLost], ['condemned', 'killed', true])
  worker.die()
  assert.equal(watcher.end?.why, why)
})

lived(
  'what nobody has registered for is no message of this worker: it is ended',
  ({ life, worker, watcher }) => {
    worker.ready()
    worker.say({ kind: 'progress', seq: 1, done: 1, total: undefined })
    worker.read()
    assert.equal(life.state, 'condemned')
    worker.die()
    assert.ok(watcher.end?.why instanceof ProtocolError)
  },
)

lived('a kind of message has one hearer', ({ life }) => {
  assert.throws(() => life.hears.on('ready', () => {}), TypeError)
})

lived('an import has a limit of its own, which ends with it', async ({ life, worker, virtual }) => {
  worker.ready()
  assert.equal(life.refOf(begin), 1)
  assert.deepEqual([life.hasImported(begin), life.deadline.isSet], [false, true])
  worker.imported()
  assert.deepEqual([life.hasImported(begin), life.deadline.isSet, life.refOf(begin)], [true, false, 1])
  await virtual.advance(5_000)
  assert.equal(life.state, 'ready')
})

lived('an import that takes too long ends its worker', async ({ life, worker, virtual, watcher }) => {
  worker.ready()
  life.refOf(begin)
  await virtual.advance(1_000)
  assert.equal(life.state, 'condemned')
  worker.die()
  assert.match(String(watcher.end?.why.message), /importing test:life/)
})

lived(
  'a worker that begins with a task can work when that has ended',
  ({ life, worker, watcher }) => {
    worker.ready()
    assert.equal(life.state, 'starting')
    const { seq } = worker.own as { seq: number }
    worker.say({ kind: 'done', seq, value: undefined, special: false, workMs: 1 })
    worker.read()
    assert.deepEqual([life.state, watcher.heard], ['ready', ['ready']])
  },
  { initialize: begin },
)

lived(
  'one that ends by itself before it has started may lie in a chunk of a bundle',
  ({ worker, watcher }) => {
    worker.die({ kind: 'exit', code: 0 })
    assert.ok(watcher.end?.why instanceof WorkerStartError)
    assert.match(
      watcher.end.why.message,
      /it ended with exit code 0\. Was it a chunk of webpack .*splitChunks: false/,
    )
  },
)

lived(
  'one whose first task throws has not started',
  ({ worker, watcher }) => {
    worker.ready()
    const { seq } = worker.own as { seq: number }
    worker.say({ kind: 'failed', seq, failure, workMs: 1 })
    worker.read()
    assert.equal(worker.state, 'killed')
    worker.die()
    assert.ok(watcher.end?.why instanceof WorkerStartError)
    assert.equal(watcher.end.details.wasReady, false)
  },
  { initialize: begin },
)

lived(
  'one whose first task does not end in time is ended for that task, not for an import',
  async ({ worker, watcher, virtual }) => {
    worker.ready()
    worker.imported()
    await virtual.advance(1_000)
    worker.die()
    assert.ok(watcher.end?.why instanceof WorkerStartTimeoutError)
    assert.match(watcher.end.why.message, /did not finish its initialize task, begin, .*raise startTimeoutMs/)
    assert.equal(watcher.end.why.task, 'begin')
  },
  { initialize: begin },
)

lived(
  'one whose module for the first task does not come in time is ended for that import',
  async ({ worker, watcher, virtual }) => {
    worker.ready()
    await virtual.advance(1_000)
    worker.die()
    assert.match(String(watcher.end?.why.message), /did not finish importing test:life .*top-level await/)
  },
  { initialize: begin },
)

lived(
  'one that its first task ends has not started, because of that task',
  ({ worker, watcher }) => {
    worker.ready()
    worker.imported()
    worker.die({ kind: 'exit', code: 3 })
    assert.ok(watcher.end?.why instanceof WorkerStartError)
    assert.match(
      watcher.end.why.message,
      /while its initialize task, begin, ran, it ended with exit code 3\. Throw/,
    )
  },
  { initialize: begin },
)

lived(
  'an uncaught error while the first task runs names that task',
  ({ worker, watcher }) => {
    worker.ready()
    worker.imported()
    worker.say({ kind: 'crashed', failure, culprit: { seq: 0 } })
    worker.die({ kind: 'exit', code: 1 })
    assert.match(String(watcher.end?.why.message), /while its initialize task, begin, ran, an uncaught error/)
  },
  { initialize: begin },
)

lived('an uncaught error of no call that can be named blames none', ({ worker, watcher }) => {
  worker.ready()
  worker.say({ kind: 'crashed', failure })
  worker.die({ kind: 'exit', code: 1 })
  assert.match(
    String(watcher.end?.why.message),
    /^fake 1 crashed: an uncaught error of no call that can be named: TypeError: of the worker$/,
  )
})

lived('who ended the worker is believed if it says so before it exits', ({ worker, watcher }) => {
  worker.ready()
  worker.say({ kind: 'exiting', culprit: { task: 'poll' } })
  worker.die({ kind: 'exit', code: 9 })
  assert.ok(watcher.end?.why instanceof WorkerExitedError)
  assert.match(watcher.end.why.message, /^What task poll left behind after its call .* exit code 9\.$/)
})

lived('a worker that takes back that it ends has not said who ends it', ({ worker, watcher }) => {
  worker.ready()
  worker.say({ kind: 'exiting', culprit: { task: 'poll' }, reached: { begun: 1, importing: [] } })
  worker.say({ kind: 'staying' })
  worker.die({ kind: 'signal', signal: 'SIGKILL', lastWords: '' })
  assert.ok(watcher.end?.why instanceof WorkerCrashedError)
  assert.match(watcher.end.why.message, /^fake 1 crashed: it was ended by SIGKILL/)
  assert.equal(watcher.end.details.reached, undefined)
})
