/**
 * The model `coroutines`: this event loop. Tasks take turns at their awaits; nothing is copied, nothing runs in parallel.
 *
 *     submit ─▶ queue ─▶ (fewer than `concurrency` run) ─▶ fn(...args) in its context ─▶ settled
 */
import { AsyncResource } from 'node:async_hooks'
import { ClosedError, OptionError, QueueFullError, ThrownValueError } from '../errors.ts'
import type { Backend, Job } from '../executor/backend.ts'
import { createExecutor, type Executor } from '../executor/executor.ts'
import { PriorityQueue, type Queued } from '../executor/queue.ts'
import type { ExecutorStats } from '../executor/stats.ts'
import { type Parked, park } from '../runtime/park.ts'
import { runtime } from '../runtime/runtime.ts'
import { enterStrand } from '../runtime/strand.ts'
import { CallContext, type CallOwner } from '../task/context.ts'
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

/** A job, from its arrival to its end. */
class Accepted implements Queued, CallOwner {
  readonly job: Job
  readonly priority: number
  waiting = false
  order = 0
  /** The context that it was submitted in, for its call to begin in: whatever the call before has entered must not leak. */
  readonly context = new AsyncResource('atonce.call')
  call: CallContext | undefined

  constructor(job: Job) {
    this.job = job
    this.priority = job.priority
  }

  report(_context: CallContext, done: number, total: number | undefined): void {
    this.job.progressed(done, total)
  }

  pollCancelled(): boolean {
    return false
  }
}

class Loop implements Backend {
  readonly model = 'coroutines'
  readonly name: string
  readonly workers: number
  readonly #queueLimit: number
  readonly #queue = new PriorityQueue<Accepted>()
  /** The jobs that have not settled. */
  readonly #open = new Map<Job, Accepted>()
  /** How many calls are under way, those of settled jobs too. */
  #running = 0
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
    const free = this.workers - this.#running
    if (this.#queue.size >= this.#queueLimit + free)
      return this.#refuse(job, new QueueFullError(this.name, this.#queueLimit))
    const accepted = new Accepted(job)
    this.#open.set(job, accepted)
    this.#queue.push(accepted)
    this.#schedule()
  }

  cancel(job: Job, error: Error): void {
    const accepted = this.#open.get(job)
    if (accepted === undefined) return
    // One that runs keeps its place until it has stopped; its outcome is nobody's.
    if (!this.#queue.withdraw(accepted)) accepted.call?.cancel(error)
    this.#settle(job, { ok: false, error }, 'cancelled')
  }

  stats(): ExecutorStats {
    const busy = this.#running > 0 ? 1 : 0
    return {
      model: this.model,
      workers: { starting: 0, idle: 1 - busy, busy },
      crashes: 0,
      queued: this.#queue.size,
      running: this.#running,
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
      for (const job of [...this.#open.keys()]) this.cancel(job, error)
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
      while (this.#running < this.workers) {
        const next = this.#queue.shift()
        if (next === undefined) return
        this.#running += 1
        next.context.runInAsyncScope(this.#begin, undefined, next)
      }
    })
  }

  readonly #begin = (accepted: Accepted): void => {
    const { job } = accepted
    const call = new CallContext(1, 'main', accepted, nameOf(job.task))
    accepted.call = call
    job.started()
    const args = job.calls[0] as readonly unknown[]
    try {
      takeMarks(args)
      enterStrand(call)
      const returned: unknown = job.task(...args)
      if (isThenable(returned)) {
        Promise.resolve(returned).then(
          value => this.#returned(job, value),
          error => this.#threw(job, error),
        )
      } else this.#returned(job, returned)
    } catch (error) {
      this.#threw(job, error)
    }
  }

  #returned(job: Job, value: unknown): void {
    try {
      takeMarks(value)
    } catch (error) {
      return this.#threw(job, error)
    }
    this.#ended(job, { ok: true, value })
  }

  #threw(job: Job, error: unknown): void {
    this.#ended(job, {
      ok: false,
      error: isError(error) ? error : new ThrownValueError(error, describeThrown(error)),
    })
  }

  #ended(job: Job, outcome: Outcome<unknown>): void {
    this.#running -= 1
    if (this.#open.has(job)) this.#settle(job, outcome, outcome.ok ? 'done' : 'failed')
    this.#checkClosed()
    this.#schedule()
  }

  #refuse(job: Job, error: Error): void {
    this.#counts.failed += 1
    job.settled({ ok: false, error })
  }

  #settle(job: Job, outcome: Outcome<unknown>, as: 'done' | 'failed' | 'cancelled'): void {
    this.#open.delete(job)
    this.#counts[as] += 1
    job.settled(outcome)
  }

  #checkClosed(): void {
    if (this.#closing !== undefined && this.#queue.size === 0 && this.#running === 0) this.#closing.unpark()
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  )
}
