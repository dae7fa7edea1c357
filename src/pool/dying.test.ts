/**
 * Whatever a worker says of its failures and its end, the pool goes on, and nobody waits for ever.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { shareable } from '../declared/shareable.ts'
import { ProtocolError, WorkerCrashedError, WorkerStartError } from '../errors.ts'
import type { Job } from '../executor/backend.ts'
import { Noted } from '../executor/ready-job.ts'
import { withRuntime } from '../runtime/runtime.ts'
import { VirtualRuntime } from '../runtime/virtual.ts'
import type { Outcome } from '../task/results.ts'
import { task } from '../task/task.ts'
import { MessageEncoding } from '../wire/codec.ts'
import { encodeFailure, type WireFailure } from '../wire/failure.ts'
import { FakeWorker } from '../worker/fixtures/fake-worker.ts'
import { checkPoolOptions, type PoolUserOptions } from './options.ts'
import { Pool } from './pool.ts'

const work = task({ url: 'test:dying' } as ImportMeta, function work() {})
const crossing = { sharedMemory: true, maxPayloadBytes: 1_000_000 }
const graceMs = 100

class Call extends Noted implements Job {
  readonly task = work
  readonly args: readonly unknown[] = []
  readonly priority = 0
  readonly caller = {}
  outcome: Outcome<unknown> | undefined

  get error(): Error | undefined {
    return this.outcome?.ok === false ? (this.outcome.error as Error) : undefined
  }

  started(): void {}
  progressed(): void {}

  settled(outcome: Outcome<unknown>): void {
    assert.equal(this.outcome, undefined, 'a call is settled once')
    this.outcome = outcome
  }
}

/** One worker at a time, which is at a call. */
class Play {
  readonly workers: FakeWorker[] = []
  readonly pool: Pool
  readonly #virtual: VirtualRuntime

  constructor(virtual: VirtualRuntime, options: PoolUserOptions = {}) {
    this.#virtual = virtual
    const checked = checkPoolOptions('pool', { workers: 1, graceMs, ...options })
    const start = (index: number, owner: ConstructorParameters<typeof FakeWorker>[1]) => {
      const worker = new FakeWorker(index, owner, true)
      this.workers.push(worker)
      return worker
    }
    this.pool = new Pool('threads', checked, start, crossing)
  }

  get worker(): FakeWorker {
    return this.workers.at(-1) as FakeWorker
  }

  async submit(): Promise<Call> {
    const call = new Call()
    this.pool.submit(call)
    await this.#virtual.advance(1)
    return call
  }

  /** A call that its worker is in. */
  async begun(): Promise<Call> {
    const call = await this.submit()
    if (this.worker.state === 'starting') this.worker.ready()
    await this.#virtual.advance(1)
    assert.ok(this.worker.begin())
    return call
  }

  async says(message: object): Promise<void> {
    this.worker.say(message)
    this.worker.read()
    await this.turns()
  }

  async answers(message: object): Promise<void> {
    this.worker.answerBy(message)
    this.worker.read()
    await this.turns()
  }

  /** Time passes; workers that were killed end. */
  async pass(ms: number): Promise<void> {
    await this.#virtual.advance(ms)
    if (this.worker.state === 'killed') this.worker.die({ kind: 'signal', signal: 'SIGKILL', lastWords: '' })
    await this.turns()
  }

  /**
   * Where error classes are looked for in the module, two turns pass; and an import that fails
   * takes one of its own.
   */
  async turns(): Promise<void> {
    await this.#virtual.advance(1)
    await new Promise(resolve => setImmediate(resolve))
    await this.#virtual.advance(1)
  }

  /** Another call is answered, and the pool closes. */
  async goesOn(): Promise<void> {
    if (this.worker.state === 'killed') this.worker.die({ kind: 'signal', signal: 'SIGKILL', lastWords: '' })
    const call = await this.begun()
    await this.answers({ kind: 'done', value: 'fine', special: false, workMs: 0 })
    assert.deepEqual(call.outcome, { ok: true, value: 'fine' })
    const closing = this.pool.close({ graceMs: 0, queued: 'finish' })
    await this.turns()
    for (const worker of this.workers) if (worker.state !== 'ended') worker.die({ kind: 'exit', code: 0 })
    await this.turns()
    await closing
  }
}

function played(name: string, body: (play: Play) => Promise<void>, options?: PoolUserOptions): void {
  test(name, async () => {
    const virtual = new VirtualRuntime()
    await withRuntime(virtual, () => body(new Play(virtual, options)))
  })
}

/** Crosses, and can't be made again on this side. */
class Unlucky {
  readonly number = 13
}
shareable(import.meta, Unlucky, {
  pack: ({ number }: Unlucky) => number,
  unpack() {
    throw new Error('no 13')
  },
})

function wire(thrown: unknown): WireFailure {
  return structuredClone(encodeFailure(thrown, new MessageEncoding(crossing)))
}

const forged = {
  kind: 'value',
  value: { '\0atonce': 'Nonsense' },
  special: true,
  description: '',
} as WireFailure

process.removeAllListeners('warning') // Workers die here on purpose.

played('a worker dies of an error whose cause can’t be made here: its call gets the error', async it => {
  const call = await it.begun()
  await it.says({ kind: 'crashed', failure: wire(new TypeError('bad row', { cause: new Unlucky() })) })
  it.worker.die({ kind: 'exit', code: 1 })
  await it.turns()
  assert.ok(call.error instanceof WorkerCrashedError)
  assert.ok(call.error.cause instanceof TypeError)
  assert.match(String(call.error.cause.cause), /not copied/)
  await it.goesOn()
})

