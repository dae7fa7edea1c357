/**
 * A worker's life, whatever it works on: started, watched and ended, and why it ended.
 *
 *     starting ─ ready, initialize ─▶ ready ─ stop() ─▶ stopping, teardown ─┐
 *        │                              │                                     ├─▶ gone ─▶ ended
 *        └── startTimeoutMs, end(why) ──┴───────────▶ condemned ──────────────┘
 *     any ─ it ends by itself, or has said that it does ─▶ gone: what it said last is being read
 *
 * Only this file writes these states. The owner (a pool's slot) registers its conversations with
 * the worker in `hears`, and reads `state`. One time limit runs at a time: for the start, for an
 * import, or for what the owner waits for.
 */
import {
  ProtocolError,
  type WorkerErrorDetails,
  WorkerStartError,
  WorkerStartTimeoutError,
} from '../errors.ts'
import { addressOf } from '../executor/address.ts'
import type { Job } from '../executor/backend.ts'
import { inRuntime, type Runtime, runtime, type Timer } from '../runtime/runtime.ts'
import { nameOf, type Task } from '../task/task.ts'
import { inShort } from '../thrown.ts'
import { isFromWorker } from '../wire/from-worker.ts'
import type { FromWorker, Reached, ToWorker } from '../wire/messages.ts'
import { stackText } from '../wire/stack-text.ts'
import { Conversations } from './conversations.ts'
import { Deadline } from './deadline.ts'
import { reasonOf } from './exit-reason.ts'
import type { Exit, FarWorker, StartWorker } from './far-worker.ts'
import { hitTooEarly } from './group-signals.ts'
import { LastWords, type WorkAtHand } from './last-words.ts'
import { type EncodedOwnCall, type OwnCallName, OwnCalls, type OwnCallsOwner } from './own-calls.ts'
import { ToldTasks } from './told-tasks.ts'

const { AsyncResource } = process.getBuiltinModule('node:async_hooks')

/**
 * The asynchronous context in which workers start. Otherwise all that their messages trigger would
 * run in the context of the call for which the worker was started, and would keep that alive. The
 * runtime is entered again there.
 */
const outsideOfCalls = new AsyncResource('atonce.worker')

export type LifeState = 'starting' | 'ready' | 'stopping' | 'condemned' | 'gone' | 'ended'

/** What a life tells its owner, and asks it. */
export interface LifeOwner extends WorkAtHand {
  /**
   * The job that the worker runs, or will run next. Errors name it, and its module may be loading.
   */
  readonly at: Job | undefined
  /** The worker can work. */
  ready(): void
  /** A small plain result came on the fast lane; with `more`, another one follows at once. */
  done(seq: number, workMs: number, value: unknown, more: boolean): void
  /** The worker has imported the module of a task. */
  imported?(task: Task): void
  /** How many results may be delivered together; 0 for each at once. */
  patience(): number
  /** The worker has ended. */
  ended(why: Error, details: EndOfLife): void
}

export interface EndOfLife {
  readonly wasReady: boolean
  /** It had started, or its messages could not be read: it may have begun what it was given. */
  readonly mayHaveBegun: boolean
  /** The module that it was importing when it died, if any. */
  readonly loading: string | undefined
  /** Whether all its messages were read. Then it had imported no module that it has not named. */
  readonly heardAll: boolean
  /** How far it had come with the calls of its hand, if it has said so. */
  readonly reached: Reached | undefined
  /** This side wanted it. */
  readonly expected: boolean
  /** An uncaught error ended it, even if this side had asked it to end. */
  readonly crashed: boolean
  /** A signal to the whole program killed it, before it could leave signals to the program. */
  readonly hitTooEarly: boolean
}

export interface LifeOptions {
  readonly startTimeoutMs: number
  readonly graceMs: number
  /** How long a worker may take to end by itself. */
  readonly closeGraceMs: number
  /** What a new worker begins with. */
  readonly initialize: EncodedOwnCall | undefined
  /** What a worker that is asked to end does before. */
  readonly teardown?: EncodedOwnCall | undefined
}

type CrashedMessage = Extract<FromWorker, { kind: 'crashed' }>

export class Life implements OwnCallsOwner {
  readonly worker: FarWorker
  /** For its start, an import, or what its owner waits for. */
  readonly deadline: Deadline
  /** Who handles the worker's messages; its life is one of these conversations. */
  readonly hears = new Conversations<FromWorker>()
  readonly #owner: LifeOwner
  readonly #options: LifeOptions
  readonly #runtime: Runtime
  readonly #tasks = new ToldTasks()
  readonly #own: OwnCalls
  #state: LifeState = 'starting'
  #heardReady = false
  #wasReady = false
  /** This side has asked for its end. */
  #expected = false
  /** Why this side ends it, if it does. */
  #verdict: Error | undefined
  readonly #lastWords = new LastWords()
  /** Runs once the worker has reported a crash: when it is killed if it still lives. */
  #mustBeGone: Timer | undefined
  #held = true

