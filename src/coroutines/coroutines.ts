/**
 * The model `coroutines`: this event loop. Tasks take turns at their awaits; nothing is copied,
 * nothing runs in parallel.
 *
 *     submit ─▶ queue ─▶ (fewer than `concurrency` run) ─▶ fn(...args) in its context ─▶ settled
 *
 * A call that awaits another one of the same executor gives its place to such nested calls until
 * they have ended. So nested calls never wait for a place that their own ancestors hold.
 */
import type { AsyncResource } from 'node:async_hooks'
import { checkCount, checkMs, checkOptions, checkQueueLimit, checkText, checkTimeout } from '../checks.ts'
import { type ClosedError, QueueFullError, type WorkerError } from '../errors.ts'
import { defaultCloseGraceMs } from '../executor/admission.ts'
import { Admitting } from '../executor/admitting.ts'
import type { Backend, Job } from '../executor/backend.ts'
import type { NestingOwner } from '../executor/current-executor.ts'
import { createExecutor, type Executor } from '../executor/executor.ts'
import { type CallHere, callHere, streamOf } from '../executor/here/call-here.ts'
import type { StreamCall } from '../executor/here/stream-call.ts'
import { callNode, executorNode, type LiveExecutor, listExecutor, queuedNodes } from '../executor/live.ts'
import { checkOwnCall } from '../executor/own-call.ts'
import { PriorityQueue, type Queued } from '../executor/queue.ts'
import { makerCancelled, makerEnded } from '../executor/refusals.ts'
import type { ExecutorStats } from '../executor/stats.ts'
import { Tally } from '../executor/tally.ts'
import type { Look } from '../live/look.ts'
import { type LiveNode, nodesOf } from '../live/tree.ts'
import { mostNested } from '../policy.ts'
import { unsharedContext } from '../runtime/async-context.ts'
import { runtime } from '../runtime/runtime.ts'
import { CallContext } from '../task/context.ts'
import type { Outcome } from '../task/results.ts'
import { nameOf, type Task } from '../task/task.ts'
import { Nested, type NestingLoop } from './nested.ts'
import { type CoroutinesOptions, coroutinesOptionNames } from './options.ts'
import { OwnCalls, type OwnCallsOwner } from './own-calls.ts'
import { type Linked, Running } from './running.ts'
import { scopesIn } from './scope/live.ts'
import { type LoopTimed, LoopTimes } from './times.ts'

const hooks = process.getBuiltinModule('node:async_hooks')

/**
 * Runs tasks on this event loop. For work that waits (network, files, timers): it overlaps the
 * waiting. Work that computes gains nothing, and blocks the loop as long as it computes.
 *
 * Arguments and results are passed as they are: not copied, not moved. A cancelled task is told by
 * its signal. If it does not stop, it goes on unseen: nothing can end a function on its own loop.
 *
 * @throws OptionError
 * @example
 *     await using pool = coroutines({ concurrency: 20 })
 *     const pages = await pool.map(fetchPage, urls)
 */
export function coroutines(options: CoroutinesOptions = {}): Executor {
  options = checkOptions('coroutines(…)', options, coroutinesOptionNames)
  return createExecutor(new Loop(options))
}

/**
 * One call on the loop. Until its end it is the job's `ready`, so that no table is needed to find
 * it.
 */
class LoopCall implements Queued, Linked<LoopCall>, NestingOwner, CallHere, LoopTimed {
  readonly loop: Loop
  /** Set once the call has ended, so that contexts that outlive it keep no arguments alive. */
  job: Job
  /** The caller's async context, in which the task runs like any function that it calls. */
  readonly scope: AsyncResource
  /** The call of this loop in which the job was made. */
  readonly parent: LoopCall | undefined
  readonly priority: number
  waiting = false
  order = 0
  /** The line that it stands in. */
  line: PriorityQueue<LoopCall>
  next: LoopCall | undefined
  previous: LoopCall | undefined
  state: 'queued' | 'running' | 'over' = 'queued'
  /** Made when it begins. */
  context: CallContext | undefined
  stream: StreamCall | undefined
  /** What it has made on this loop and awaits. */
  awaits = 0
  time = 0
  measured = false
  beganUs = 0
  /** Whether anybody wants its outcome. */
  wanted = true
  /** The jobs that end with it. */
  nested: Nested | undefined

  constructor(loop: Loop, job: Job, parent: LoopCall | undefined, line: PriorityQueue<LoopCall>) {
    this.loop = loop
    this.job = job
    this.scope =
      job.context === undefined ? new hooks.AsyncResource('atonce.call') : unsharedContext(job.context)
    this.parent = parent
    this.priority = job.priority
    this.line = line
  }

  ended(outcome: Outcome<unknown>): void {
    this.loop.ended(this, outcome)
  }

  report(_call: CallContext, done: number, total: number | undefined): void {
    if (this.wanted) this.job.progressed(done, total)
  }

  pollCancelled(): boolean {
    return false
  }

  nest(): Backend {
    this.nested ??= new Nested(this.loop, this.context as CallContext, this.state === 'over')
    return this.nested
  }
}

