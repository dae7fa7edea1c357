/**
 * A pool of workers: takes jobs in, counts them, and settles each of them once.
 *
 *     submit(job) ─▶ check ─▶ queue ─▶ Dispatch ─▶ Slot ─▶ FarWorker ─┊─▶ far side
 *     job.settled ◀──────────────────────────────── Slot ◀────────────┊◀── done | failed | the worker's end
 *
 * Who gets which job: dispatch.ts. Which workers there are: crew.ts. What tasks run on their own
 * pool: families.ts. States, steps and deaths: README.md.
 */
import { type ClosedError, QueueFullError, WorkerStartError } from '../errors.ts'
import { addressOf } from '../executor/address.ts'
import { Admitting } from '../executor/admitting.ts'
import type { Backend, Job } from '../executor/backend.ts'
import { CallTimes } from '../executor/call-times.ts'
import { callerError } from '../executor/caller.ts'
import { executorNode, type LiveExecutor, listExecutor, queuedNodes } from '../executor/live.ts'
import { PriorityQueue } from '../executor/queue.ts'
import type { ReadyJob } from '../executor/ready-job.ts'
import { makerCancelled } from '../executor/refusals.ts'
import type { ExecutorStats, Model } from '../executor/stats.ts'
import { type Ending, Tally } from '../executor/tally.ts'
import { TaskCost } from '../executor/task-cost.ts'
import type { Look } from '../live/look.ts'
import { type LiveNode, nodesOf } from '../live/tree.ts'
import { mostNested } from '../policy.ts'
import { type Runtime, runtime } from '../runtime/runtime.ts'
import { insideTask } from '../task/context.ts'
import { renewals } from '../task/registry.ts'
import type { Outcome } from '../task/results.ts'
import type { Task } from '../task/task.ts'
import { publishWorkerCrash, publishWorkerStart, workerAsTold } from '../trace.ts'
import type { Crossing, Encoded } from '../wire/codec.ts'
import { declareEnds } from '../wire/lent/lend.ts'
import type { NestMessage, UnnestMessage } from '../wire/messages.ts'
import { encodeStores } from '../wire/propagation.ts'
import { isWorker } from '../worker/birth.ts'
import type { StartWorker } from '../worker/far-worker.ts'
import { refuseExecutor } from '../worker/refusal.ts'
import { warnOfUntold } from './aftermath.ts'
import { Crew } from './crew.ts'
import { Dispatch, type DispatchOwner } from './dispatch.ts'
import { Families } from './families.ts'
import { countsOf, waitingNode, workerNode } from './live.ts'
import { NamedTasks, NestedJob } from './nested.ts'
import type { PoolOptions } from './options.ts'
import { Pins } from './pins.ts'
import { encodeArguments, noteOn } from './readying.ts'
import type { Slot, SlotOwner } from './slot.ts'
import type { EndOfSlot } from './slot-owner.ts'
import { neverBegun } from './starts.ts'

export class Pool extends Admitting implements Backend<ReadyJob>, SlotOwner, DispatchOwner, LiveExecutor {
  readonly model: Model
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
  readonly #pins: Pins
  /** How many modules had been evaluated anew when workers were last renewed for it. */
  #renewals = renewals()
  readonly #dispatch: Dispatch
  readonly #costs = new Map<Task, TaskCost>()
  readonly #chunkCosts = new Map<Task, TaskCost>()
  readonly #tally = new Tally()
  readonly #times: CallTimes
  /** Jobs that were accepted and have no outcome yet. */
  #open = 0