played(
  'a worker dies of something that can’t be made here: its call fails, and the pool goes on',
  async it => {
    const call = await it.begun()
    await it.says({ kind: 'crashed', failure: wire(new Unlucky()) })
    it.worker.die({ kind: 'exit', code: 1 })
    await it.turns()
    assert.ok(call.error instanceof WorkerCrashedError)
    await it.goesOn()
  },
)

played('a forged crash report is a ProtocolError of its call', async it => {
  const call = await it.begun()
  await it.says({ kind: 'crashed', failure: forged })
  it.worker.die({ kind: 'exit', code: 1 })
  await it.turns()
  assert.ok(call.error instanceof ProtocolError)
  assert.match(call.error.message, /^fake \d+ sent .* crash report .*Nonsense/)
  await it.goesOn()
})

played('a forged failure is a ProtocolError of its call, and its worker is ended', async it => {
  for (const message of [
    { kind: 'failed', failure: forged, workMs: 0 },
    { kind: 'doneChunk', outcomes: [{ ok: false, failure: forged }], workMs: 0 },
  ]) {
    const call = await it.begun()
    await it.answers(message)
    assert.ok(call.error instanceof ProtocolError)
    assert.equal(it.worker.state, 'killed')
    await it.pass(0)
  }
  await it.goesOn()
})

played('a worker that has reported its crash and does not end is ended after graceMs', async it => {
  const call = await it.begun()
  await it.says({ kind: 'crashed', failure: wire(new Error('boom')) })
  await it.pass(graceMs - 10)
  assert.deepEqual([it.worker.state, call.outcome], ['ready', undefined])
  await it.pass(20)
  assert.equal(it.workers[0]?.state, 'ended')
  assert.ok(call.error instanceof WorkerCrashedError)
  assert.equal((call.error.cause as Error).message, 'boom')
  await it.goesOn()
})

played('a worker that has reported its crash is given no call any more', async it => {
  const call = await it.begun()
  await it.answers({ kind: 'done', value: 1, special: false, workMs: 0 })
  assert.ok(call.outcome?.ok)
  await it.says({ kind: 'crashed', failure: wire(new Error('boom')) })
  const next = await it.submit()
  assert.equal(it.worker.inbox.length, 0)
  it.worker.die({ kind: 'exit', code: 1 })
  await it.turns()
  it.worker.ready()
  await it.turns()
  it.worker.work()
  await it.turns()
  assert.ok(next.outcome?.ok)
})

const strange = fc.oneof(
  fc.anything({ withBigInt: true, withMap: true }),
  fc.constantFrom<unknown>(forged, { '\0atonce': 'Packed' }, { '\0atonce': null }, '__proto__', 'error'),
)

/** Ways in which a worker tells of a failure. */
const tellings: Readonly<Record<string, (failure: unknown) => object>> = {
  failed: failure => ({ kind: 'failed', failure, workMs: 0 }),
  doneChunk: failure => ({ kind: 'doneChunk', outcomes: [{ ok: false, failure }], workMs: 0 }),
  crashed: failure => ({ kind: 'crashed', failure }),
  loadFailed: failure => ({ kind: 'loadFailed', ref: 1, failure }),
  unnest: failure => ({ kind: 'unnest', id: 1, failure }),
}

test('whatever is in a failure, however it is told: its call is settled, the pool goes on and closes', async () => {
  const genuine = [
    new AggregateError([new TypeError('one'), 'two'], 'all', { cause: new Unlucky() }),
    new Unlucky(),
    Object.assign(new Error('x'), { at: new Map([[1, Buffer.from('x')]]) }),
  ]
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...Object.keys(tellings)),
      fc.nat(genuine.length - 1),
      fc.array(fc.tuple(fc.nat(), strange), { maxLength: 3 }),
      async (kind, at, changes) => {
        const failure = wire(genuine[at])
        for (const [where, value] of changes) replaceOne(failure, where, value)
        const virtual = new VirtualRuntime()
        await withRuntime(virtual, async () => {
          const it = new Play(virtual)
          const call = await it.begun()
          const message = tellings[kind]?.(failure) as object
          const seq = it.worker.current?.seq
          if (kind === 'failed' || kind === 'doneChunk') await it.answers(message)
          else await it.says(kind === 'unnest' ? { ...message, seq } : message)
          if (call.outcome === undefined && it.worker.state === 'ready') it.worker.die()
          await it.pass(graceMs)
          assert.ok(call.outcome, `${kind}: the call is settled`)
          await it.goesOn()
        })
      },
    ),
    { numRuns: 300 },
  )
})

test('whatever the task that readies a worker has thrown, the calls that wait for it are settled', async () => {
  for (const failure of [wire(new Unlucky()), wire(new Error('x', { cause: new Unlucky() })), forged]) {
    const virtual = new VirtualRuntime()
    await withRuntime(virtual, async () => {
      const it = new Play(virtual, { initialize: work })
      const call = await it.submit()
      for (let starts = 0; starts < 3; starts += 1) {
        it.worker.ready()
        await it.says({ kind: 'failed', seq: it.worker.own?.seq, failure, workMs: 0 })
        await it.pass(0)
      }
      assert.ok(call.error instanceof WorkerStartError)
    })
  }
})

/** Puts the value in one of the places that are reached from `root`. */
function replaceOne(root: object, where: number, instead: unknown): void {
  const value = structuredClone(instead) // It may be the place of the next one.
  const places: [object, string][] = []
  const seen = new Set<unknown>()
  const visit = (at: unknown): void => {
    if (typeof at !== 'object' || at === null || ArrayBuffer.isView(at) || seen.has(at)) return
    seen.add(at)
    for (const [key, part] of Object.entries(at)) {
      places.push([at, key])
      visit(part)
    }
  }
  visit(root)
  const [holder, key] = places[where % places.length] as [object, string]
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true })
}
