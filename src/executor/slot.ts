/** The near side of one worker: what it is doing, and what its messages and its end mean. States and steps: README.md. */
import {
  ConnectionLostError,
  EntryPointError,
  OutOfMemoryError,
  ProtocolError,
  SerializationError,
  SpawnError,
  WorkerCrashedError,
  type WorkerErrorDetails,
  WorkerExitedError,
  WorkerStartError,
  WorkerStartTimeoutError,
} from '../errors.ts'
import { runtime, type Timer } from '../runtime/runtime.ts'
import type { Outcome } from '../task/results.ts'
import { nameOf, type Task } from '../task/task.ts'
import { decode, detach, type Encoded } from '../wire/codec.ts'
import { encodeFailure, type WireFailure } from '../wire/failure.ts'
import { type FromWorker, isFromWorker, type WireOutcome } from '../wire/messages.ts'
import { addressOf } from './address.ts'
import type { Job } from './backend.ts'
import { callerError, learnClasses } from './caller.ts'
import type { Exit, FarWorker, StartWorker } from './far-worker.ts'
import type { Queued } from './queue.ts'

/** A job that was checked and readied for the wire. */
export interface ReadyJob extends Queued {
  readonly id: number
  readonly job: Job
  readonly args: Encoded
}

export type SlotState = 'starting' | 'idle' | 'busy' | 'draining' | 'stopping' | 'ended'

/** What a slot tells the pool. */
export interface SlotOwner {
  /** The slot can take a job. */
  idle(slot: Slot): void
  /** The job has an outcome. */
  settled(ready: ReadyJob, outcome: Outcome<unknown>, workMs?: number): void
  /** Nothing of the worker is left. `wasReady` says whether it ever took messages; `loading` is the module it died of, if it was importing one. */
  ended(
    slot: Slot,
    why: Error,
    details: { wasReady: boolean; loading: string | undefined; expected: boolean; idle: boolean },
  ): void
}

export interface SlotTimes {
  readonly startTimeoutMs: number
  readonly graceMs: number
}

export class Slot {
  readonly index: number
  readonly #owner: SlotOwner
  readonly #times: SlotTimes
  readonly #worker: FarWorker
  /** Tasks that this worker was told of. */
  readonly #refs = new Map<Task, { readonly ref: number; loaded: boolean }>()
  #state: SlotState = 'starting'
  #wasReady = false
  #current: ReadyJob | undefined
  #crash: WireFailure | undefined
  /** Why this side ends the worker, if it does. */
  #verdict: Error | undefined
  #deadline: Timer | undefined

