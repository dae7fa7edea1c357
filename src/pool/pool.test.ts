/** A pool of workers that the test plays, on a clock that the test moves: every step, and a death at every step. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  AbortError,
  ClosedError,
  SerializationError,
  WorkerExitedError,
  WorkerStartTimeoutError,
} from '../errors.ts'
import type { Job } from '../executor/backend.ts'
import { Noted } from '../executor/ready-job.ts'
import { withRuntime } from '../runtime/runtime.ts'
import { VirtualRuntime } from '../runtime/virtual.ts'
import type { Outcome } from '../task/results.ts'
import { type Task, task } from '../task/task.ts'
import { move } from '../task/transfer.ts'
import { encodeFailure } from '../wire/failure.ts'
import { FakeWorker } from '../worker/fixtures/fake-worker.ts'
import { checkPoolOptions, type PoolUserOptions } from './options.ts'
import { Pool } from './pool.ts'

const meta = { url: 'test:pool' } as ImportMeta
const cheap: Task = task(meta, function cheap() {})
const other: Task = task(meta, function other() {})

type Kind = 'thread' | 'process'

/** A call that a test has submitted, and what became of it. */
class Call extends Noted implements Job {
  readonly task: Task
  readonly args: readonly unknown[]
  readonly priority: number
  readonly caller = {}
  readonly id: number
  outcomes: Outcome<unknown>[] = []
  starts = 0

  constructor(id: number, { of = cheap, priority = 0, args = [id] as readonly unknown[] } = {}) {
    super()
    this.id = id
    this.task = of
    this.priority = priority
    this.args = args
  }

  get outcome(): Outcome<unknown> | undefined {
    assert.ok(this.outcomes.length <= 1, `call ${this.id} was settled ${this.outcomes.length} times`)
    return this.outcomes[0]
  }

  get error(): unknown {
    const { outcome } = this
    return outcome?.ok === false ? outcome.error : undefined
  }

  get ending(): string {
    const { outcome, error } = this
    if (outcome === undefined) return 'open'
    return outcome.ok ? `done ${outcome.value}` : (error as Error).name
  }

  started(): void {
    this.starts += 1
  }

  progressed(): void {}

  settled(outcome: Outcome<unknown>): void {
    this.outcomes.push(outcome)
  }
}

/** No turn passes between a submit and what follows from it, so that a test need not wait to look. */
class OneTurn extends VirtualRuntime {
  override soon(run: () => void): void {
    run()
  }
}

/** A pool, its workers and its calls. */
class Play {
  readonly pool: Pool
  readonly workers: FakeWorker[] = []
  readonly calls: Call[] = []
  readonly virtual: VirtualRuntime
  #ids = 0

  constructor(virtual: VirtualRuntime, kind: Kind, options: PoolUserOptions = {}) {
    this.virtual = virtual
    const shared = kind === 'thread'
    this.pool = new Pool(
      shared ? 'threads' : 'processes',
      checkPoolOptions('pool', { workers: 1, ...options }),
      (index, owner) => {
        const worker = new FakeWorker(index, owner, shared)
        this.workers.push(worker)
        return worker
      },
      { sharedMemory: shared, maxPayloadBytes: 1_000_000 },
    )
  }

