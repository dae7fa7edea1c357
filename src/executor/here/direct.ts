/**
 * Runs the tasks that were called outside of any executor: here, at once, without a bound.
 */
import { NotOwnerError } from '../../errors.ts'
import { unsharedContext } from '../../runtime/async-context.ts'
import { runtime } from '../../runtime/runtime.ts'
import { CallContext } from '../../task/context.ts'
import { nameOf } from '../../task/task.ts'
import type { Backend, Job } from '../backend.ts'
import { type Pause, type Paused, Pauses } from '../repeat/pauses.ts'
import type { ExecutorStats } from '../stats.ts'
import { Tally } from '../tally.ts'
import { noTimes } from '../time-histogram.ts'
import { type CallHere, callHere, streamOf } from './call-here.ts'

const { AsyncResource } = process.getBuiltinModule('node:async_hooks')

class Direct implements Backend {
  readonly model = 'coroutines'
  readonly name = 'the direct executor'
  readonly workers: number = Number.POSITIVE_INFINITY
  readonly #running = new Map<Job, CallContext>()
  readonly #pauses = new Pauses()
  readonly #tally = new Tally()

  submit(job: Job): void {
    const call = new CallContext(
      job.attempt ?? 1,
      'main',
      { report: (_, done, total) => job.progressed(done, total), pollCancelled: () => false },
      nameOf(job.task),
      job.within,
    )
    this.#tally.came(job)
    this.#running.set(job, call)
    const scope = job.context === undefined ? new AsyncResource('atonce.call') : unsharedContext(job.context)
    runtime().soon(() => scope.runInAsyncScope(this.#run, this, job, call))
  }

  pause(ms: number, paused: Paused): Pause {
    return this.#pauses.begin(ms, paused)
  }

  cancel(job: Job, error: Error): void {
    const call = this.#running.get(job)
    if (call === undefined) return
    this.#running.delete(job)
    this.#tally.ended(job, 'cancelled')
    call.cancel(error)
    streamOf(job)?.leave()
    job.settled({ ok: false, error })
  }

  stats(): ExecutorStats {
    const busy = this.#running.size > 0 ? 1 : 0
    return {
      model: this.model,
      workers: { starting: 0, idle: 1 - busy, busy },
      crashes: 0,
      queued: 0,
      running: this.#running.size,
      ...this.#tally.counts,
      queueMs: noTimes,
      runMs: noTimes,
      pids: [],
    }
  }

  async room(): Promise<void> {}

  pull(job: Job, count: number): void {
    streamOf(job)?.pull(count)
  }

  leave(job: Job, reason: Error): void {
    const stream = streamOf(job)
    this.#running.get(job)?.cancel(reason)
    if (stream !== undefined) return stream.leave()
    if (this.#running.delete(job)) job.settled({ ok: true, value: undefined }) // It was not begun.
  }

  readonly closeGraceMs = 0

  async close(): Promise<void> {
    throw new NotOwnerError(this.name)
  }

  #run(job: Job, call: CallContext): void {
    if (!this.#running.has(job)) return
    job.started()
    const here: CallHere = {
      stream: undefined,
      ended: outcome => {
        if (!this.#running.delete(job)) return
        this.#tally.answered(job, outcome)
        job.settled(outcome)
      },
    }
    job.ready = here
    callHere(job, call, here)
  }
}

export const direct: Backend = new Direct()
