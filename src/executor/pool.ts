/**
 * A pool of workers: decides which job goes to which worker, and when workers start and end.
 *
 *     submit(job) ─▶ check ─▶ queue ─▶ #assign ─▶ Slot ─▶ FarWorker ─┊─▶ far side
 *     job.settled ◀────────────────────────────── Slot ◀─────────────┊◀── done | failed | the worker's end
 *
 * States, steps and deaths: README.md.
 */
import { ClosedError, QueueFullError, WorkerStartError } from '../errors.ts'
import { type Parked, park } from '../runtime/park.ts'
import { runtime, type Timer } from '../runtime/runtime.ts'
import { insideTask } from '../task/context.ts'
import type { Outcome } from '../task/results.ts'
import { nameOf } from '../task/task.ts'
import { publishWorkerCrash } from '../trace.ts'
import { type Crossing, encode } from '../wire/codec.ts'
import { addressOf } from './address.ts'
import type { Backend, Job } from './backend.ts'
import type { StartWorker } from './far-worker.ts'
import type { PoolOptions } from './pool-options.ts'
import { PriorityQueue } from './queue.ts'
import { type ReadyJob, Slot, type SlotOwner } from './slot.ts'
import type { ExecutorStats, Model } from './stats.ts'
import { isWorker } from './worker/is-worker.ts'
import { refuseExecutor } from './worker/refusal.ts'

/** After so many workers in a row that ended before they could work, whoever waits is told. */
const startsBeforeGivingUp = 3
/** How long a pool makes do with fewer workers after one could not start. */
const refusedAgainMs = 1_000

export class Pool implements Backend, SlotOwner {
  readonly model: Model
  readonly name: string
  readonly workers: number
  readonly #options: PoolOptions
  readonly #start: StartWorker
  readonly #crossing: Crossing
  readonly #queue = new PriorityQueue<ReadyJob>()
  readonly #slots = new Set<Slot>()
  /** Idle slots, the one that was idle last at the end. */
  readonly #idle: Slot[] = []
  readonly #idleTimers = new Map<Slot, Timer>()
  readonly #ready = new Map<Job, ReadyJob>()
  readonly #brokenImports = new Map<string, number>()
  readonly #counts = { done: 0, failed: 0, cancelled: 0, crashes: 0 }
  #startsFailed = 0
  /** Fewer than `workers` for a while after one could not start. */
  #mostWorkers: number
  /** One timer, however many workers were refused: each of several would start them all again. */
  #growing: Timer | undefined
  #lastIndex = 0
  #lastId = 0
  #closing: { readonly finished: Parked<void>; force: () => void } | undefined

