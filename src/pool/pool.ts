/**
 * A pool of workers: takes jobs in, counts them, and settles each of them once.
 *
 *     submit(job) ─▶ check ─▶ queue ─▶ Dispatch ─▶ Slot ─▶ FarWorker ─┊─▶ far side
 *     job.settled ◀──────────────────────────────── Slot ◀────────────┊◀── done | failed | the worker's end
 *
 * Who gets which job: dispatch.ts. Which workers there are: crew.ts. What tasks run on their own
 * pool: families.ts. States, steps and deaths: README.md.
 */
import { AbortError, ClosedError, QueueFullError, WorkerStartError } from '../errors.ts'
import { addressOf } from '../executor/address.ts'
import type { Backend, Job } from '../executor/backend.ts'
import { callerError } from '../executor/caller.ts'
import { executorNode, type LiveExecutor, listExecutor, queuedNodes } from '../executor/live.ts'
import { PriorityQueue } from '../executor/queue.ts'
import type { ReadyJob } from '../executor/ready-job.ts'
import { type Pause, type Paused, Pauses } from '../executor/repeat/pauses.ts'
import { Room } from '../executor/room.ts'
import type { ExecutorStats, Model } from '../executor/stats.ts'
import { TaskCost } from '../executor/task-cost.ts'
import type { Look } from '../live/look.ts'
import { type LiveNode, nodesOf } from '../live/tree.ts'
import { mostNested } from '../policy.ts'
import { type Parked, park } from '../runtime/park.ts'
import { type Runtime, runtime } from '../runtime/runtime.ts'
import { insideTask } from '../task/context.ts'
import type { Outcome } from '../task/results.ts'
import { nameOf, type Task } from '../task/task.ts'
import { publishWorkerCrash } from '../trace.ts'
import { type Crossing, type Encoded, encode, needsNoCodec } from '../wire/codec.ts'
import { declareEnds } from '../wire/lent/lend.ts'
import type { NestMessage, UnnestMessage } from '../wire/messages.ts'
import { encodeStores } from '../wire/propagation.ts'
import { stackText } from '../wire/stack-text.ts'
import { isWorker } from '../worker/birth.ts'
import type { StartWorker } from '../worker/far-worker.ts'
import type { EndOfLife } from '../worker/life.ts'
import { refuseExecutor } from '../worker/refusal.ts'
import { Crew } from './crew.ts'
import { Dispatch, type DispatchOwner } from './dispatch.ts'
import { Families } from './families.ts'
import { waitingNode, workerNode } from './live.ts'
import { NamedTasks, NestedJob } from './nested.ts'
import type { PoolOptions } from './options.ts'
import type { Slot, SlotOwner } from './slot.ts'

export class Pool implements Backend, SlotOwner, DispatchOwner, LiveExecutor {
  readonly model: Model
  readonly name: string
  readonly workers: number
  readonly #options: PoolOptions
  readonly #crossing: Crossing
  /** The same, for arguments. */
  readonly #lending: Crossing
  readonly #runtime: Runtime = runtime()
  readonly #queue = new PriorityQueue<ReadyJob>()
  readonly #families = new Families()
  readonly #named = new NamedTasks()
  readonly #crew: Crew
  readonly #dispatch: Dispatch
  readonly #room: Room
  readonly #pauses = new Pauses(() => this.#finishClosing())
  readonly #costs = new Map<Task, TaskCost>()
  readonly #chunkCosts = new Map<Task, TaskCost>()
  readonly #counts = { done: 0, failed: 0, cancelled: 0, crashes: 0, retried: 0 }
  /** Jobs that were accepted and have no outcome yet. */
  #open = 0
  #closing: Parked<void> | undefined
  #forced: ClosedError | undefined