  submit(options?: ConstructorParameters<typeof Call>[1]): Call {
    const call = new Call(++this.#ids, options)
    this.calls.push(call)
    this.pool.submit(call)
    return call
  }

  submitMany(count: number, options?: ConstructorParameters<typeof Call>[1]): Call[] {
    return Array.from({ length: count }, () => this.submit(options))
  }

  worker(at: number): FakeWorker {
    const worker = this.workers[at]
    assert.ok(worker !== undefined, `there are ${this.workers.length} workers`)
    return worker
  }

  cancel(call: Call): void {
    this.pool.cancel(call, new AbortError(`call ${call.id} was cancelled`))
  }

  /** Starts all workers and lets each do one call, so that it knows the task and the pool knows that it is cheap. */
  warm(of = cheap): void {
    this.submitMany(this.pool.workers, { of })
    for (const worker of this.workers) {
      if (worker.state === 'starting') worker.ready()
    }
    for (const worker of this.workers) worker.work()
    assert.ok(this.calls.every(({ outcome }) => outcome?.ok))
    this.calls.length = 0
    for (const worker of this.workers) worker.begun.length = 0
  }

  /** Every live worker does what it must, and all that can happen happens. */
  async settle(): Promise<void> {
    for (let round = 0; round < 400; round += 1) {
      for (const worker of this.workers) {
        if (worker.state === 'killed') worker.die({ kind: 'signal', signal: 'SIGKILL', lastWords: '' })
        else if (worker.state === 'stopping') worker.die({ kind: 'exit', code: 0 })
        else if (worker.state === 'starting') worker.ready()
        if (worker.state !== 'ready') continue
        worker.readCancels()
        if (worker.current !== undefined) worker.answer()
        worker.work()
        worker.read()
      }
      await this.virtual.advance(1)
      if (this.calls.every(({ outcome }) => outcome !== undefined) && round > 2) return
    }
    assert.fail(`open: ${this.calls.filter(({ outcome }) => outcome === undefined).map(({ id }) => id)}`)
  }

  /** How often each call was begun, by whichever worker. */
  begins({ id }: Call): number {
    return this.order().filter(begun => begun === id).length
  }

  /** The ids in the order they were begun, worker by worker. */
  order(): number[] {
    return this.workers.flatMap(({ begun }) => begun.map(({ args }) => args[0] as number))
  }

  /** All modules are imported at once: a call dies with a worker that is still importing for it. */
  importAll(): void {
    for (const worker of this.workers) worker.imported()
  }

  /** Closes, with everybody doing what they must. */
  async close(graceMs: number): Promise<void> {
    let closed = false
    const closing = this.pool.close(graceMs).then(() => {
      closed = true
    })
    for (let round = 0; round < 50 && !closed; round += 1) {
      for (const worker of this.workers) if (['killed', 'stopping'].includes(worker.state)) worker.die()
      await this.virtual.advance(Math.max(1, graceMs / 10))
    }
    assert.ok(closed, 'close() has ended')
    await closing
    assert.ok(this.workers.every(({ state }) => state === 'ended'))
    for (const { id, outcome, slot } of this.calls) {
      assert.ok(outcome, `call ${id} is settled`)
      assert.equal(slot, undefined, `call ${id} does not keep its worker's slot`)
    }
  }
}

function played(
  name: string,
  kinds: readonly Kind[],
  body: (play: (options?: PoolUserOptions) => Play, kind: Kind) => Promise<void> | void,
): void {
  for (const kind of kinds) {
    test(`${name} (${kind})`, async () => {
      const virtual = new OneTurn()
      await withRuntime(virtual, () => body(options => new Play(virtual, kind, options), kind))
    })
  }
}

// Idle workers die here on purpose, and each such death is a warning of the process; nobody needs to read them.
process.removeAllListeners('warning')

const both: readonly Kind[] = ['thread', 'process']
const failure = encodeFailure(new TypeError('from the task'), value => ({ value, special: false }))

// ── the hand ──

played('calls of an unknown task go one at a time, those of a cheap one together', both, play => {
  const it = play()
  it.submitMany(3)
  it.worker(0).ready()
  assert.equal(it.worker(0).inbox.length, 1)
  it.worker(0).work()
  it.submitMany(20)
  assert.equal(it.worker(0).inbox.length, 20)
})

played('what finds the fast lane of a worker full waits until half of it is free', both, async play => {
  const it = play()
  it.warm()
  const worker = it.worker(0)
  worker.laneRoom = 8
  const calls = it.submitMany(40)
  const levels: number[] = []
  for (let answers = 0; answers < 10; answers += 1) {
    levels.push(worker.inbox.length)
    worker.begin()
    worker.answer()
    worker.read()
  }
  assert.deepEqual(levels, [9, 8, 7, 6, 5, 9, 8, 7, 6, 5], 'the ninth went by message: then it was known')
  await it.settle()
  assert.deepEqual(
    it.order(),
    calls.map(({ id }) => id),
  )
})

test('jobs of one turn travel together: the first at once, the others when the turn is over, or when they are many', async () => {
  const virtual = new VirtualRuntime()
  await withRuntime(virtual, async () => {
    const it = new Play(virtual, 'thread')
    it.warm()
    await virtual.advance(0)
    const { inbox } = it.worker(0)
    it.submitMany(5)
    assert.equal(inbox.length, 1)
    await virtual.advance(0)
    assert.equal(inbox.length, 5)
    it.submitMany(20)
    assert.ok(inbox.length > 6, `${inbox.length} were given before the turn was over`)
    await it.settle()
    await it.close(0)
  })
})

played(
  'few and small calls go to one worker, which is awake; many wake the other',
  ['thread'],
  async play => {
    const it = play({ workers: 2 })
    it.warm()
    const given = () => it.workers.map(({ inbox }) => inbox.length).toSorted((a, b) => a - b)
    it.submitMany(10) // A tenth of a millisecond.
    assert.deepEqual(given(), [0, 10])
    it.submit()
    assert.deepEqual(given(), [1, 10])
    it.submitMany(100)
    assert.ok(given().every(count => count > 40))
    await it.settle()
    await it.close(0)
  },
)

played(
  'who has worked off many calls is given the next ones too; single calls take turns',
  ['thread'],
  play => {
    const it = play({ workers: 2 })
    it.warm()
    const turn = (calls: number) => {
      it.submitMany(calls)
      const at = it.workers.findIndex(({ inbox }) => inbox.length > 0)
      it.worker(at).work()
      return at
    }
    const [first] = [turn(5)]
    assert.deepEqual([turn(5), turn(5), turn(1)], [first, first, first])
    assert.deepEqual([turn(1), turn(1)], [1 - first, first])
  },
)

played('each idle process is given a call, as none could be taken back from there', ['process'], play => {
  const it = play({ workers: 2 })
  it.warm()
  it.submitMany(2)
  assert.deepEqual(
    it.workers.map(({ inbox }) => inbox.length),
    [1, 1],
  )
})

played('a chunk of calls is no small call, whatever its task has cost', ['thread'], play => {
  const it = play({ workers: 2 })
  it.warm()
  for (const id of [1, 2]) {
    const chunk = Object.assign(new Call(id), { args: undefined, inputs: [id] })
    it.pool.submit(chunk as unknown as Job)
  }
  assert.deepEqual(
    it.workers.map(({ inbox }) => inbox.length),
    [1, 1],
  )
})

played('only the first call in a hand has started', both, play => {
  const it = play()
  it.warm()
  const calls = it.submitMany(4)
  assert.deepEqual(
    calls.map(({ starts }) => starts > 0),
    [true, false, false, false],
  )
  it.worker(0).begin()
  it.worker(0).answer()
  it.worker(0).read()
  assert.deepEqual(
    calls.map(({ starts }) => starts > 0),
    [true, true, false, false],
  )
})

played(
  'a cheap call is not put behind one of which nothing is known, or which is known to be dear',
  both,
  play => {
    const it = play()
    it.warm(other)
    it.warm()
    it.submit({ of: other })
    it.worker(0).begin()
    it.worker(0).answer(undefined, 5_000)
    it.worker(0).read()
    it.submit({ of: other })
    it.submitMany(10)
    assert.deepEqual(it.worker(0).inbox.length, 1)
  },
)

/** Each state that a worker with `count` calls in its hands can die in: how many were answered and read, answered, begun. */
function* moments(count: number): Generator<{ read: number; answered: number; begun: boolean }> {
  for (let answered = 0; answered <= count; answered += 1) {
    for (let read = 0; read <= answered; read += 1) {
      yield { read, answered, begun: false }
      if (answered < count) yield { read, answered, begun: true }
    }
  }
}

played(
  'a worker that dies takes along the call that it had begun and no other: the rest runs elsewhere, once and in order',
  both,
  async (play, kind) => {
    for (const { read, answered, begun } of moments(4)) {
      const moment = `${answered} answered, ${read} of them read, ${begun ? 'one more begun' : 'none begun'}`
      const it = play()
      it.warm()
      const calls = it.submitMany(4)
      const [victim] = it.workers as [FakeWorker]
      for (let at = 0; at < answered; at += 1) {
        victim.begin()
        victim.answer()
        if (at < read) victim.read()
      }
      if (begun) victim.begin()
      victim.die()
      await it.settle()
      // Nobody can tell whether a process had begun the next call, so it is not run again.
      const lost = begun || (kind === 'process' && answered < 4) ? answered : undefined
      for (const [at, call] of calls.entries()) {
        if (at === lost) assert.ok(call.error instanceof WorkerExitedError, `call ${at}: ${moment}`)
        else assert.equal(call.ending, `done ${call.id}`, `call ${at}: ${moment}`)
        assert.equal(it.begins(call), at === lost && !begun ? 0 : 1, `call ${at}: ${moment}`)
      }
      assert.deepEqual(
        it.order(),
        it.order().toSorted((a, b) => a - b),
        moment,
      )
      await it.close(0)
    }
  },
)

played(
  'calls that come back keep their priorities and their order, before those that came later',
  ['thread'],
  async play => {
    const it = play({ workers: 1 })
    it.warm()
    const [first] = it.submitMany(2) as [Call]
    const urgent = it.submit({ priority: 5 })
    const later = it.submit({ priority: -1 })
    it.worker(0).begin()
    it.worker(0).die()
    const last = it.submit({ priority: 5 })
    await it.settle()
    assert.equal(first.ending, 'WorkerExitedError')
    const [, second] = it.calls as [Call, Call]
    assert.deepEqual(
      (it.workers[1] as FakeWorker).begun.map(({ args }) => args[0]),
      [urgent, last, second, later].map(({ id }) => id),
    )
  },
)

// ── cancel ──

played(
  'a call that is cancelled in the hand before it was begun never runs, and its neighbours do',
  both,
  async play => {
    for (let at = 1; at < 4; at += 1) {
      const it = play()
      it.warm()
      const calls = it.submitMany(4)
      it.worker(0).begin()
      it.cancel(calls[at] as Call)
      assert.equal(calls[at]?.ending, 'AbortError')
      await it.settle()
      for (const [place, call] of calls.entries()) {
        assert.equal(it.begins(call), place === at ? 0 : 1, `call ${place}`)
        if (place !== at) assert.equal(call.ending, `done ${call.id}`)
      }
      assert.equal(it.worker(0).state, 'ready', 'nobody had to be killed')
      await it.close(0)
    }
  },
)

played(
  'a first call that is taken back leaves a worker that is idle, not one that is in nothing',
  ['thread'],
  async play => {
    const it = play()
    it.warm()
    const call = it.submit()
    it.cancel(call)
    assert.deepEqual(it.pool.stats().workers, { starting: 0, idle: 1, busy: 0 })
    const next = it.submit()
    it.worker(0).work()
    assert.equal(next.ending, `done ${next.id}`)
    await it.close(0)
  },
)

played(
  'a begun call that is cancelled is flagged; when its worker does not leave it in graceMs, it alone is lost',
  both,
  async play => {
    const it = play({ graceMs: 100 })
    it.warm()
    const [spinning, ...rest] = it.submitMany(4) as [Call, ...Call[]]
    const [worker] = it.workers as [FakeWorker]
    worker.begin()
    it.cancel(spinning)
    assert.equal(worker.flagged, worker.current?.seq)
    await it.virtual.advance(99)
    assert.equal(worker.state, 'ready')
    await it.virtual.advance(2)
    assert.equal(worker.state, 'killed')
    await it.settle()
    assert.deepEqual(
      rest.map(call => [call.ending, it.begins(call)]),
      rest.map(({ id }) => [`done ${id}`, 1]),
    )
    await it.close(0)
  },
)

played('a begun call that is cancelled and ends in time costs nobody a worker', both, async play => {
  const it = play({ graceMs: 100 })
  it.warm()
  const [cancelled, ...rest] = it.submitMany(3) as [Call, ...Call[]]
  const [worker] = it.workers as [FakeWorker]
  worker.begin()
  it.cancel(cancelled)
  await it.virtual.advance(50)
  worker.answer()
  worker.read()
  await it.virtual.advance(1_000)
  assert.equal(worker.state, 'ready')
  await it.settle()
  assert.deepEqual(
    rest.map(({ ending }) => ending),
    rest.map(({ id }) => `done ${id}`),
  )
})

played(
  'answers that are read after a later call was cancelled do not stop the clock of that one',
  ['thread'],
  async play => {
    const it = play({ graceMs: 100 })
    it.warm()
    const [, , spinning] = it.submitMany(3) as [Call, Call, Call]
    const [worker] = it.workers as [FakeWorker]
    for (let answered = 0; answered < 2; answered += 1) {
      worker.begin()
      worker.answer()
    }
    worker.begin()
    it.cancel(spinning) // The answers to the two before it are not read yet.
    worker.read()
    await it.virtual.advance(101)
    assert.equal(worker.state, 'killed')
  },
)

played(
  'a cancelled call that its worker has begun all the same is ended after graceMs',
  ['process'],
  async play => {
    const it = play({ graceMs: 100 })
    it.warm()
    const [first, spinning, last] = it.submitMany(3) as [Call, Call, Call]
    const [worker] = it.workers as [FakeWorker]
    worker.begin()
    it.cancel(spinning)
    worker.answer()
    worker.begin() // It spins, and will never read that this one is cancelled.
    worker.read()
    assert.equal(worker.flagged, worker.current?.seq)
    await it.virtual.advance(101)
    assert.equal(worker.state, 'killed')
    await it.settle()
    assert.deepEqual([first.ending, last.ending], [`done ${first.id}`, `done ${last.id}`])
    assert.equal(it.begins(last), 1)
  },
)

played(
  'a worker that has left the cancelled call in time is not ended because nobody has read its answer',
  both,
  async play => {
    for (const graceMs of [0, 100]) {
      const it = play({ graceMs })
      it.warm()
      const [first, second] = it.submitMany(2) as [Call, Call]
      const [worker] = it.workers as [FakeWorker]
      worker.begin()
      it.cancel(first)
      worker.answer()
      if (worker.begin()) assert.equal(worker.current?.args[0], second.id)
      // The loop was busy all the time: its timers come first, then what has arrived.
      void it.virtual.yieldToLoop().then(() => worker.read())
      await it.virtual.advance(graceMs)
      await it.settle()
      assert.equal(second.ending, `done ${second.id}`, `graceMs ${graceMs}`)
      assert.equal(it.begins(second), 1)
    }
  },
)

// ── a call behind one that takes long ──

/** Its workers have done a call of 5 ms each. */
function used(play: (options?: PoolUserOptions) => Play, options: PoolUserOptions = {}): Play {
  const it = play(options)
  it.warm()
  for (let round = 0; round < 40; round += 1) {
    it.submitMany(it.pool.workers)
    for (const worker of it.workers) worker.work(5)
  }
  it.calls.length = 0
  for (const worker of it.workers) worker.begun.length = 0
  return it
}

played('a thread has the next long call in its hands, a process has not', both, async (play, kind) => {
  const it = used(play)
  it.submitMany(5)
  assert.equal(it.worker(0).inbox.length, kind === 'thread' ? 2 : 1)
  await it.settle()
  await it.close(0)
})

played('who has nothing to do takes what waits behind a long call, at once', ['thread'], async play => {
  const it = used(play, { workers: 2 })
  const calls = it.submitMany(4)
  const [one, two] = it.workers as [FakeWorker, FakeWorker]
  assert.deepEqual([one.inbox.length, two.inbox.length], [2, 2])
  one.begin()
  two.work(5)
  assert.deepEqual([one.inbox.length, two.begun.length], [0, 3])
  one.answer()
  one.read()
  assert.deepEqual(
    calls.map(call => [call.ending, it.begins(call)]),
    calls.map(({ id }) => [`done ${id}`, 1]),
  )
  await it.close(0)
})

played(
  'what waits behind a small call stays where it is: to move it would take longer',
  ['thread'],
  async play => {
    const it = play({ workers: 2 })
    it.warm()
    it.submitMany(30)
    const [one, two] = it.workers as [FakeWorker, FakeWorker]
    const [more, fewer] = one.inbox.length > two.inbox.length ? [one, two] : [two, one]
    fewer.work()
    assert.ok(more.inbox.length > 2 && fewer.inbox.length === 0)
    await it.settle()
    await it.close(0)
  },
)

played('an urgent call runs before a less urgent one that waits in a hand', ['thread'], async play => {
  const it = used(play)
  const [first, second] = it.submitMany(2) as [Call, Call]
  it.worker(0).begin()
  const urgent = it.submit({ priority: 3 })
  const another = it.submit({ priority: 3 })
  await it.settle()
  assert.deepEqual(
    it.order(),
    [first, urgent, another, second].map(({ id }) => id),
  )
  await it.close(0)
})

played('a call of low priority gets its turn among urgent ones without end', ['thread'], async play => {
  const it = used(play)
  it.submit({ priority: 1 })
  const low = it.submit()
  for (let turn = 0; turn < 40 && low.outcome === undefined; turn += 1) {
    it.submit({ priority: 1 })
    it.worker(0).begin()
    it.submit({ priority: 1 })
    it.worker(0).answer(undefined, 5)
    it.worker(0).read()
  }
  assert.equal(low.ending, `done ${low.id}`)
})

played(
  'who waits behind a call that is overdue goes to another worker, though none idles',
  ['thread'],
  async play => {
    const it = used(play, { workers: 2 })
    it.submitMany(4)
    const [stuck, busy] = it.workers as [FakeWorker, FakeWorker]
    stuck.begin()
    const [behind] = stuck.inbox.map(({ args }) => it.calls.find(({ id }) => id === args[0])) as [Call]
    for (let turn = 0; turn < 10; turn += 1) {
      it.submit()
      busy.begin()
      await it.virtual.advance(5)
      busy.answer(undefined, 5)
      busy.read()
    }
    assert.equal(behind.ending, `done ${behind.id}`)
    assert.equal(it.begins(behind), 1)
  },
)

played('a call that can’t be sent does not begin the one before it for a second time', both, async play => {
  const it = play()
  it.warm()
  const first = it.submit()
  it.worker(0).begin()
  it.worker(0).refusal = new Error('of the platform')
  const refused = it.submit()
  it.worker(0).refusal = undefined
  assert.deepEqual([refused.ending, first.starts], ['SerializationError', 1])
  await it.settle()
  await it.close(0)
})

test('a long chunk does not go along with small calls of the same task', async () => {
  const virtual = new VirtualRuntime()
  await withRuntime(virtual, async () => {
    const it = new Play(virtual, 'thread', { workers: 2 })
    it.warm()
    await virtual.advance(0)
    const chunk = (id: number) =>
      it.pool.submit(Object.assign(new Call(id), { args: undefined, inputs: [id, id] }) as unknown as Job)
    for (let round = 0; round < 5; round += 1) {
      chunk(-1)
      for (const worker of it.workers) worker.work(50)
      await virtual.advance(0)
    }
    it.submitMany(2)
    chunk(-2)
    await virtual.advance(0)
    assert.deepEqual(it.workers.map(({ inbox }) => inbox.length).toSorted(), [1, 2])
  })
})

played('what is taken back does not wear the worker', ['thread'], async play => {
  const it = used(play, { workers: 2, maxCallsPerWorker: 59 }) // Of which 41 are done.
  for (let turn = 0; turn < 8; turn += 1) {
    it.submitMany(4)
    const slow = it.worker(turn % 2)
    slow.begin()
    it.worker(1 - (turn % 2)).work(5)
    slow.answer(undefined, 5)
    slow.read()
  }
  assert.ok(it.calls.every(({ outcome }) => outcome?.ok))
  assert.deepEqual(
    it.workers.map(({ begun, state }) => [begun.length, state]),
    [
      [16, 'ready'],
      [16, 'ready'],
    ],
  )
})

// ── a worker that is stuck ──

played(
  'small calls that went behind one that takes long are soon with the worker that idled',
  ['thread'],
  async play => {
    const it = play({ workers: 2 })
    it.warm()
    const [slow] = it.submitMany(1)
    const [stuck, free] = it.workers.toSorted((a, b) => b.inbox.length - a.inbox.length) as [
      FakeWorker,
      FakeWorker,
    ]
    stuck.begin()
    const behind = it.submitMany(5)
    assert.deepEqual([stuck.inbox.length, free.inbox.length], [5, 0])
    await it.virtual.advance(5)
    free.work()
    assert.deepEqual(
      behind.map(({ ending }) => ending),
      behind.map(({ id }) => `done ${id}`),
    )
    assert.equal(slow?.ending, 'open')
    stuck.answer()
    stuck.read()
    await it.close(0)
  },
)

played(
  'calls behind one that takes long go to a worker that has nothing to do, and do not come back',
  ['thread'],
  async play => {
    const it = play({ workers: 2 })
    it.warm()
    const calls = it.submitMany(22)
    const [one, two] = it.workers as [FakeWorker, FakeWorker]
    const [stuck, free] = one.inbox.length > two.inbox.length ? [one, two] : [two, one]
    stuck.begin()
    free.work()
    await it.virtual.advance(10)
    assert.deepEqual(stuck.inbox, [])
    for (let round = 0; round < 3; round += 1) {
      free.work()
      await it.virtual.advance(1)
    }
    assert.equal(calls.filter(({ outcome }) => outcome !== undefined).length, 21)
    await it.settle()
    assert.ok(calls.every(call => it.begins(call) === 1))
  },
)

played(
  'a worker that comes late to its first call keeps it, and is idle when it has done it',
  ['thread'],
  async play => {
    const it = play({ workers: 2 })
    it.warm()
    it.submitMany(6)
    const [one, two] = it.workers as [FakeWorker, FakeWorker]
    const [late, free] = one.inbox.length > two.inbox.length ? [one, two] : [two, one]
    free.work()
    await it.virtual.advance(10)
    free.work()
    await it.virtual.advance(10)
    assert.equal(late.inbox.length, 1)
    late.work()
    assert.deepEqual(it.pool.stats().workers, { starting: 0, idle: 2, busy: 0 })
    await it.close(1_000)
  },
)

played('new calls are not put behind one that takes long', both, async play => {
  const it = play({ workers: 1 })
  it.warm()
  it.submit()
  it.worker(0).begin()
  await it.virtual.advance(5)
  it.submit()
  assert.equal(it.worker(0).inbox.length, 0)
  await it.settle()
})

// ── what can be given only once ──

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

// ── idle workers, time limits, the end ──

played(
  'an idle worker stops keeping the program alive soon, each time that it turns idle',
  both,
  async play => {
    const it = play({ idleMs: 30_000 })
    it.warm()
    const [worker] = it.workers as [FakeWorker]
    for (let round = 0; round < 3; round += 1) {
      await it.virtual.advance(100)
      assert.equal(worker.held, false, `round ${round}`)
      it.submit()
      assert.equal(worker.held, true)
      worker.work()
    }
    await it.virtual.advance(30_001)
    assert.equal(worker.state, 'stopping')
  },
)

played(
  'the time limit of an import does not outlive the import, though its call was taken back',
  ['thread'],
  async play => {
    const it = play({ startTimeoutMs: 1_000, idleMs: Number.POSITIVE_INFINITY })
    const call = it.submit()
    const [worker] = it.workers as [FakeWorker]
    worker.ready()
    it.cancel(call)
    worker.loaded()
    worker.read()
    await it.virtual.advance(999)
    const long = it.submit()
    worker.begin()
    await it.virtual.advance(5_000)
    assert.equal(worker.state, 'ready')
    worker.answer()
    worker.read()
    assert.equal(long.ending, `done ${long.id}`)
  },
)

played('an import that takes too long ends the worker, and the call says why', both, async play => {
  const it = play({ startTimeoutMs: 1_000 })
  const call = it.submit()
  const [worker] = it.workers as [FakeWorker]
  worker.ready()
  await it.virtual.advance(1_001)
  assert.equal(worker.state, 'killed')
  worker.die()
  assert.ok(call.error instanceof WorkerStartTimeoutError, call.ending)
})

played('an idle worker that says what nobody asked for is given nothing more', both, async play => {
  const it = play()
  it.warm()
  const [forger] = it.workers as [FakeWorker]
  forger.say({ kind: 'done', seq: 99, value: 1, special: false, workMs: 0 })
  forger.read()
  assert.equal(forger.state, 'killed')
  const call = it.submit()
  assert.deepEqual(forger.inbox, [])
  await it.settle()
  assert.equal(call.ending, `done ${call.id}`)
})

played('close waits for what is open and ends everybody, at every step', both, async play => {
  for (const { read, answered, begun } of moments(3)) {
    for (const goesOn of [true, false]) {
      const it = play()
      it.warm()
      const calls = it.submitMany(3)
      const [worker] = it.workers as [FakeWorker]
      for (let at = 0; at < answered; at += 1) {
        worker.begin()
        worker.answer()
        if (at < read) worker.read()
      }
      if (begun) worker.begin()
      const closing = it.close(1_000)
      assert.throws(() => assert.ok(it.submit().outcome?.ok))
      if (goesOn) {
        if (begun) worker.answer()
        worker.read()
        worker.work()
      }
      await closing
      for (const [at, call] of calls.entries()) {
        const isDone = goesOn || at < answered
        assert.equal(call.ending, isDone ? `done ${call.id}` : 'ClosedError', `call ${at}`)
        assert.equal(it.begins(call), isDone || (at === answered && begun) ? 1 : 0)
      }
    }
  }
})

played(
  'workers that fail to start one after the other, however slowly, are not started for ever',
  both,
  async play => {
    const it = play({ workers: 2 })
    const calls = it.submitMany(2)
    it.worker(0).die()
    await it.virtual.advance(5_000)
    assert.equal(it.workers.length, 2, 'the other one may be able to work')
    it.worker(1).die()
    assert.equal(it.workers.length, 3)
    await it.virtual.advance(5_000)
    assert.equal(it.workers.length, 3)
    it.worker(2).die()
    assert.deepEqual(
      calls.map(({ ending }) => ending),
      ['WorkerStartError', 'WorkerStartError'],
    )
    assert.equal(it.workers.length, 3)
    const next = it.submit()
    it.worker(3).ready()
    it.worker(3).work()
    assert.equal(next.ending, `done ${next.id}`, 'the next call tries again')
    await it.close(0)
  },
)

played('close at once settles what waits, what is in a hand and what runs', both, async play => {
  const it = play({ workers: 2 })
  it.warm()
  const calls = [...it.submitMany(10), it.submit({ of: other })]
  it.worker(0).begin()
  await it.close(0)
  assert.ok(calls.every(({ error }) => error instanceof ClosedError))
})

played(
  'a worker that is being ended keeps the program alive until it has, though it was idle',
  both,
  async play => {
    const it = play()
    it.warm()
    void it.pool.close(0)
    assert.equal(it.worker(0).state, 'killed')
    await it.virtual.advance(100)
    assert.equal(it.worker(0).held, true)
    await it.close(0)
  },
)

played('close ends too when the last answer had to wait for the class of its error', both, async play => {
  const it = play()
  const call = it.submit()
  const [worker] = it.workers as [FakeWorker]
  worker.ready()
  worker.begin()
  class Unheard extends Error {}
  const unheard = encodeFailure(new Unheard('x'), value => ({ value, special: false }))
  const closing = it.close(10_000)
  worker.answerBy({ kind: 'failed', failure: unheard, workMs: 1 })
  worker.read()
  await it.virtual.advance(1)
  assert.equal(worker.state, 'stopping', `the call is ${call.ending}`)
  await closing
})

/** What a worker says that is in a call and makes another one. */
function nestOf(worker: FakeWorker): object {
  const nest = {
    kind: 'nest',
    seq: worker.current?.seq,
    id: 1,
    module: 'file:///none.ts',
    position: 0,
    name: 'none',
  }
  return { ...nest, digest: '', args: [], special: false, chunk: false, attempt: 1, priority: 0, moved: [] }
}

played(
  'what waits behind a call that has ended before those it made goes to another worker',
  ['thread'],
  async play => {
    const it = play({ workers: 2 })
    it.warm()
    it.submit()
    const [one, two] = it.workers.toSorted((a, b) => b.inbox.length - a.inbox.length) as [
      FakeWorker,
      FakeWorker,
    ]
    const taken = it.submit({ of: other }) // Keeps the second one busy.
    assert.equal(two.inbox.length, 1)
    two.begin()
    one.begin()
    one.say(nestOf(one))
    one.read()
    assert.equal(one.helping.length, 1)
    const behind = it.submit()
    assert.equal(one.inbox.length, 1)
    two.answer(undefined, 0.01)
    two.read()
    one.answer()
    one.read()
    assert.deepEqual([one.inbox.length, two.inbox.length], [0, 1])
    two.work()
    assert.deepEqual([behind.ending, taken.ending], [`done ${behind.id}`, `done ${taken.id}`])
    await it.close(0)
  },
)

// ── what can't be true ──

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

// ── whatever happens ──

const cost = fc.constantFrom(0.001, 0.01, 0.3, 1.5, 50)
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('submit'), which: fc.nat(6), workMs: cost }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('begin'), which: fc.nat(), workMs: cost }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('answer'), which: fc.nat(), workMs: cost }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('read'), which: fc.nat(), workMs: cost }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cancel'), which: fc.nat(), workMs: cost }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail'), which: fc.nat(), workMs: cost }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('die'), which: fc.nat(), workMs: cost }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('read cancels'), which: fc.nat(), workMs: cost }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('time'), which: fc.nat(300), workMs: cost }) },
)

