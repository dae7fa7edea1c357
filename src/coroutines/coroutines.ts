/**
 * The model `coroutines`: this event loop. Tasks take turns at their awaits; nothing is copied, nothing runs in parallel.
 *
 *     submit ─▶ queue ─▶ (fewer than `concurrency` run) ─▶ fn(...args) in its context ─▶ settled
 */
import { ClosedError, OptionError, QueueFullError, ThrownValueError } from '../errors.ts'
import type { Backend, Job } from '../executor/backend.ts'
import { createExecutor, type Executor } from '../executor/executor.ts'
import { PriorityQueue, type Queued } from '../executor/queue.ts'
import type { ExecutorStats } from '../executor/stats.ts'
import { type Parked, park } from '../runtime/park.ts'
import { runtime } from '../runtime/runtime.ts'
import { CallContext, withContext } from '../task/context.ts'
import type { Outcome } from '../task/results.ts'
import { nameOf } from '../task/task.ts'
import { takeMarks } from '../task/transfer.ts'
import { describeThrown, isError } from '../wire/failure.ts'

export interface CoroutinesOptions {
  /** How many tasks may be under way, waiting or computing. Default 64. */
  readonly concurrency?: number
  /** The most calls that wait; one more rejects with QueueFullError. Default 1,000,000. */
  readonly queueLimit?: number
  /** Shown in errors and statistics. */
  readonly name?: string
}

/**
 * Runs tasks on this event loop. For work that waits (network, files, timers): it overlaps the waiting. Work that
 * computes gains nothing, and blocks the loop as long as it computes.
 *
 * Arguments and results are passed as they are: not copied, not moved. A cancelled task is told by its signal; if it does not stop, it goes on unseen, since nothing can end a function on one's own loop.
 *
 * @throws OptionError
 * @example
 *     await using pool = coroutines({ concurrency: 20 })
 *     const pages = await pool.map(fetchPage, urls)
 */
export function coroutines(options: CoroutinesOptions = {}): Executor {
  return createExecutor(new Loop(options))
}

interface Waiting extends Queued {
  readonly job: Job
}

class Loop implements Backend {
  readonly model = 'coroutines'
  readonly name: string
  readonly workers: number
  readonly #queueLimit: number
  readonly #queue = new PriorityQueue<Waiting>()
  readonly #waiting = new Map<Job, Waiting>()
  readonly #running = new Map<Job, CallContext | undefined>()
  readonly #counts = { done: 0, failed: 0, cancelled: 0 }
  #scheduled = false
  #closing: Parked<void> | undefined

  constructor({ concurrency = 64, queueLimit = 1_000_000, name = 'coroutines' }: CoroutinesOptions) {
    if (!(concurrency >= 1 && (Number.isInteger(concurrency) || concurrency === Number.POSITIVE_INFINITY))) {
      throw new OptionError(
        `coroutines({ concurrency }) takes a whole number from 1 up; it got ${String(concurrency)}.`,
      )
    }
    if (!(queueLimit >= 0))
      throw new OptionError(`coroutines({ queueLimit }) takes 0 or more; it got ${String(queueLimit)}.`)
    this.workers = concurrency
    this.#queueLimit = queueLimit
    this.name = name
  }

  submit(job: Job): void {
    if (this.#closing !== undefined) {
      return this.#refuse(job, new ClosedError(`${this.name} is closed; ${nameOf(job.task)} was not run.`))
    }
    const free = this.workers - this.#running.size
    if (this.#queue.size >= this.#queueLimit + free)
      return this.#refuse(job, new QueueFullError(this.name, this.#queueLimit))
    const waiting: Waiting = { job, priority: job.priority, waiting: false, order: 0 }
    this.#waiting.set(job, waiting)
    this.#queue.push(waiting)
    this.#schedule()
  }

  cancel(job: Job, error: Error): void {
    const waiting = this.#waiting.get(job)
    if (waiting !== undefined) {
      this.#waiting.delete(job)
      this.#queue.withdraw(waiting)
    } else {
      const call = this.#running.get(job)
      if (call === undefined) return
      this.#running.set(job, undefined) // It keeps its place until it has stopped; its outcome is nobody's.
      call.cancel(error)
    }
    this.#settle(job, { ok: false, error }, 'cancelled')
  }

  stats(): ExecutorStats {
    const busy = this.#running.size > 0 ? 1 : 0
    return {
      model: this.model,
      workers: { starting: 0, idle: 1 - busy, busy },
      crashes: 0,
      queued: this.#queue.size,
      running: this.#running.size,
      ...this.#counts,
      pids: [],
    }
  }

  async close(graceMs: number): Promise<void> {
    this.#closing ??= park<void>('every call to settle', this)
    const force = () => {
      const error = new ClosedError(
        `${this.name} was closed before this call was done. Await it first, or give close() a longer graceMs.`,
      )
      for (const job of [...this.#waiting.keys(), ...this.#running.keys()]) this.cancel(job, error)
      this.#closing?.unpark()
    }
    const timer = graceMs === 0 ? undefined : runtime().setTimer(graceMs, force)
    if (graceMs === 0) force()
    this.#checkClosed()
    await this.#closing.promise
    timer?.cancel()
  }

  /** Calls begin in the next turn: `run` itself never runs the task. */
  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    runtime().soon(() => {
      this.#scheduled = false
      while (this.#running.size < this.workers) {
        const next = this.#queue.shift()
        if (next === undefined) return
        this.#waiting.delete(next.job)
        void this.#start(next.job)
      }
    })
  }

  async #start(job: Job): Promise<void> {
    const call = new CallContext(
      1,
      'main',
      {
        report: (_context, done, total) => job.progressed(done, total),
        pollCancelled: () => false,
      },
      nameOf(job.task),
    )
    this.#running.set(job, call)
    job.started()
    const outcome = await this.#call(job, job.calls[0] as readonly unknown[], call)
    const wanted = this.#running.get(job) !== undefined
    this.#running.delete(job)
    if (wanted) this.#settle(job, outcome, outcome.ok ? 'done' : 'failed')
    this.#checkClosed()
    this.#schedule()
  }

  async #call(job: Job, args: readonly unknown[], call: CallContext): Promise<Outcome<unknown>> {
    try {
      takeMarks(args)
      const value: unknown = await withContext(call, () => job.task(...args))
      takeMarks(value)
      return { ok: true, value }
    } catch (error) {
      return { ok: false, error: isError(error) ? error : new ThrownValueError(error, describeThrown(error)) }
    }
  }

  #refuse(job: Job, error: Error): void {
    this.#counts.failed += 1
    job.settled({ ok: false, error })
  }

  #settle(job: Job, outcome: Outcome<unknown>, as: 'done' | 'failed' | 'cancelled'): void {
    this.#counts[as] += 1
    job.settled(outcome)
  }

  #checkClosed(): void {
    if (this.#closing !== undefined && this.#waiting.size === 0 && this.#running.size === 0)
      this.#closing.unpark()
  }
}