  constructor(model: Model, options: PoolOptions, start: StartWorker, crossing: Crossing) {
    declareEnds()
    this.model = model
    this.name = options.name
    this.workers = options.workers
    this.#options = options
    this.#crossing = crossing
    this.#lending = { ...crossing, lends: true }
    this.#crew = new Crew(options, start, this, () => this.#dispatch.assign())
    this.#dispatch = new Dispatch(this.#queue, this.#crew, this.#families, crossing.sharedMemory, this)
    this.#room = new Room(options.name, () => this.#places())
    listExecutor(this)
    if (!isWorker || insideTask()) this.#crew.keepMinimum()
  }

  submit(job: Job): void {
    if (isWorker && !insideTask()) refuseExecutor()
    const cost = this.#costOf(job)
    let ready: ReadyJob
    try {
      ready = this.#check(job, cost)
    } catch (error) {
      this.#counts.failed += 1
      return job.settled({ ok: false, error })
    }
    this.#open += 1
    if (job.attempt !== undefined && job.attempt > 1) this.#counts.retried += 1
    this.#queue.push(ready)
    this.#room.taken()
    this.#dispatch.came(ready)
  }

  pause(ms: number, paused: Paused): Pause {
    // What fails while its worker is being ended comes at once, to be refused.
    return this.#pauses.begin(this.#forced === undefined ? ms : 0, paused)
  }

  cancel(job: Job, error: Error): void {
    const ready = job as ReadyJob
    if (!ready.over) this.#end(ready, error, () => job.settled({ ok: false, error }))
  }

  room(signal: AbortSignal | undefined): Promise<void> {
    return this.#room.wait(signal)
  }

  pull(job: Job, count: number): void {
    const ready = job as ReadyJob
    ready.slot?.pull(ready, count)
  }

