/**
 * A pool of workers: takes jobs in and lets each be run and settled once.
 *
 *     submit(job) ─▶ check ─▶ queue ─▶ Dispatch ─▶ Slot ─▶ FarWorker ─┊─▶ far side
 *     job.settled ◀──────────────────────────────── Slot ◀────────────┊◀── done | failed | the worker's end
 *
 * Who gets which job: dispatch.ts. Which workers there are: crew.ts. What tasks run on their own
 * pool: families.ts. States, steps and deaths: README.md.
 */
import { type ClosedError, QueueFullError, WorkerStartError } from '../errors.ts'
import { Admitting } from '../executor/admitting.ts'
import type { Backend } from '../executor/backend.ts'
import { executorNode, type LiveExecutor, listExecutor, queuedNodes } from '../executor/live.ts'
import type { ReadyJob } from '../executor/ready-job.ts'
import type { ExecutorStats, Model } from '../executor/stats.ts'
import { type TaskCost, TaskCosts } from '../executor/task-cost.ts'
import type { Look } from '../live/look.ts'
import { type LiveNode, nodesOf } from '../live/tree.ts'
import { mostNested } from '../policy.ts'
import { type Runtime, runtime, type Timer } from '../runtime/runtime.ts'
import { insideTask } from '../task/context.ts'
import type { Outcome } from '../task/results.ts'
import { publishWorkerCrash, publishWorkerStart, workerAsTold } from '../trace.ts'
import type { Crossing } from '../wire/codec.ts'
import { declareEnds } from '../wire/lent/lend.ts'
import type { NestMessage, UnnestMessage } from '../wire/messages.ts'
import { encodeStores } from '../wire/propagation.ts'
import { isStarted } from '../worker/birth.ts'
import type { StartWorker } from '../worker/far-worker.ts'
import { refuseExecutor } from '../worker/refusal.ts'
import { Accepted } from './accepted.ts'
import { warnOfUntold } from './aftermath.ts'
import { Crew } from './crew.ts'
import { Dispatch, type DispatchOwner } from './dispatch.ts'
import { countsOf, waitingNode, workerNode } from './live.ts'
import { NestedJobs } from './nested.ts'
import type { PoolOptions } from './options.ts'
import { encodeArguments, noteOn } from './readying.ts'
import type { Slot, SlotOwner } from './slot.ts'
import type { EndOfSlot } from './slot-owner.ts'
import { neverBegun } from './starts.ts'
import { Waiting } from './waiting.ts'

export class Pool extends Admitting implements Backend<ReadyJob>, SlotOwner, DispatchOwner, LiveExecutor {
  readonly model: Model
  readonly workers: number
  readonly #options: PoolOptions
  readonly #crossing: Crossing
  /** The crossing for arguments, in which ends of channels may be lent. */
  readonly #lending: Crossing
  readonly #runtime: Runtime = runtime()
  readonly #crew: Crew
  readonly #waiting: Waiting
  readonly #accepted: Accepted
  readonly #dispatch: Dispatch
  readonly #nested: NestedJobs
  readonly #costs = new TaskCosts()
  /** Runs once the grace of `close` is over: when workers that are left are ended. */
  #mustBeGone: Timer | undefined

  constructor(model: Model, options: PoolOptions, start: StartWorker, crossing: Crossing) {
    super(options.name, options.closeGraceMs)
    declareEnds()
    this.model = model
    this.workers = options.workers
    this.#options = options
    this.#crossing = crossing
    this.#lending = { ...crossing, lends: true }
    this.#nested = new NestedJobs(crossing)
    this.#crew = new Crew(options, start, this, () => this.#dispatch.assign())
    this.#waiting = new Waiting(this.#crew, this.workers)
    this.#accepted = new Accepted(this.name, this.admission, this.#waiting, () => this.#dispatch.allDone())
    const { families } = this.#accepted
    this.#dispatch = new Dispatch(this.#waiting, this.#crew, families, crossing, options, this)
    listExecutor(this)
    if (!isStarted || insideTask()) this.#crew.keepMinimum()
  }