played(
  'whatever workers do and whenever they die, a call runs at most once, every call is settled, and only what had begun fails',
  both,
  async (play, kind) => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom(3, Number.POSITIVE_INFINITY),
        fc.array(step, { maxLength: 120 }),
        async (workers, laneRoom, steps) => {
          const it = play({ workers, graceMs: 100, idleMs: 200, startTimeoutMs: 1_000_000 })
          const mayFail = new Set<unknown>()
          let deaths = 0
          let failedStarts = 0
          for (const { kind: what, which, workMs } of steps) {
            it.importAll()
            for (const worker of it.workers) worker.laneRoom = laneRoom
            if (what === 'submit') {
              it.submitMany(which, { of: workMs > 1 ? other : cheap, priority: which % 2 })
              continue
            }
            if (what === 'time') {
              await it.virtual.advance(which)
              continue
            }
            if (what === 'cancel') {
              const call = it.calls[which % Math.max(1, it.calls.length)]
              if (call !== undefined && call.outcome === undefined) it.cancel(call)
              continue
            }
            const alive = it.workers.filter(({ state }) => state !== 'ended')
            const worker = alive[which % Math.max(1, alive.length)]
            if (worker === undefined) continue
            if (what === 'die' || worker.state === 'killed') {
              deaths += 1
              if (worker.current !== undefined) mayFail.add(worker.current.args[0])
              if (worker.state === 'starting') failedStarts += 1
              // Rule 5: whoever waits is told.
              if (failedStarts >= 3)
                for (const call of it.calls) if (it.begins(call) === 0) mayFail.add(call.id)
              worker.die()
            } else if (worker.state === 'stopping') worker.die({ kind: 'exit', code: 0 })
            else if (worker.state === 'starting') {
              failedStarts = 0
              worker.ready()
            } else if (what === 'read') worker.read()
            else if (what === 'read cancels') worker.readCancels()
            else if (what === 'begin' && worker.current === undefined) worker.begin()
            else if (worker.current !== undefined && what === 'answer') worker.answer(undefined, workMs)
            else if (worker.current !== undefined && what === 'fail') {
              mayFail.add(worker.current.args[0])
              worker.answerBy({ kind: 'failed', failure, workMs })
            }
          }
          for (const worker of it.workers)
            if (worker.state === 'killed' && worker.current !== undefined) mayFail.add(worker.current.args[0])
          await it.settle()
          let lostUnbegun = 0
          for (const call of it.calls) {
            assert.ok(it.begins(call) <= 1, `call ${call.id} ran twice`)
            if (call.outcome?.ok) {
              assert.equal(call.ending, `done ${call.id}`)
              assert.equal(it.begins(call), 1)
            } else if (!(call.error instanceof AbortError)) {
              if (!mayFail.has(call.id)) lostUnbegun += 1
            } else
              assert.match(
                (call.error as Error).message,
                new RegExp(`^call ${call.id} was`),
                'its own reason',
              )
          }
          assert.ok(
            lostUnbegun <= (kind === 'thread' ? 0 : deaths),
            `${lostUnbegun} calls were lost that nobody had begun`,
          )
          const { queued, running, done, failed, cancelled } = it.pool.stats()
          assert.deepEqual([queued, running], [0, 0])
          assert.equal(done + failed + cancelled, it.calls.length)
          await it.close(500)
        },
      ),
      { numRuns: 250 },
    )
  },
)

played(
  'one worker takes the calls of one priority in their order, whatever dies between',
  ['thread'],
  async play => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), async steps => {
        const it = play({ workers: 1, graceMs: 100 })
        for (const { kind: what, which, workMs } of steps) {
          it.importAll()
          const worker = it.workers.at(-1)
          if (what === 'submit') it.submitMany(which)
          else if (worker === undefined || worker.state === 'ended') continue
          else if (worker.state === 'starting') worker.ready()
          else if (what === 'die' || worker.state === 'killed') worker.die()
          else if (what === 'begin' && worker.current === undefined) worker.begin()
          else if (what === 'answer' && worker.current !== undefined) worker.answer(undefined, workMs)
          else if (what === 'read') worker.read()
        }
        await it.settle()
        assert.deepEqual(
          it.order(),
          it.calls.map(({ id }) => id),
        )
      }),
      { numRuns: 150 },
    )
  },
)

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