/** Stands for the job of a call that has ended. */
const over: Job = {
  task: Object.assign(() => {}, { module: '', position: 0 }) as unknown as Task,
  args: undefined,
  priority: 0,
  caller: {},
  started() {},
  progressed() {},
  settled() {},
}

function makerOf(parent: LoopCall | undefined): Job | undefined {
  return parent?.state === 'over' ? undefined : parent?.job
}

function callOf(job: Job): LoopCall | undefined {
  return job.ready as LoopCall | undefined
}

class Loop extends Admitting implements NestingLoop, LiveExecutor, OwnCallsOwner {
  readonly model = 'coroutines'
  readonly workers: number
  readonly #queueLimit: number
  readonly #queue = new PriorityQueue<LoopCall>()
  /** Jobs that running calls await; they may take the places of calls that wait. */
  readonly #nested = new PriorityQueue<LoopCall>()
  readonly #running = new Running<LoopCall>()
  /** How many of those that run await others of this loop. */
  #givenAway = 0
  readonly #tally = new Tally()
  readonly #times: LoopTimes
  readonly #own: OwnCalls
  #scheduled = false
  #named: Task | undefined
  #name = ''

  constructor({
    concurrency = 64,
    queueLimit = 1_000_000,
    closeGraceMs = defaultCloseGraceMs,
    initialize,
    teardown,
    startTimeoutMs = 30_000,
    name = 'coroutines',
  }: CoroutinesOptions) {
    checkCount('coroutines({ concurrency })', concurrency)
    checkQueueLimit('coroutines({ queueLimit })', queueLimit)
    checkMs('coroutines({ closeGraceMs })', closeGraceMs)
    checkTimeout('coroutines({ startTimeoutMs })', startTimeoutMs)
    checkText('coroutines({ name })', name, "'pages'")
    super(name, closeGraceMs)
    this.workers = concurrency
    this.#queueLimit = queueLimit
    this.#times = new LoopTimes(name)
    this.#own = new OwnCalls(this, {
      initialize: checkOwnCall('coroutines({ initialize })', initialize),
      teardown: checkOwnCall('coroutines({ teardown })', teardown),
      startTimeoutMs,
    })
    listExecutor(this)
  }

  submit(job: Job): void {
    const isRepeat = job.attempt !== undefined && job.attempt > 1
    this.#submit(job, isRepeat ? Number.POSITIVE_INFINITY : this.places(), isRepeat)
  }

  submitNested(job: Job): void {
    this.#submit(job, this.#queueLimit + mostNested - this.#queued, true)
  }

  /** `accepted`: it is part of a call that was accepted before. */
  #submit(job: Job, places: number, accepted: boolean): void {
    const parent = this.#parentOf(job)
    const isPart = accepted || parent !== undefined || this.admission.isPart(job)
    const refusal = this.admission.refusalOf(job, isPart)
    if (refusal !== undefined) return this.#refuse(job, refusal)
    if (places <= 0) return this.#refuse(job, new QueueFullError(this.name, this.#queueLimit))
    this.#tally.came(job)
    const line = parent !== undefined && job.waitedFor ? this.#nested : this.#queue
    const call = new LoopCall(this, job, parent, line)
    job.ready = call
    this.#times.came(call, line.size, parent ?? job.within?.owner)
    line.push(call)
    this.admission.room.taken()
    if (line === this.#nested) this.#await(parent)
    this.#schedule()
  }

  awaited(job: Job): void {
    const call = callOf(job)
    if (call === undefined || call.state === 'over') return
    this.#await(call.parent)
    if (call.state !== 'queued' || call.parent === undefined) return
    call.line.withdraw(call)
    call.line = this.#nested
    call.line.push(call)
    this.#schedule()
  }

  cancel(job: Job, error: Error): void {
    if (!this.#stop(job, error)) return
    streamOf(job)?.leave()
    this.#tally.ended(job, 'cancelled')
    job.settled({ ok: false, error })
    this.admission.room.changed()
  }

  pull(job: Job, count: number): void {
    streamOf(job)?.pull(count)
  }

  leave(job: Job, reason: Error): void {
    const call = callOf(job)
    if (call?.state !== 'queued') {
      if (call?.state === 'running') call.context?.cancel(reason)
      return call?.stream?.leave()
    }
    this.#stop(job, reason)
    this.#tally.ended(job, 'cancelled')
    job.settled({ ok: true, value: undefined })
    this.admission.room.changed()
  }

  stats(): ExecutorStats {
    const busy = this.#running.size > 0 ? 1 : 0
    return {
      model: this.model,
      workers: { starting: 0, idle: 1 - busy, busy },
      crashes: 0,
      queued: this.#queued,
      running: this.#running.size,
      ...this.#tally.counts,
      ...this.#times.all,
      pids: [],
    }
  }

  live(look: Look): LiveNode | undefined {
    const { state } = this.admission
    if (state === undefined) return undefined
    const running = ({ job, parent, context, wanted }: LoopCall) =>
      callNode(job, {
        state: wanted ? 'running' : 'cancelled, but not left',
        maker: makerOf(parent),
        age: look.age(context as CallContext),
        waitsFor: look.waitsOf(context as CallContext),
        inside: scopesIn(context as CallContext, look),
      })
    const waiting = ({ job, parent }: LoopCall) => callNode(job, { state: 'queued', maker: makerOf(parent) })
    return executorNode(this, state, this.stats(), [
      ...nodesOf([...this.#running], running),
      ...queuedNodes(this.#nested, waiting),
      ...queuedNodes(this.#queue, waiting),
    ])
  }

  // ── what the admission asks for ──

  /** How many more jobs the queue takes. */
  places(): number {
    return this.#queueLimit + Math.max(0, this.workers - this.#running.size) - this.#queued
  }

  refuseQueued(why: ClosedError): void {
    for (const { job, parent } of [...this.#queue]) if (parent === undefined) this.cancel(job, why)
  }

  /** Functions that go on are not waited for: nothing can end them on one's own loop. */
  force(why: ClosedError): void {
    for (const { job } of [...this.#nested, ...this.#queue, ...this.#running]) this.cancel(job, why)
  }

  finish(): boolean {
    if (this.admission.forced !== undefined) return true
    return this.#queued + this.#running.size === 0 && this.#own.left()
  }

  readied(): void {
    this.#schedule()
  }

  notReadied(why: WorkerError): void {
    for (const { job } of [...this.#nested, ...this.#queue]) if (this.#stop(job, why)) this.#refuse(job, why)
    this.admission.room.changed()
    this.admission.checkClosed()
  }

  tornDown(): void {
    this.admission.checkClosed()
  }

  ended(call: LoopCall, outcome: Outcome<unknown>): void {
    const { job } = call
    this.#running.remove(call)
    if (call.awaits > 0) this.#givenAway -= 1
    call.state = 'over'
    job.ready = undefined
    if (call.nested !== undefined) call.nested.end(makerEnded(job.task))
    if (call.wanted) {
      if (job.waitedFor) this.#noLongerAwaits(call.parent)
      this.#tally.answered(job, outcome)
      this.#times.ended(call, outcome)
      job.settled(outcome)
    }
    call.job = over
    if (this.admission.isClosing) this.admission.checkClosed()
    this.#schedule()
  }

  /** Ends the job for everybody but the function that runs; false if it has ended. */
  #stop(job: Job, error: Error): boolean {
    const call = callOf(job)
    if (call?.wanted && call.state !== 'over') this.#times.cancelled(call, call.state === 'queued')
    if (call?.state === 'queued') {
      call.state = 'over'
      job.ready = undefined
      call.line.withdraw(call)
      if (job.waitedFor) this.#noLongerAwaits(call.parent)
    } else if (call?.state === 'running' && call.wanted) {
      call.wanted = false // It keeps its place until it has stopped; its outcome is nobody's.
      call.context?.cancel(error)
      if (job.waitedFor) this.#noLongerAwaits(call.parent)
      call.nested?.end(makerCancelled(job.task, error))
    } else return false
    return true
  }

  /** The nearest enclosing call on this loop, with any number of other executors between. */
  #parentOf(job: Job): LoopCall | undefined {
    for (let call = job.within; call !== undefined; call = call.within) {
      const { owner } = call
      if (owner instanceof LoopCall && owner.loop === this && owner.state !== 'over') return owner
    }
    return undefined
  }

  get #queued(): number {
    return this.#queue.size + this.#nested.size
  }

  #await(parent: LoopCall | undefined): void {
    if (parent === undefined) return
    parent.awaits += 1
    if (parent.awaits === 1 && parent.state !== 'over') this.#givenAway += 1
  }

  #noLongerAwaits(parent: LoopCall | undefined): void {
    if (parent === undefined) return
    parent.awaits -= 1
    if (parent.awaits === 0 && parent.state !== 'over') this.#givenAway -= 1
  }

  /** Calls begin in the next turn: `run` itself never runs the task. */
  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    runtime().soon(this.#startNext)
  }

  readonly #startNext = (): void => {
    this.#scheduled = false
    if (!this.#own.ready()) return
    this.#times.starts()
    for (let next = this.#next(); next !== undefined; next = this.#next()) this.#start(next)
    this.#times.started()
    this.admission.room.changed()
  }

  #next(): LoopCall | undefined {
    const running = this.#running.size
    if (this.#nested.size > 0 && running - this.#givenAway < this.workers) return this.#nested.shift()
    return running < this.workers ? this.#queue.shift() : undefined
  }

  #start(call: LoopCall): void {
    const { job } = call
    const context = new CallContext(job.attempt ?? 1, 'main', call, this.#nameOf(job.task), job.within)
    call.context = context
    call.state = 'running'
    this.#running.add(call)
    this.#times.began(call)
    job.started()
    call.scope.runInAsyncScope(callHere, undefined, job, context, call)
  }

  /** The task's name, cached: to read it costs as much as a promise. */
  #nameOf(task: Task): string {
    if (task !== this.#named) {
      this.#named = task
      this.#name = nameOf(task)
    }
    return this.#name
  }

  #refuse(job: Job, error: Error): void {
    this.#tally.ended(job, 'failed')
    job.settled({ ok: false, error })
  }
}