  submit(job: ReadyJob): void {
    if (isStarted && !insideTask()) refuseExecutor()
    const cost = this.#costs.of(job)
    try {
      this.#ready(job, cost)
    } catch (error) {
      return this.#accepted.refuse(job, error)
    }
    this.#crew.renew()
    const { queue, pins } = this.#waiting
    this.#accepted.came(job, queue.size, job.within?.owner)
    const isPinned = job.to !== undefined
    if (isPinned) pins.add(job)
    else queue.push(job)
    this.admission.room.taken()
    if (isPinned) this.#dispatch.assign()
    else this.#dispatch.came(job)
  }

  each(): readonly Slot[] {
    return this.admission.isClosing ? [] : this.#crew.startAll()
  }

  cancel(job: ReadyJob, error: Error): void {
    this.#accepted.cancel(job, error)
  }

  pull(job: ReadyJob, count: number): void {
    job.slot?.pull(job, count)
  }

  leave(job: ReadyJob, reason: Error): void {
    if (this.#waiting.withdraw(job)) this.#accepted.settle(job, { ok: true, value: undefined }, 'cancelled')
    else job.slot?.leave(job, reason)
  }

  stats(): ExecutorStats {
    const { workers, running, pids } = countsOf(this.#crew.all)
    const { crashes } = this.#crew
    return { model: this.model, workers, crashes, ...this.#accepted.stats(running), pids }
  }

  live(_look: Look): LiveNode | undefined {
    const { state } = this.admission
    if (state === undefined) return undefined
    const nowMs = this.#runtime.now()
    return executorNode(this, state, this.stats(), [
      ...nodesOf([...this.#crew.all], slot => workerNode(slot, nowMs)),
      ...queuedNodes(this.#waiting.queue, waitingNode),
      ...queuedNodes(this.#waiting.pins, waitingNode),
    ])
  }

  get concurrency(): number {
    return this.workers * this.#options.callsPerWorker
  }

  // ── what the admission asks for ──

  /**
   * How many more jobs would be taken now: the room in the queue, and the free workers, started or
   * not.
   */
  places(): number {
    const { callsPerWorker, queueLimit } = this.#options
    const taken = callsPerWorker === 1 ? this.#crew.busy : this.#crew.inHand
    return queueLimit + this.concurrency - taken - this.#waiting.size
  }

  refuseQueued(why: ClosedError): void {
    for (const slot of this.#crew.all) {
      this.#waiting.queue.putBack(slot.takeBack().filter(ready => !ready.over))
      if (slot.state !== 'starting') continue
      for (const ready of slot.hand) this.cancel(ready, why)
    }
    this.#refuse(why, ready => ready.nesting === undefined)
  }

  force(why: ClosedError): void {
    this.#refuse(why, () => true)
    void this.#cancelBegun(why)
  }

  /**
   * Calls that run are cancelled as by a signal: they are told, and have `graceMs` to clean up. One
   * turn later than the grace is over, for answers may have arrived and not been read yet.
   */
  async #cancelBegun(why: ClosedError): Promise<void> {
    await this.#runtime.yieldToLoop()
    for (const slot of [...this.#crew.all])
      for (const ready of [...slot.hand, ...slot.helping.all]) this.cancel(ready, why)
    if (this.#crew.size === 0) return
    // This timer keeps the program alive until all have left.
    this.#mustBeGone = this.#runtime.setTimer(this.#options.graceMs, () => {
      for (const { life } of [...this.#crew.all]) life.end(why)
    })
  }

  #refuse(why: ClosedError, which: (ready: ReadyJob) => boolean): void {
    for (const ready of [...this.#waiting]) {
      if (!which(ready)) continue
      this.#waiting.withdraw(ready)
      this.#accepted.settle(ready, { ok: false, error: why }, 'cancelled')
    }
  }

  finish(): boolean {
    if (this.#accepted.open > 0) return false
    this.#crew.dismiss(
      ({ life }) => new WorkerStartError(`${this.name} was closed`, { worker: life.worker.name }),
    )
    if (this.#crew.size > 0) return false
    this.#mustBeGone?.cancel()
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
    this.#accepted.began(ready, nowMs)
  }

  answered(slot: Slot): void {
    this.#dispatch.answered(slot)
  }

  given(): void {
    this.admission.room.changed()
  }

  nest({ life }: Slot, parent: ReadyJob, message: NestMessage): void {
    const ready = this.#nested.jobOf(message, parent, life)
    const { queue } = this.#waiting
    const { queueLimit } = this.#options
    const isFull = queue.size >= queueLimit + mostNested
    const refusal =
      this.#accepted.refusalOfNested(parent) ??
      (isFull ? new QueueFullError(this.name, queueLimit) : undefined)
    if (refusal !== undefined) return ready.settled({ ok: false, error: refusal })
    ready.cost = this.#costs.of(ready)
    this.#accepted.cameNested(ready, queue.size, parent, message.id)
    queue.pushFirst(ready)
    this.#dispatch.cameFirst()
  }

  unnest(parent: ReadyJob, message: UnnestMessage): void {
    this.#accepted.unnest(parent, message)
  }

  settled(ready: ReadyJob, outcome: Outcome<unknown>, workMs?: number): void {
    if (outcome.ok) this.#crew.starts.imported(ready.task)
    if (workMs !== undefined && ready.stream === undefined) ready.cost.learn(workMs)
    this.#accepted.settle(ready, outcome, outcome.ok ? 'done' : 'failed', workMs)
  }

  returned(jobs: readonly ReadyJob[]): void {
    const wanted = jobs.filter(ready => !ready.over)
    const error = this.admission.forced
    if (error === undefined) this.#waiting.putBack(wanted)
    else for (const ready of wanted) this.#accepted.settle(ready, { ok: false, error }, 'cancelled')
    this.#dispatch.cameBack()
  }

  ended(slot: Slot, why: Error, end: EndOfSlot): void {
    const { wasReady, loading, expected, hitTooEarly, back } = end
    this.#crew.ended(slot, expected)
    const waited = this.#waiting.pins.ended(slot)
    // A worker that was still starting when the pool was closed has not failed.
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
    // Only now: this may start a worker, and the pool gives up only if no worker is left.
    for (const ready of waited) {
      if (ready.over) continue
      if (told || (broken && ready.task.module === loading)) this.#reject(ready, why)
      else this.#pinAgain(ready, slot, expected ? undefined : why)
    }
    const again = back.filter(ready => {
      const lost = end.fruitless && this.#crew.starts.fruitless(ready)
      const gone = told || (broken && ready.task.module === loading) || lost
      const error = lost ? neverBegun(why, slot.life.worker.name) : why
      if (gone) this.#accepted.settle(ready, { ok: false, error }, 'failed')
      return !gone
    })
    if (again.length > 0) this.returned(again)
    else this.#dispatch.assign()
    this.admission.checkClosed()
  }

  // ── steps ──

  /** Readies the job for the wire, or throws why it is refused. */
  #ready(job: ReadyJob, cost: TaskCost): void {
    const { admission } = this
    const refusal = admission.isClosing ? admission.refusalOf(job, admission.isPart(job)) : undefined
    if (refusal !== undefined) throw refusal
    const { queueLimit } = this.#options
    // `places()` costs more, so it comes last; a repeat was accepted before.
    if (this.#waiting.size >= queueLimit && (job.attempt ?? 1) === 1 && this.places() <= 0)
      throw new QueueFullError(this.name, queueLimit)
    noteOn(job, encodeArguments(job, this.#lending), encodeStores(this.#crossing))
    job.cost = cost
  }

  /** Says whether all jobs that wait were rejected. */
  #startFailed(why: Error): boolean {
    if (!this.#crew.starts.failed(this.#crew.someWork)) return false
    for (const ready of [...this.#waiting]) this.#reject(ready, why)
    return true
  }

  #importFailed(module: string, why: Error): boolean {
    if (!this.#crew.starts.importFailed(module)) return false
    for (const ready of [...this.#waiting]) if (ready.task.module === module) this.#reject(ready, why)
    return true
  }

  #reject(ready: ReadyJob, error: Error): void {
    if (this.#waiting.withdraw(ready)) this.#accepted.settle(ready, { ok: false, error }, 'failed')
  }

  /** The worker that the job waited for has ended; `why` is set unless the pool had asked it to. */
  #pinAgain(ready: ReadyJob, slot: Slot, why: Error | undefined): void {
    ready.waiting = false
    const { forced } = this.admission
    if (ready.to === slot && why !== undefined)
      this.#accepted.settle(ready, { ok: false, error: why }, 'failed')
    else if (forced !== undefined) this.#accepted.settle(ready, { ok: false, error: forced }, 'cancelled')
    else this.#waiting.pins.add(ready)
  }
}
