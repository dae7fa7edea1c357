/**
 * What a task in a worker sees as its executor: the pool of its worker. Calls that a task makes
 * there end when its own call ends.
 */

import { NotOwnerError, OptionError } from '../../errors.ts'
import { addressOf } from '../../executor/address.ts'
import type { Backend, Job } from '../../executor/backend.ts'
import { learnClasses } from '../../executor/caller.ts'
import { madeTooLate, makerEnded } from '../../executor/refusals.ts'
import { type Pause, type Paused, Pauses } from '../../executor/repeat/pauses.ts'
import type { ExecutorStats, Model } from '../../executor/stats.ts'
import { Tally } from '../../executor/tally.ts'
import { noTimes } from '../../executor/time-histogram.ts'
import { nameOf } from '../../task/task.ts'
import type { Moved } from '../../task/transfer.ts'
import { type Crossing, type Encoded, encode, MessageDecoding, needsNoCodec } from '../../wire/codec.ts'
import { PlainEncoding } from '../../wire/encoding.ts'
import { decodeFailure, encodeFailure } from '../../wire/failure.ts'
import type { LentMessage } from '../../wire/lent/messages.ts'
import { NearPorts } from '../../wire/lent/near-ports.ts'
import type { FromWorker, NestedMessage, ToWorker } from '../../wire/messages.ts'
import type { Conversations } from '../conversations.ts'
import { failuresIn, outcomeOf, unsendable } from '../reply.ts'

/** The executor that a worker belongs to. */
export interface Home {
  readonly model: Model
  readonly name: string
  readonly workers: number
}

type Send = (message: FromWorker, transfer: readonly Moved[]) => void

/** The nested calls of all calls of one worker, by their numbers. */
export class NestedCalls {
  readonly home: Home
  readonly crossing: Crossing
  readonly send: Send
  readonly open = new Map<number, { readonly job: Job; readonly of: NestedCallsOf }>()
  /** The channel ends of this thread that nested calls have on loan, by their numbers. */
  readonly ends = new NearPorts()
  /** What may be an argument: between threads, channel ends too. */
  readonly lending: Crossing
  #ids = 0

  constructor(home: Home, crossing: Crossing, send: Send) {
    this.home = home
    this.crossing = crossing
    this.lending = crossing.sharedMemory ? { ...crossing, lends: true } : crossing
    this.send = send
  }

  nextId(): number {
    this.#ids += 1
    return this.#ids
  }

  /** The pool reports on a nested call. One that is not open any more was cancelled here. */
  converse(hears: Conversations<ToWorker | LentMessage>): void {
    hears
      .on('nestedStarted', ({ id }) => this.open.get(id)?.job.started())
      .on('nestedProgress', ({ id, done, total }) => this.open.get(id)?.job.progressed(done, total))
      .on('nestedSettled', message => {
        const nested = this.open.get(message.id)
        nested?.of.settle(message, nested.job)
      })
  }
}

/** The nested calls of one call. */
export class NestedCallsOf implements Backend {
  readonly #pauses = new Pauses()
  readonly #all: NestedCalls
  readonly #seq: number
  readonly #ids = new Map<Job, number>()
  readonly #tally = new Tally()
  #ended = false

  /** `seq` is the number of the call; without one it has ended. */
  constructor(all: NestedCalls, seq: number | undefined) {
    this.#all = all
    this.#seq = seq ?? 0
    this.#ended = seq === undefined
  }

  get model(): Model {
    return this.#all.home.model
  }

  get name(): string {
    return this.#all.home.name
  }

  get workers(): number {
    return this.#all.home.workers
  }