  constructor(model: Model, options: PoolOptions, start: StartWorker, crossing: Crossing) {
    this.model = model
    this.name = options.name
    this.workers = options.workers
    this.#mostWorkers = options.workers
    this.#options = options
    this.#start = start
    this.#crossing = crossing
    if (!isWorker || insideTask()) while (this.#slots.size < options.minWorkers) this.#startWorker()
  }

  submit(job: Job): void {
    if (isWorker && !insideTask()) refuseExecutor()
    addressOf(job.task)
    let ready: ReadyJob
    try {
      ready = this.#check(job)
    } catch (error) {
      this.#counts.failed += 1
      return job.settled({ ok: false, error })
    }
    this.#ready.set(job, ready)
    this.#queue.push(ready)
    this.#assign()
  }

  cancel(job: Job, error: Error): void {
    const ready = this.#ready.get(job)
    if (ready === undefined) return
    if (!this.#queue.withdraw(ready)) for (const slot of this.#slots) slot.abandon(ready, error)
    this.#settle(ready, { ok: false, error }, 'cancelled')
  }

  stats(): ExecutorStats {
    const count = (...states: Slot['state'][]) =>
      [...this.#slots].filter(slot => states.includes(slot.state)).length
    return {
      model: this.model,
      workers: {
        starting: count('starting'),
        idle: count('idle'),
        busy: count('busy', 'draining', 'stopping'),
      },
      crashes: this.#counts.crashes,
      queued: this.#queue.size,
      running: this.#ready.size - this.#queue.size,
      done: this.#counts.done,
      failed: this.#counts.failed,
      cancelled: this.#counts.cancelled,
      pids: [...this.#slots].map(slot => slot.pid).filter(pid => pid !== undefined),
    }
  }

  async close(graceMs: number): Promise<void> {
    if (this.#closing === undefined) {
      const finished = park<void>('every job to settle and every worker to end', this)
      this.#closing = { finished, force: () => this.#force() }
    }
    const { finished, force } = this.#closing
    const timer = graceMs === 0 ? undefined : runtime().setTimer(graceMs, force)
    if (graceMs === 0) force()
    this.#finishClosing()
    await finished.promise
    timer?.cancel()
  }

  // ── what slots tell ──

  idle(slot: Slot): void {
    this.#startsFailed = 0
    this.#idle.push(slot)
    this.#assign()
    if (slot.state === 'idle') this.#rest(slot)
    this.#finishClosing()
  }

  settled(ready: ReadyJob, outcome: Outcome<unknown>, workMs?: number): void {
    if (outcome.ok) this.#brokenImports.delete(ready.job.task.module)
    this.#settle(ready, outcome, outcome.ok ? 'done' : 'failed', workMs)
  }

  ended(
    slot: Slot,
    why: Error,
    { wasReady, loading, expected, idle }: Parameters<SlotOwner['ended']>[2],
  ): void {
    this.#slots.delete(slot)
    this.#stopResting(slot)
    if (!expected) this.#counts.crashes += 1
    if (!expected || !wasReady) publishWorkerCrash({ executor: this.name, worker: slot.name, error: why })
    if (idle && !expected)
      process.emitWarning(`${slot.name} of ${this.name} failed while it had nothing to do: ${why.message}`, {
        type: 'AtonceWarning',
        code: 'ATONCE_IDLE_WORKER',
        detail: String(why.stack),
      })
    if (!wasReady && this.#closing === undefined) this.#startFailed(why)
    if (loading !== undefined) this.#importFailed(loading, why)
    this.#assign()
    this.#finishClosing()
  }

  // ── steps ──

  /** Refuses the job, or readies it for the wire. */
  #check(job: Job): ReadyJob {
    if (this.#closing !== undefined)
      throw new ClosedError(
        `${this.name} is closed; ${nameOf(job.task)} was not run. Run tasks before close(), or before the end of the block with \`await using\`.`,
      )
    const free = this.workers - this.#busy()
    if (this.#queue.size >= this.#options.queueLimit + free)
      throw new QueueFullError(this.name, this.#options.queueLimit)
    const args = job.chunk
      ? encode(job.calls, 'inputs', this.#crossing)
      : encode(job.calls[0], 'args', this.#crossing)
    this.#lastId += 1
    return { id: this.#lastId, job, args, priority: job.priority, waiting: false, order: 0 }
  }

  #assign(): void {
    while (this.#queue.size > 0 && this.#idle.length > 0) {
      const slot = this.#idle.pop() as Slot
      this.#stopResting(slot)
      slot.assign(this.#queue.shift() as ReadyJob)
    }
    let starting = 0
    for (const slot of this.#slots) if (slot.state === 'starting') starting += 1
    for (; starting < this.#queue.size && this.#slots.size < this.#mostWorkers; starting += 1)
      this.#startWorker()
  }

  #busy(): number {
    let busy = 0
    for (const { state } of this.#slots) if (state === 'busy' || state === 'draining') busy += 1
    return busy
  }

  #startWorker(): void {
    this.#lastIndex += 1
    this.#slots.add(new Slot(this.#lastIndex, this.#start, this, this.#options))
  }

  /** An idle worker does not keep the program alive; one that stays idle for `idleMs` ends. */
  #rest(slot: Slot): void {
    slot.release()
    if (this.#options.idleMs === Number.POSITIVE_INFINITY || this.#idleTimers.has(slot)) return
    const timer = runtime().setTimer(this.#options.idleMs, () => {
      if (this.#slots.size <= this.#options.minWorkers) return
      this.#stopResting(slot)
      slot.stop()
    })
    timer.unref()
    this.#idleTimers.set(slot, timer)
  }

  #stopResting(slot: Slot): void {
    const at = this.#idle.indexOf(slot)
    if (at >= 0) this.#idle.splice(at, 1)
    this.#idleTimers.get(slot)?.cancel()
    this.#idleTimers.delete(slot)
  }

  #startFailed(why: Error): void {
    // Whatever the reason (no descriptors left, no memory), those that are left may be able to work.
    if (this.#slots.size > 0) return this.#shrink()
    this.#startsFailed += 1
    if (this.#startsFailed < startsBeforeGivingUp) return
    for (const ready of [...this.#queue]) this.#reject(ready, why)
  }

  /** The pool stays as small as it has become, and tries again later; the workers there are do the work. */
  #shrink(): void {
    this.#mostWorkers = Math.max(1, this.#slots.size)
    this.#growing ??= runtime().setTimer(refusedAgainMs, () => {
      this.#growing = undefined
      this.#mostWorkers = this.workers
      this.#assign()
    })
    this.#growing.unref()
  }

  #importFailed(module: string, why: Error): void {
    const failures = (this.#brokenImports.get(module) ?? 0) + 1
    this.#brokenImports.set(module, failures)
    if (failures < startsBeforeGivingUp) return
    for (const ready of [...this.#queue]) if (ready.job.task.module === module) this.#reject(ready, why)
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
    if (!this.#ready.delete(ready.job)) return
    this.#counts[as] += 1
    ready.job.settled(outcome, workMs)
  }

  /** The grace is over: nobody waits for anything any more. */
  #force(): void {
    const why = new ClosedError(
      `${this.name} was closed before this call was done. Await it first, or give close() a longer graceMs.`,
    )
    for (const ready of [...this.#queue]) {
      this.#queue.withdraw(ready)
      this.#settle(ready, { ok: false, error: why }, 'cancelled')
    }
    for (const slot of [...this.#slots]) slot.kill(why)
    this.#finishClosing()
  }

  #finishClosing(): void {
    if (this.#closing === undefined) return
    if (this.#ready.size === 0) {
      for (const slot of [...this.#slots]) {
        if (slot.state === 'idle') {
          this.#stopResting(slot)
          slot.stop()
        } else if (slot.state === 'starting')
          slot.kill(new WorkerStartError(`${this.name} was closed`, { worker: slot.name }))
      }
    }
    if (this.#slots.size === 0 && this.#ready.size === 0) this.#closing.finished.unpark()
  }
}