  constructor(model: Model, options: PoolOptions, start: StartWorker, crossing: Crossing) {
    super(options.name, options.closeGraceMs)
    declareEnds()
    this.model = model
    this.workers = options.workers
    this.#options = options
    this.#crossing = crossing
    this.#lending = { ...crossing, lends: true }
    this.#times = new CallTimes(options.name)
    this.#crew = new Crew(options, start, this, () => this.#dispatch.assign())
    this.#pins = new Pins(this.#crew, this.workers)
    this.#dispatch = new Dispatch(
      this.#queue,
      this.#crew,
      this.#families,
      this.#pins,
      crossing,
      options,
      this,
    )
    listExecutor(this)
    if (!isWorker || insideTask()) this.#crew.keepMinimum()
  }

  submit(job: ReadyJob): void {
    if (isWorker && !insideTask()) refuseExecutor()
    const cost = this.#costOf(job)
    let ready: ReadyJob
    try {
      ready = this.#check(job, cost)
    } catch (error) {
      this.#tally.ended(job, 'failed')
      return job.settled({ ok: false, error })
    }
    if (this.#renewals !== renewals()) {
      this.#renewals = renewals()
      this.#crew.renew()
    }
    this.#open += 1
    this.#tally.came(job)
    this.#times.came(ready, this.#queue.size, job.within?.owner)
    if (job.to === undefined) this.#queue.push(ready)
    else this.#pins.add(ready)
    this.admission.room.taken()
    if (job.to === undefined) this.#dispatch.came(ready)
    else this.#dispatch.assign()
  }

  each(): readonly Slot[] {
    return this.admission.isClosing ? [] : this.#crew.startAll()
  }

  cancel(job: ReadyJob, error: Error): void {
    if (!job.over) this.#end(job, error, () => job.settled({ ok: false, error }))
  }

  pull(job: ReadyJob, count: number): void {
    job.slot?.pull(job, count)
  }

  leave(job: ReadyJob, reason: Error): void {
    if (this.#withdraw(job)) this.#settle(job, { ok: true, value: undefined }, 'cancelled')
    else job.slot?.leave(job, reason)
  }

  stats(): ExecutorStats {
    const { workers, running, pids } = countsOf(this.#crew.all)
    const now = {
      model: this.model,
      workers,
      crashes: this.#crew.crashes,
      queued: this.#open - running,
      running,
    }
    return { ...now, ...this.#tally.counts, ...this.#times.all, pids }
  }

  live(_look: Look): LiveNode | undefined {
    const { state } = this.admission
    if (state === undefined) return undefined
    const nowMs = this.#runtime.now()
    return executorNode(this, state, this.stats(), [
      ...nodesOf([...this.#crew.all], slot => workerNode(slot, nowMs)),
      ...queuedNodes(this.#queue, waitingNode),
      ...queuedNodes(this.#pins, waitingNode),
    ])
  }

  get concurrency(): number {
    return this.workers * this.#options.callsPerWorker
  }

  // ── what the admission asks for ──

  /** How many more jobs would be taken now: room in the queue, and free workers, started or not. */
  places(): number {
    const { callsPerWorker, queueLimit } = this.#options
    const taken = callsPerWorker === 1 ? this.#crew.busy : this.#crew.inHand
    return queueLimit + this.concurrency - taken - this.#queue.size - this.#pins.size
  }

  refuseQueued(why: ClosedError): void {
    for (const slot of this.#crew.all) {
      this.#queue.putBack(slot.takeBack().filter(ready => !ready.over))
      if (slot.state !== 'starting') continue
      for (const ready of slot.hand) this.cancel(ready, why)
    }
    this.#refuse(why, ready => ready.nesting === undefined)
  }

  force(why: ClosedError): void {
    this.#refuse(why, () => true)
    for (const { life } of [...this.#crew.all]) life.end(why)
  }

  #refuse(why: ClosedError, which: (ready: ReadyJob) => boolean): void {
    for (const ready of [...this.#queue, ...this.#pins]) {
      if (!which(ready)) continue
      this.#withdraw(ready)
      this.#settle(ready, { ok: false, error: why }, 'cancelled')
    }
  }

  finish(): boolean {
    if (this.#open > 0) return false
    this.#crew.dismiss(
      ({ life }) => new WorkerStartError(`${this.name} was closed`, { worker: life.worker.name }),
    )
    if (this.#crew.size > 0) return false
    this.#dispatch.close()
    return true
  }

  // ── what slots and the dispatch tell ──

  started({ life }: Slot, startMs: number): void {
    this.#crew.starts.succeeded()
    publishWorkerStart({ executor: this.name, worker: workerAsTold(life.worker), startMs })
  }

  idle(slot: Slot): void {
    this.#crew.rests(slot)
    this.#dispatch.rests(slot)
    if (slot.state !== 'idle') return
    this.#crew.tidySoon()
    this.admission.checkClosed()
  }

  began(ready: ReadyJob, nowMs: number): void {
    this.#times.began(ready, ready.task, nowMs)
  }

  answered(slot: Slot): void {
    this.#dispatch.answered(slot)
  }

  given(): void {
    this.admission.room.changed()
  }

  nest({ life }: Slot, parent: ReadyJob, message: NestMessage): void {
    const job = new NestedJob(message, this.#named.find(message), this.#crossing, news => life.send(news))
    const refusal = this.#whyNotNested(parent)
    if (refusal !== undefined) return job.settled({ ok: false, error: refusal })
    const { id, args, special, moved } = message
    const encoded = { value: args, special, transfer: moved }
    const ready = this.#noted(job, encoded, parent.stores, this.#costOf(job))
    this.#families.add(ready, parent, id)
    this.#open += 1
    this.#tally.came(job)
    this.#times.came(ready, this.#queue.size, parent)
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
    if (this.admission.forced === undefined) {
      this.#queue.putBack(wanted.filter(({ to }) => to === undefined))
      for (const ready of wanted) if (ready.to !== undefined) this.#pins.add(ready)
    } else
      for (const ready of wanted)
        this.#settle(ready, { ok: false, error: this.admission.forced }, 'cancelled')
    this.#dispatch.cameBack()
  }

  ended(slot: Slot, why: Error, end: EndOfSlot): void {
    const { wasReady, loading, expected, hitTooEarly, back } = end
    this.#crew.ended(slot, expected)
    const waited = this.#pins.ended(slot)
    // One that was still starting when the pool was closed has not failed.
    if (!expected || (!wasReady && !this.admission.isClosing))
      publishWorkerCrash({ executor: this.name, worker: slot.life.worker.name, error: why })
    if (end.untold) warnOfUntold(slot.life.worker.name, this.name, why, end.idle)
    let told = false
    if (!this.admission.isClosing) {
      const forgiven = hitTooEarly && this.#crew.starts.forgives()
      if (!wasReady && !forgiven) told = this.#startFailed(why)
      else if (expected || forgiven) this.#crew.keepMinimum() // A worn one that was to be kept.
    }
    const broken = loading !== undefined && this.#importFailed(loading, why)
    // Only now: this may start a worker, and a pool gives up only where none is left.
    for (const ready of waited) {
      if (ready.over) continue
      if (told || (broken && ready.task.module === loading)) this.#reject(ready, why)
      else this.#pinAgain(ready, slot, expected ? undefined : why)
    }
    const again = back.filter(ready => {
      const lost = end.fruitless && this.#crew.starts.fruitless(ready)
      const gone = told || (broken && ready.task.module === loading) || lost
      if (gone)
        this.#settle(
          ready,
          { ok: false, error: lost ? neverBegun(why, slot.life.worker.name) : why },
          'failed',
        )
      return !gone
    })
    if (again.length > 0) this.returned(again)
    else this.#dispatch.assign()
    this.admission.checkClosed()
  }

  // ── steps ──

  /** Refuses the job, or readies it for the wire. */
  #check(job: ReadyJob, cost: TaskCost): ReadyJob {
    const isPart = this.admission.isPart(job)
    const refusal = this.admission.refusalOf(job, isPart)
    if (refusal !== undefined) throw refusal
    const isRepeat = job.attempt !== undefined && job.attempt > 1
    if (
      this.#queue.size + this.#pins.size >= this.#options.queueLimit &&
      !isRepeat &&
      this.places() <= 0 // Dearer to find out.
    ) {
      throw new QueueFullError(this.name, this.#options.queueLimit)
    }
    return this.#noted(job, encodeArguments(job, this.#lending), encodeStores(this.#crossing), cost)
  }

  #noted(job: ReadyJob, encoded: Encoded | undefined, stores: ReadyJob['stores'], cost: TaskCost): ReadyJob {
    job.cost = cost
    return noteOn(job, encoded, stores)
  }

  #whyNotNested(parent: ReadyJob): Error | undefined {
    if (this.admission.forced !== undefined) return this.admission.forced
    if (parent.over) return makerCancelled(parent.task)
    return this.#queue.size >= this.#options.queueLimit + mostNested
      ? new QueueFullError(this.name, this.#options.queueLimit)
      : undefined
  }

  /** What is known about calls or chunks of the task; a new task is looked at first. */
  #costOf({ task, inputs }: Job): TaskCost {
    const costs = inputs === undefined ? this.#costs : this.#chunkCosts
    const known = costs.get(task)
    if (known !== undefined) return known
    addressOf(task)
    const cost = new TaskCost()
    costs.set(task, cost)
    return cost
  }

  /** Says whether all who wait were told. */
  #startFailed(why: Error): boolean {
    if (!this.#crew.starts.failed(this.#crew.someWork)) return false
    for (const ready of [...this.#queue, ...this.#pins]) this.#reject(ready, why)
    return true
  }

  #importFailed(module: string, why: Error): boolean {
    if (!this.#crew.starts.importFailed(module)) return false
    for (const ready of [...this.#queue, ...this.#pins])
      if (ready.task.module === module) this.#reject(ready, why)
    return true
  }

  #reject(ready: ReadyJob, error: Error): void {
    if (this.#withdraw(ready)) this.#settle(ready, { ok: false, error }, 'failed')
  }

  /** Takes the job out of where it waits; false if it does not. */
  #withdraw(ready: ReadyJob): boolean {
    return (ready.pin ?? this.#queue).withdraw(ready)
  }

  /** The worker has ended, because of `why` if nobody wanted it to, that the job waited for. */
  #pinAgain(ready: ReadyJob, slot: Slot, why: Error | undefined): void {
    ready.waiting = false
    if (ready.to === slot && why !== undefined) this.#settle(ready, { ok: false, error: why }, 'failed')
    else if (this.admission.forced !== undefined)
      this.#settle(ready, { ok: false, error: this.admission.forced }, 'cancelled')
    else this.#pins.add(ready)
  }

  #settle(ready: ReadyJob, outcome: Outcome<unknown>, as: Ending, workMs?: number): void {
    if (ready.over) return
    this.#count(ready, as, workMs, outcome.ok ? outcome.value : undefined)
    const made = ready.nested !== undefined
    ready.settled(outcome, workMs)
    if (made) this.#leave(ready, undefined)
    if (this.#open > 0) return
    this.#dispatch.allDone()
    this.admission.checkClosed()
  }

  #count(ready: ReadyJob, as: Ending, workMs?: number, answer?: unknown): void {
    ready.over = true
    this.#open -= 1
    this.#tally.ended(ready, as, answer)
    this.#families.settled(ready)
    this.#times.settled(ready, as, workMs)
  }

  /** Ends a job early: first it, then its nested ones, so that the deepest is flagged last. */
  #end(ready: ReadyJob, error: Error, tell: () => void): void {
    const waited = this.#withdraw(ready)
    this.#count(ready, 'cancelled')
    const made = ready.nested !== undefined
    tell()
    if (!waited) ready.slot?.abandon(ready, error)
    if (made) this.#leave(ready, error)
    this.admission.room.changed()
    if (this.#open === 0) this.admission.checkClosed()
  }

  /** A call has ended; what it has made ends with it. */
  #leave(parent: ReadyJob, cause: Error | undefined): void {
    this.#families.leave(parent, cause, (ready, why) => this.#end(ready, why, () => ready.left?.(why)))
  }
}