  constructor(index: number, start: StartWorker, owner: SlotOwner, times: SlotTimes) {
    this.index = index
    this.#owner = owner
    this.#times = times
    this.#setDeadline(times.startTimeoutMs, () =>
      this.#end(new WorkerStartTimeoutError('starting', times.startTimeoutMs, this.#details())),
    )
    this.#worker = start(index, {
      message: message => this.#receive(message),
      exited: exit => this.#exited(exit),
    })
    this.#worker.hold()
  }

  get state(): SlotState {
    return this.#state
  }

  get pid(): number | undefined {
    return this.#worker.pid
  }

  get name(): string {
    return this.#worker.name
  }

  /** The job that it works on, as far as anybody waits for it. */
  get job(): ReadyJob | undefined {
    return this.#state === 'busy' ? this.#current : undefined
  }

  /** Gives the job to the worker; the slot must be idle. Settles the job at once if it can't be sent. */
  assign(ready: ReadyJob): void {
    this.#state = 'busy'
    this.#current = ready
    this.#worker.hold()
    const { job, args, id } = ready
    try {
      const ref = this.#tell(job.task)
      this.#worker.send(
        { kind: 'run', id, ref, args: args.value, special: args.special, chunk: job.chunk, attempt: 1 },
        args.transfer,
      )
    } catch (cause) {
      return this.#finish(() => unsendable(cause))
    }
    detach(args.transfer)
    job.started()
  }

  /** The job was settled by somebody else: asks the worker to leave it, and ends the worker if it does not. */
  abandon(ready: ReadyJob, reason: Error): void {
    if (this.#current !== ready || this.#state !== 'busy') return
    this.#state = 'draining'
    this.#worker.flagCancelled(ready.id)
    this.#worker.send({
      kind: 'cancel',
      id: ready.id,
      failure: encodeFailure(reason, (value, _path) => ({ value: String(value), special: false })),
    })
    this.#setDeadline(this.#times.graceMs, () => this.#end(reason))
    this.#worker.release()
  }

  /** Asks an idle worker to end; kills it if it does not. */
  stop(): void {
    if (this.#state !== 'idle') return this.kill(new Error('The worker was ended.'))
    this.#state = 'stopping'
    this.#worker.hold()
    this.#worker.stop()
    this.#setDeadline(this.#times.graceMs, () => this.#worker.kill())
  }

  /** Ends the worker now; a job in it is settled with `why`. */
  kill(why: Error): void {
    this.#end(why)
  }

  /** Lets the program end while this worker is idle. */
  release(): void {
    this.#worker.release()
  }

  /** Sends the task's address the first time, and returns its number on this worker. */
  #tell(task: Task): number {
    const known = this.#refs.get(task)
    if (known !== undefined) return known.ref
    const ref = this.#refs.size + 1
    this.#worker.send({ kind: 'load', ref, ...addressOf(task) })
    this.#refs.set(task, { ref, loaded: false })
    this.#setDeadline(this.#times.startTimeoutMs, () =>
      this.#end(
        new WorkerStartTimeoutError(`importing ${task.module}`, this.#times.startTimeoutMs, this.#details()),
      ),
    )
    return ref
  }

  #receive(message: unknown): void {
    if (this.#state === 'ended') return
    if (!isFromWorker(message)) return this.#end(new ProtocolError(describe(message), this.#details()))
    switch (message.kind) {
      case 'ready':
        return this.#started()
      case 'loaded':
        return this.#loaded(message.ref)
      case 'loadFailed':
        this.#loaded(message.ref)
        return // The run that follows it fails with the same reason.
      case 'crashed':
        this.#crash = message.failure
        return
      default:
        return this.#receiveOfJob(message)
    }
  }

  #started(): void {
    if (this.#state !== 'starting')
      return this.#end(new ProtocolError('ready, for the second time', this.#details()))
    this.#clearDeadline()
    this.#wasReady = true
    this.#turnIdle()
  }

  #loaded(ref: number): void {
    for (const known of this.#refs.values()) if (known.ref === ref) known.loaded = true
    if (this.#state === 'busy') this.#clearDeadline()
  }

  #receiveOfJob(message: Extract<FromWorker, { id: number }>): void {
    const ready = this.#current
    if (ready === undefined || message.id !== ready.id) {
      if (message.kind === 'progress') return // Late news of a job that has ended.
      return this.#end(new ProtocolError(`${message.kind} for a job that it does not have`, this.#details()))
    }
    switch (message.kind) {
      case 'progress':
        if (this.#state === 'busy') ready.job.progressed(message.done, message.total)
        return
      case 'done':
        return this.#finish(
          () => ({ ok: true, value: decode(message.value, message.special) }),
          message.workMs,
        )
      case 'doneChunk': {
        const read = () => message.outcomes.map(outcome => this.#decodeOutcome(outcome, ready))
        const failures = message.outcomes.flatMap(outcome => (outcome.ok ? [] : [outcome.failure]))
        return this.#finish(() => ({ ok: true, value: read() }), message.workMs, failures)
      }
      case 'failed':
        return this.#finish(
          () => ({ ok: false, error: callerError(message.failure, ready.job) }),
          message.workMs,
          [message.failure],
        )
    }
  }

  #decodeOutcome(outcome: WireOutcome, ready: ReadyJob): Outcome<unknown> {
    if (outcome.ok) return { ok: true, value: decode(outcome.value, outcome.special) }
    return { ok: false, error: callerError(outcome.failure, ready.job) }
  }

  /** A reply whose inside is not what it should be is a forged one. */
  #attempt(read: () => Outcome<unknown>): Outcome<unknown> {
    try {
      return read()
    } catch (error) {
      return {
        ok: false,
        error: new ProtocolError(`a reply that can't be read (${(error as Error).message})`, this.#details()),
      }
    }
  }

  /** The worker has answered: it is free at once, even if the answer must wait for its error classes. */
  #finish(read: () => Outcome<unknown>, workMs?: number, failures: readonly WireFailure[] = []): void {
    const ready = this.#current as ReadyJob
    const settle =
      this.#state === 'busy' ? () => this.#owner.settled(ready, this.#attempt(read), workMs) : () => {}
    this.#clearDeadline()
    this.#current = undefined
    const learning = failures.length === 0 ? undefined : learnClasses(failures, ready.job)
    if (learning === undefined) settle()
    else learning.then(settle)
    this.#turnIdle()
  }

  #turnIdle(): void {
    this.#state = 'idle'
    this.#owner.idle(this)
  }

  #end(why: Error): void {
    if (this.#state === 'ended' || this.#verdict !== undefined) return
    this.#verdict = why
    this.#clearDeadline()
    this.#worker.hold() // Whoever waits for the end must not lose the program before it comes.
    this.#worker.kill()
  }

  #exited(exit: Exit): void {
    if (this.#state === 'ended') return
    const { idle, expected } = {
      idle: this.#state === 'idle',
      expected: this.#verdict !== undefined || this.#state === 'stopping',
    }
    const why = this.#verdict ?? this.#reasonOf(exit)
    const loading = this.#loadingModule()
    const abandoned = this.#state === 'draining'
    this.#state = 'ended'
    this.#clearDeadline()
    const ready = this.#current
    this.#current = undefined
    if (ready !== undefined && !abandoned) this.#owner.settled(ready, { ok: false, error: why })
    this.#owner.ended(this, why, { wasReady: this.#wasReady, loading, expected, idle })
  }

  #loadingModule(): string | undefined {
    const task = this.#current?.job.task
    return task !== undefined && this.#refs.get(task)?.loaded === false ? task.module : undefined
  }

  #reasonOf(exit: Exit): Error {
    if (this.#crash !== undefined) return this.#reasonOfCrash(this.#crash)
    if (exit.kind === 'refused') return new SpawnError(messageOf(exit.error), this.#details(exit.error))
    if (exit.kind === 'lost') return new ConnectionLostError(exit.why, this.#details())
    if (exit.kind === 'garbled') return new ProtocolError(exit.what, this.#details())
    if (exit.kind === 'memory') return new OutOfMemoryError(exit.limitMb, this.#details())
    const loading = this.#loadingModule()
    if (!this.#wasReady || loading !== undefined)
      return new WorkerStartError(
        `${loading === undefined ? '' : `while it imported ${loading}, `}${describeExit(exit)}`,
        this.#details(exit.kind === 'error' ? exit.error : undefined),
      )
    if (exit.kind === 'exit') return new WorkerExitedError(exit.code, this.#details())
    if (exit.kind === 'error') return new WorkerCrashedError(messageOf(exit.error), this.#details(exit.error))
    return new WorkerCrashedError(describeExit(exit), { ...this.#details(), signal: exit.signal })
  }

  #reasonOfCrash(failure: WireFailure): Error {
    const cause = callerError(failure, this.#current?.job)
    if (cause instanceof EntryPointError) return cause
    const why = `${cause.name}: ${cause.message}`
    return this.#wasReady && this.#loadingModule() === undefined
      ? new WorkerCrashedError(why, this.#details(cause))
      : new WorkerStartError(why, this.#details(cause))
  }

  #details(cause?: unknown): WorkerErrorDetails {
    const task = this.#current?.job.task
    return {
      worker: this.#worker?.name ?? `worker ${this.index}`,
      task: task === undefined ? undefined : nameOf(task),
      cause,
    }
  }

  #setDeadline(ms: number, passed: () => void): void {
    this.#clearDeadline()
    this.#deadline = runtime().setTimer(ms, passed)
  }

  #clearDeadline(): void {
    this.#deadline?.cancel()
    this.#deadline = undefined
  }
}

/** The platform could not copy what the scan let pass: a Proxy, an object nested too deeply for its own stack. */
function unsendable(cause: unknown): Outcome<unknown> {
  if (cause instanceof Error && 'code' in cause && String(cause.code).startsWith('ATONCE_'))
    return { ok: false, error: cause }
  return {
    ok: false,
    error: new SerializationError('args', `The arguments can't be copied: ${messageOf(cause)}`, { cause }),
  }
}

function describeExit(exit: Exit): string {
  if (exit.kind === 'exit') return `it ended with exit code ${exit.code}`
  if (exit.kind === 'signal')
    return `it was ended by ${exit.signal}${exit.lastWords === '' ? '' : `; it wrote last:\n${exit.lastWords}`}`
  return exit.kind === 'error' ? messageOf(exit.error) : exit.kind
}

function describe(message: unknown): string {
  const kind =
    typeof message === 'object' && message !== null ? (message as { kind?: unknown }).kind : message
  return String(kind).slice(0, 80)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