  leave(job: Job, reason: Error): void {
    const ready = job as ReadyJob
    if (this.#queue.withdraw(ready)) this.#settle(ready, { ok: true, value: undefined }, 'cancelled')
    else ready.slot?.leave(ready, reason)
  }

  stats(): ExecutorStats {
    const workers = { starting: 0, idle: 0, busy: 0 }
    const pids: number[] = []
    let running = 0
    for (const slot of this.#crew.all) {
      const { state } = slot
      if (state === 'starting' || state === 'idle') workers[state] += 1
      else workers.busy += 1
      running += slot.helping.open + (slot.running ? 1 : 0)
      if (slot.life.worker.pid !== undefined) pids.push(slot.life.worker.pid)
    }
    const { crashes, ...counts } = this.#counts
    const { model } = this
    return { model, workers, crashes, queued: this.#open - running, running, ...counts, pids }
  }

  live(_look: Look): LiveNode | undefined {
    if (this.#closing !== undefined && this.#closing.state !== 'waiting') return undefined
    const nowMs = this.#runtime.now()
    return executorNode(this, this.#closing === undefined ? 'open' : 'closing', this.stats(), [
      ...nodesOf([...this.#crew.all], slot => workerNode(slot, nowMs)),
      ...queuedNodes(this.#queue, waitingNode),
    ])
  }

  async close(graceMs: number): Promise<void> {
    this.#closing ??= park<void>('every job to settle and every worker to end', this)
    this.#room.close()
    const timer = graceMs === 0 ? undefined : this.#runtime.setTimer(graceMs, () => this.#force())
    if (graceMs === 0) this.#force()
    this.#finishClosing()
    await this.#closing.promise
    timer?.cancel()
  }

  // ── what slots and the dispatch tell ──

  idle(slot: Slot): void {
    this.#crew.rests(slot)
    this.#dispatch.rests(slot)
    if (slot.state !== 'idle') return
    this.#crew.tidySoon()
    this.#finishClosing()
  }

  answered(slot: Slot): void {
    this.#dispatch.answered(slot)
  }

  given(): void {
    this.#room.changed()
  }

  nest({ life }: Slot, parent: ReadyJob, message: NestMessage): void {
    const job = new NestedJob(message, this.#named.find(message), this.#crossing, news => life.send(news))
    const refusal = this.#whyNotNested(parent)
    if (refusal !== undefined) return job.settled({ ok: false, error: refusal })
    const { id, args, special, moved, attempt } = message
    const encoded = { value: args, special, transfer: moved }
    const ready = this.#noted(job, encoded, parent.stores, this.#costOf(job))
    this.#families.add(ready, parent, id)
    this.#open += 1
    if (attempt > 1) this.#counts.retried += 1
    this.#queue.pushFirst(ready)
    this.#dispatch.cameFirst()
  }

  unnest(parent: ReadyJob, { id, failure }: UnnestMessage): void {
    const ready = parent.nested?.get(id)
    if (ready !== undefined) this.cancel(ready, callerError(failure, undefined))
  }

  settled(ready: ReadyJob, outcome: Outcome<unknown>, workMs?: number): void {
    if (outcome.ok) this.#crew.starts.imported(ready.task)
    if (workMs !== undefined && ready.stream === undefined) ready.cost.learn(workMs)
    this.#settle(ready, outcome, outcome.ok ? 'done' : 'failed', workMs)
  }

  returned(jobs: readonly ReadyJob[]): void {
    const wanted = jobs.filter(ready => !ready.over)
    if (this.#forced === undefined) this.#queue.putBack(wanted)
    else for (const ready of wanted) this.#settle(ready, { ok: false, error: this.#forced }, 'cancelled')
    this.#dispatch.assign()
  }

  ended(
    slot: Slot,
    why: Error,
    { wasReady, loading, expected, idle }: EndOfLife & { readonly idle: boolean },
  ): void {
    this.#crew.ended(slot)
    if (!expected) this.#counts.crashes += 1
    if (!expected || !wasReady)
      publishWorkerCrash({ executor: this.name, worker: slot.life.worker.name, error: why })
    if (idle && !expected) {
      process.emitWarning(
        `${slot.life.worker.name} of ${this.name} failed while it had nothing to do: ${why.message}`,
        {
          type: 'AtonceWarning',
          code: 'ATONCE_IDLE_WORKER',
          detail: stackText(String(why), () => why.stack),
        },
      )
    }
    if (!wasReady && this.#closing === undefined) this.#startFailed(why)
    else if (expected && this.#closing === undefined) this.#crew.keepMinimum() // A worn one that was to be kept.
    if (loading !== undefined) this.#importFailed(loading, why)
    this.#dispatch.assign()
    this.#finishClosing()
  }

  // ── steps ──

  /** Refuses the job, or readies it for the wire. */
  #check(job: Job, cost: TaskCost): ReadyJob {
    const isRepeat = job.attempt !== undefined && job.attempt > 1
    if (this.#forced !== undefined || (this.#closing !== undefined && !isRepeat)) {
      throw new ClosedError(
        `${this.name} is closed; ${nameOf(job.task)} was not run. Run tasks before close(), or before the end of the block with \`await using\`.`,
      )
    }
    if (
      this.#queue.size >= this.#options.queueLimit &&
      !isRepeat &&
      this.#places() <= 0 // Dearer to find out.
    ) {
      throw new QueueFullError(this.name, this.#options.queueLimit)
    }
    return this.#noted(job, this.#encode(job), encodeStores(this.#crossing), cost)
  }

  #noted(job: Job, encoded: Encoded | undefined, stores: ReadyJob['stores'], cost: TaskCost): ReadyJob {
    const ready = job as ReadyJob
    ready.encoded = encoded
    ready.stores = stores
    ready.cost = cost
    ready.over = false
    return ready
  }

  #whyNotNested(parent: ReadyJob): Error | undefined {
    if (this.#forced !== undefined) return this.#forced
    if (parent.over) return new AbortError(`The call that made it, ${nameOf(parent.task)}, was cancelled.`)
    return this.#queue.size >= this.#options.queueLimit + mostNested
      ? new QueueFullError(this.name, this.#options.queueLimit)
      : undefined
  }

  #encode({ args, inputs }: Job): Encoded | undefined {
    if (args === undefined) return encode(inputs, 'inputs', this.#lending)
    return needsNoCodec(args) ? undefined : encode(args, 'args', this.#lending)
  }

  /**
   * What is known about calls of the task, or chunks of them; a task that is new here is looked at
   * first.
   */
  #costOf({ task, inputs }: Job): TaskCost {
    const costs = inputs === undefined ? this.#costs : this.#chunkCosts
    const known = costs.get(task)
    if (known !== undefined) return known
    addressOf(task)
    const cost = new TaskCost()
    costs.set(task, cost)
    return cost
  }

  /**
   * How many more jobs would be taken now: places in the queue, and workers that are free, started
   * or not.
   */
  #places(): number {
    return this.#options.queueLimit + this.workers - this.#crew.busy - this.#queue.size
  }

  #startFailed(why: Error): void {
    if (!this.#crew.starts.failed(this.#crew.someWork)) return
    for (const ready of [...this.#queue]) this.#reject(ready, why)
  }

  #importFailed(module: string, why: Error): void {
    if (!this.#crew.starts.importFailed(module)) return
    for (const ready of [...this.#queue]) if (ready.task.module === module) this.#reject(ready, why)
  }

  #reject(ready: ReadyJob, error: Error): void {
    if (this.#queue.withdraw(ready)) this.#settle(ready, { ok: false, error }, 'failed')
  }

  #settle(
    ready: ReadyJob,
    outcome: Outcome<unknown>,
    as: 'done' | 'failed' | 'cancelled',
    workMs?: number,
  ): void {
    if (ready.over) return
    this.#count(ready, as)
    const made = ready.nested !== undefined
    ready.settled(outcome, workMs)
    if (made) this.#leave(ready, undefined)
    if (this.#open > 0) return
    this.#dispatch.allDone()
    this.#finishClosing()
  }

  #count(ready: ReadyJob, as: 'done' | 'failed' | 'cancelled'): void {
    ready.over = true
    this.#open -= 1
    this.#counts[as] += 1
    this.#families.settled(ready)
  }

  /**
   * Ends a job early: it, then its nested ones, so that the deepest is the last that is flagged as
   * cancelled.
   */
  #end(ready: ReadyJob, error: Error, tell: () => void): void {
    const waited = this.#queue.withdraw(ready)
    this.#count(ready, 'cancelled')
    const made = ready.nested !== undefined
    tell()
    if (!waited) ready.slot?.abandon(ready, error)
    if (made) this.#leave(ready, error)
    this.#room.changed()
    if (this.#open === 0) this.#finishClosing()
  }

  /** A call has ended; what it has made ends with it. */
  #leave(parent: ReadyJob, cause: Error | undefined): void {
    this.#families.leave(parent, cause, (ready, why) => this.#end(ready, why, () => ready.left?.(why)))
  }

  /** The grace is over: nobody waits for anything any more. */
  #force(): void {
    const why = this.#closedEarly()
    this.#forced = why
    for (const ready of [...this.#queue]) {
      this.#queue.withdraw(ready)
      this.#settle(ready, { ok: false, error: why }, 'cancelled')
    }
    for (const { life } of [...this.#crew.all]) life.end(why)
    this.#pauses.hurry()
    this.#finishClosing()
  }

  #closedEarly(): ClosedError {
    return new ClosedError(
      `${this.name} was closed before this call was done. Await it first, or give close() a longer graceMs.`,
    )
  }

  #finishClosing(): void {
    if (this.#closing === undefined || this.#open + this.#pauses.size > 0) return
    this.#crew.dismiss(
      ({ life }) => new WorkerStartError(`${this.name} was closed`, { worker: life.worker.name }),
    )
    if (this.#crew.size > 0) return
    this.#dispatch.close()
    this.#closing.unpark()
  }
}
