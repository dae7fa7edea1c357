/** What a model brings to be an executor: a place that takes jobs and settles each of them exactly once. */
import type { Outcome } from '../task/results.ts'
import type { Task } from '../task/task.ts'
import type { Caller } from './caller.ts'
import type { ExecutorStats, Model } from './stats.ts'

/** One message's worth of work: a call, or a chunk of calls of the same task. */
export interface Job {
  readonly task: Task
  /** The arguments of each call; one entry, unless `chunk`. */
  readonly calls: readonly (readonly unknown[])[]
  /** Whether the outcome is a list, one outcome for each call. */
  readonly chunk: boolean
  readonly priority: number
  /** Holds the stack of the caller, for the errors that come back. */
  readonly caller: Caller
  /** The backend's own note on the job; nobody else looks at it. */
  ready: object | undefined
  /** A worker has taken the job. */
  started(): void
  progressed(done: number, total: number | undefined): void
  /** Called exactly once. The value is the result, or `Outcome[]` for a chunk; `workMs` is the time the calls took. */
  settled(outcome: Outcome<unknown>, workMs?: number): void
}

export interface Backend {
  readonly model: Model
  readonly name: string
  readonly workers: number
  /** Takes a job, or settles it at once with the reason why not. */
  submit(job: Job): void
  /** Settles the job with `error` at once, if it has not settled; frees its place in the queue or asks its worker to stop. */
  cancel(job: Job, error: Error): void
  stats(): ExecutorStats
  /** Resolves when every job has settled and no worker is left. */
  close(graceMs: number): Promise<void>
}