  /** Starts the worker; `owner` is told nothing before this has returned. */
  constructor(index: number, start: StartWorker, owner: LifeOwner, options: LifeOptions) {
    this.#owner = owner
    this.#options = options
    this.#runtime = runtime()
    this.deadline = new Deadline(this.#runtime)
    this.#own = new OwnCalls(this, { initialize: options.initialize, teardown: options.teardown })
    this.hears
      .on('ready', () => this.#started())
      .on('loaded', ({ ref }) => this.#loaded(ref, true))
      .on('loadFailed', ({ ref }) => this.#loaded(ref, false)) // The call that it was loaded for fails with the same reason.
      .on('exiting', ({ culprit, reached }) => this.#lastWords.exiting(culprit, reached))
      .on('staying', () => this.#lastWords.exiting())
      .on('crashed', message => this.#crashed(message))
    this.worker = outsideOfCalls.runInAsyncScope(() =>
      inRuntime(this.#runtime, () => this.#start(index, start)),
    )
  }

  get state(): LifeState {
    return this.#state
  }

  /** Whether it has ever been able to work. */
  get wasReady(): boolean {
    return this.#wasReady
  }

  /** Whether this side has asked for its end. */
  get isLeaving(): boolean {
    return this.#expected
  }

  /** Whether nothing that the worker does matters any more. */
  get isLost(): boolean {
    return this.#verdict !== undefined || this.#state === 'ended'
  }

  /** Whether it keeps the program alive. */
  get held(): boolean {
    return this.#held
  }

  hold(): void {
    if (this.#held) return
    this.#held = true
    this.worker.hold()
  }

  /** Lets the program end though the worker lives: nobody waits for it. */
  release(): void {
    if (this.#state === 'gone' || this.#state === 'condemned') return // Calls may wait until it is replaced.
    this.#held = false
    this.worker.release()
  }

  /** Sends a message that is not a call, unless the worker is lost. */
  send(message: ToWorker): void {
    if (!this.isLost) this.worker.send(message)
  }

  // ── tasks that it knows ──

  /**
   * The task's number in the worker. A worker that does not know the task yet is told to import it,
   * within a time limit; a starting worker reads that once it has started.
   */
  refOf(task: Task): number {
    const known = this.#tasks.refOf(task)
    if (known !== undefined) return known
    const ref = this.#tasks.nextRef
    this.worker.send({ kind: 'load', ref, ...addressOf(task) })
    this.#tasks.add(task)
    if (this.#heardReady) this.#mustImport(task)
    return ref
  }

  hasImported(task: Task): boolean {
    return this.#tasks.isLoaded(task)
  }

  /** A call of the task was answered. */
  imported(task: Task): void {
    if (!this.#tasks.isLoading(task)) return
    this.#tasks.loadedTask(task)
    if (this.deadline.isOfImport && !this.#tasks.someLoading) this.deadline.clear()
  }

  // ── its beginning ──

  /** The time limit of `initialize` is that of an import. */
  #startTookTooLong(what: string): void {
    const { startTimeoutMs } = this.#options
    const first = this.#own.initializing
    const stuck = first !== undefined && this.#tasks.isLoaded(first) ? 'initialize' : 'module'
    const at = stuck === 'module' ? what : `its initialize task, ${nameOf(first as Task)},`
    this.end(new WorkerStartTimeoutError(at, startTimeoutMs, this.details(), stuck))
  }

  #mustImport({ module }: Task): void {
    const passed = () => this.#startTookTooLong(`importing ${module}`)
    this.deadline.set(this.#options.startTimeoutMs, passed, true)
  }

  #start(index: number, start: StartWorker): FarWorker {
    this.deadline.set(this.#options.startTimeoutMs, () => this.#startTookTooLong('starting'))
    const worker = start(index, {
      message: message => this.#receive(message),
      done: (seq, workMs, value, more) => this.#done(seq, workMs, value, more),
      patience: () => this.#owner.patience(),
      ending: () => {
        this.#state = 'gone'
        this.hold() // The program must stay alive for calls that wait until it is replaced.
      },
      exited: exit => this.#exited(exit),
    })
    worker.hold()
    return worker
  }

  #started(): void {
    const again = this.#heardReady
    this.#heardReady = true // Even if it is being ended: it may have begun what it was given while it started.
    if (this.isLost) return
    if (again) return void this.forged('ready, for the second time')
    if (!this.#own.begin('initialize')) this.#canWork()
  }

  /** A call of the worker's own (`initialize`, `teardown`) has ended. */
  ownCallEnded(name: OwnCallName, task: Task, error: Error | undefined): void {
    if (this.isLost) return
    if (name === 'initialize') {
      if (error === undefined) return this.#canWork()
      const why = `its initialize task, ${nameOf(task)}, threw ${inShort(error)}`
      return this.end(new WorkerStartError(why, { ...this.details(), cause: error }))
    }
    if (error !== undefined)
      process.emitWarning(`The teardown of ${this.worker.name}, ${nameOf(task)}, threw ${inShort(error)}`, {
        type: 'AtonceWarning',
        code: 'ATONCE_TEARDOWN',
        detail: stackText(String(error), () => error.stack),
      })
    this.worker.stop()
  }

  #canWork(): void {
    this.deadline.clear()
    this.#wasReady = true
    const task = this.#owner.at?.task
    if (task !== undefined && this.#tasks.isLoading(task)) this.#mustImport(task) // Given while it started.
    if (this.#state === 'starting') this.#state = 'ready'
    this.#owner.ready()
  }

  // ── what it says ──

  #receive(message: unknown): void {
    if (this.#state === 'ended') return
    if (!isFromWorker(message)) return void this.forged(describe(message))
    if ('seq' in message && this.#own.isOf(message.seq)) return this.#own.hear(message)
    if (!this.#wasReady && 'seq' in message) return void this.forged(`${message.kind}, before it was ready`)
    if (!this.hears.hear(message)) this.forged(`${message.kind}, which nobody awaits`)
  }

  #done(seq: number, workMs: number, value: unknown, more: boolean): void {
    if (this.#state === 'ended') return
    if (this.#own.isOf(seq)) return this.#own.hear({ kind: 'done', seq, value, special: false, workMs })
    if (this.#wasReady) this.#owner.done(seq, workMs, value, more)
    else this.forged('done, before it was ready')
  }

  #loaded(ref: number, isImported: boolean): void {
    const task = this.#tasks.loaded(ref)
    if (isImported && task !== undefined) this.#owner.imported?.(task)
    if (this.deadline.isOfImport && this.#wasReady && !this.#tasks.someLoading) this.deadline.clear()
  }

  /**
   * The worker sent a message that can't be true: ends it, and returns the reason.
   */
  forged(what: string): ProtocolError {
    const why = new ProtocolError(what, this.details())
    this.end(why)
    return why
  }

  // ── its end ──

  /**
   * Asks an idle worker to end, so that its `exit` handlers run and write what is buffered; kills
   * it after `withinMs`. If it is asked again, the time begins anew.
   */
  stop(withinMs: number = this.#options.closeGraceMs): void {
    if (this.#state === 'ready') this.#askToEnd()
    if (this.#state !== 'stopping') return
    if (withinMs === Number.POSITIVE_INFINITY) this.deadline.clear()
    else this.deadline.set(withinMs, () => this.worker.kill())
  }

  #askToEnd(): void {
    this.#state = 'stopping'
    this.#expected = true
    this.hold()
    if (!this.#own.begin('teardown')) this.worker.stop()
  }

  /** Ends it now, by force; `why` is the reason of its end. */
  end(why: Error): void {
    if (this.isLost) return
    this.#verdict = why
    this.#expected = true
    if (this.#state !== 'gone') this.#state = 'condemned'
    this.deadline.clear()
    this.hold() // The program must stay alive for whoever waits for the end.
    this.worker.kill()
  }

  /** It ends by itself, unless something delays that, or `process.exit` was replaced. */
  #crashed({ failure, culprit, reached }: CrashedMessage): void {
    if (this.#mustBeGone !== undefined) return
    this.#lastWords.crashed(failure, culprit, reached)
    if (this.#state !== 'condemned') this.#state = 'gone'
    this.#mustBeGone = this.#runtime.setTimer(this.#options.graceMs, () => this.worker.kill())
    this.hold() // The program must stay alive for calls that wait until it is replaced.
  }

  #exited(exit: Exit): void {
    if (this.#state === 'ended') return
    const wasReady = this.#wasReady
    const job = this.#lastWords.jobIn(this.#owner, task => this.#tasks.isLoading(task))
    const loading = job !== undefined && this.#tasks.isLoading(job.task) ? job.task.module : undefined
    const first = this.#own.initializing
    const initialize = first && { task: first, imported: this.#tasks.isLoaded(first) }
    const details = { ...this.detailsOf(job), leftBy: this.#lastWords.leftBy }
    // This side's own state is settled before anything that the worker said is decoded.
    this.#state = 'ended'
    this.deadline.clear()
    this.#mustBeGone?.cancel()
    const crash = this.#lastWords.failure
    const why = this.#verdict ?? reasonOf({ exit, crash, wasReady, loading, initialize, job, details })
    const early = !wasReady && exit.kind === 'signal' && hitTooEarly(exit.signal)
    const mayHaveBegun = this.#heardReady || exit.kind === 'garbled'
    const heardAll = exit.kind !== 'garbled' && exit.kind !== 'lost'
    const expected = this.#expected
    const { reached } = this.#lastWords
    this.#owner.ended(why, {
      wasReady,
      mayHaveBegun,
      loading,
      heardAll,
      reached,
      expected,
      crashed: crash !== undefined && this.#verdict === undefined,
      hitTooEarly: early,
    })
  }

  /** What errors say about this worker. */
  details(): WorkerErrorDetails {
    return this.detailsOf(this.#owner.at)
  }

  /** The same, if it ran that job. */
  detailsOf(job: Job | undefined): WorkerErrorDetails {
    const task = this.#own.running ?? job?.task
    return {
      worker: this.worker.name,
      task: task === undefined ? undefined : nameOf(task),
    }
  }
}

function describe(message: unknown): string {
  const kind =
    typeof message === 'object' && message !== null ? (message as { kind?: unknown }).kind : message
  return String(kind).slice(0, 80)
}
