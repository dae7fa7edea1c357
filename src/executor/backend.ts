/** What a model brings to be an executor: a place that takes jobs and settles each of them exactly once. */
import type { Outcome } from '../task/results.ts'
import type { Task } from '../task/task.ts'
import type { Packed } from './packed.ts'
import type { ExecutorStats, Model } from './stats.ts'

/** Where a call came from, for the errors that come back. */
export interface Caller {
  /** The stack as V8 writes it, made only when it is read. */
  readonly stack?: string
  /** The stack is that of another call of the same task, shortly before. */
  readonly sampled?: true
}

/** One message's worth of work: a call, or a chunk of calls of the same task. */
export interface Job {
  readonly task: Task
  /** The arguments of the one call; of a chunk, the inputs: arguments of each call, or items where the task takes items. */
  readonly calls: Packed
  /** Whether it is many calls, one after the other; never for `coroutines`, where there is no message to save. */
  readonly chunk: boolean
  readonly priority: number
  /** Holds the stack of the caller, for the errors that come back. */
  readonly caller: Caller
  /** The backend's own note on the job; nobody else looks at it. */
  ready: object | undefined
  /** A worker has taken the job; never called for one that was refused, or could not be sent. */
  started(): void
  progressed(done: number, total: number | undefined): void
  /**
   * Called exactly once. The value is the result; for a chunk, `PackedResults` as they came, or `Outcome[]` if a call
   * failed. `workMs` is the time that the calls took.
   */
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