  submit(job: Job): void {
    const address = addressOf(job.task)
    if (this.#ended) return job.settled({ ok: false, error: madeTooLate(job.task) })
    if (job.to !== undefined) {
      const why =
        'currentExecutor().with({ key }) works on coroutines only: in a worker, a call of a key could wait for the very worker that waits for it.'
      return job.settled({ ok: false, error: new OptionError(why) })
    }
    if (job.stream !== undefined) {
      return job.settled({
        ok: false,
        error: new OptionError(
          `currentExecutor().stream(${nameOf(job.task)}, …) works on coroutines only: in a worker, iterate over ${nameOf(job.task)}(…) itself, or map over what it makes.`,
        ),
      })
    }
    const id = this.#all.nextId()
    const { priority, attempt = 1 } = job
    const chunk = job.inputs !== undefined
    this.#tally.came(job)
    try {
      const { value: args, special, transfer, loans } = this.#encode(job)
      const moved = this.#all.crossing.sharedMemory ? transfer : []
      this.#all.send(
        { kind: 'nest', seq: this.#seq, id, ...address, args, special, chunk, attempt, priority, moved },
        transfer,
      )
      if (loans !== undefined) this.#all.ends.lend(id, loans)
    } catch (cause) {
      this.#tally.ended(job, 'failed')
      return job.settled(unsendable(cause))
    }
    this.#ids.set(job, id)
    this.#all.open.set(id, { job, of: this })
  }

  each(): never {
    throw new OptionError(
      'currentExecutor().runOnEach(…) works on coroutines only: in a worker, it would wait for itself. Call it on the pool, outside of its tasks.',
    )
  }

  pause(ms: number, paused: Paused): Pause {
    return this.#pauses.begin(ms, paused)
  }

  cancel(job: Job, error: Error): void {
    const id = this.#forget(job)
    if (id === undefined) return
    const failure = encodeFailure(error, new PlainEncoding())
    this.#all.send({ kind: 'unnest', seq: this.#seq, id, failure }, [])
    this.#tally.ended(job, 'cancelled')
    job.settled({ ok: false, error })
  }

  /** Streams can't be nested here. */
  pull(): void {}

  leave(): void {}

  /** There is room for parts of a call as long as the call runs. */
  async room(): Promise<void> {}

  /** Counts only the calls that this one has made; only the pool knows its workers. */
  stats(): ExecutorStats {
    return {
      model: this.model,
      workers: { starting: 0, idle: 0, busy: 0 },
      crashes: 0,
      queued: this.#ids.size,
      running: 0,
      ...this.#tally.counts,
      queueMs: noTimes,
      runMs: noTimes,
      pids: [],
    }
  }

  readonly closeGraceMs = 0

  async close(): Promise<void> {
    throw new NotOwnerError(this.name)
  }

  settle(message: Extract<NestedMessage, { kind: 'nestedSettled' }>, job: Job): void {
    this.#all.ends.over(message.id) // Before its outcome is seen.
    this.#forget(job)
    const { reply, workMs, left } = message
    if (left && reply.kind === 'failed') {
      this.#tally.ended(job, 'cancelled')
      return leave(job, decodeFailure(reply.failure, new MessageDecoding()))
    }
    const settle = () => {
      const outcome = outcomeOf(reply, job)
      this.#tally.answered(job, outcome)
      job.settled(outcome, workMs)
    }
    const failures = failuresIn(reply)
    const learning = failures.length === 0 ? undefined : learnClasses(failures, job)
    if (learning === undefined) settle()
    else void learning.then(settle)
  }

  /** The call has ended, and so do the calls that it made; the pool does the rest. */
  end(): void {
    this.#ended = true
    for (const job of [...this.#ids.keys()]) {
      this.#forget(job)
      leave(job, makerEnded())
    }
    this.#pauses.leave(makerEnded())
  }

  #encode({ args, inputs }: Job): Encoded {
    if (args === undefined) return encode(inputs, 'inputs', this.#all.lending)
    return needsNoCodec(args)
      ? { value: args, special: false, transfer: [] }
      : encode(args, 'args', this.#all.lending)
  }

  #forget(job: Job): number | undefined {
    const id = this.#ids.get(job)
    if (id === undefined) return undefined
    this.#ids.delete(job)
    this.#all.open.delete(id)
    this.#all.ends.forget(id)
    return id
  }
}

function leave(job: Job, error: Error): void {
  if (job.left === undefined) job.settled({ ok: false, error })
  else job.left(error)
}
