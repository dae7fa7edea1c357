/**
 * What a model brings to be an executor: a backend that takes jobs and settles each of them exactly
 * once.
 */
import type { AsyncResource } from 'node:async_hooks'
import type { CallContext } from '../task/context.ts'
import type { Outcome } from '../task/results.ts'
import type { Task } from '../task/task.ts'
import type { Packed } from './map/packed.ts'
import type { Pause, Paused } from './repeat/pauses.ts'
import type { ExecutorStats, Model } from './stats.ts'

/** Where a call came from, for the errors that come back. */
export interface Caller {
  /** The stack as V8 writes it, made only when it is read. */
  readonly stack?: string
  /** The stack is that of an earlier call of the same task. */
  readonly sampled?: true
}

/** One message's worth of work: a call, or a chunk of calls of the same task. */
export interface Job {
  readonly task: Task
  /** The arguments of the one call; undefined for a chunk of calls. */
  readonly args: readonly unknown[] | undefined
  /**
   * Only of a chunk: the inputs of its calls, as items or as lists of arguments. Never for
   * `coroutines`, where a chunk would save no message.
   */
  readonly inputs?: Packed | undefined
  /** Only of a chunk: how many calls it is. (Its inputs may be gone once they were sent.) */
  readonly calls?: number | undefined
  readonly priority: number
  /** Holds the stack of the caller, for the errors that come back. */
  readonly caller: Caller
  /** The call on this thread that has made the job, if a task has. */
  readonly within?: CallContext | undefined
  /** Whether the job's end is awaited. */
  readonly waitedFor?: boolean
  /**
   * What it must run on: a worker that `each` gave, or the one that the calls of this key go to.
   * Default: any.
   */
  readonly to?: string | number | object | undefined
  /** Whether it is a part of a call that was accepted before. */
  readonly accepted?: boolean
  /** 1, or more for a repeat. Default 1. */
  readonly attempt?: number
  /**
   * Whether its answer is passed on undecoded, to be read elsewhere: see pool/nested.ts.
   */
  readonly relayed?: true
  /** Of a map: how many more calls it has to make, if that can be known. */
  readonly callsLeft?: number | undefined
  /**
   * The asynchronous context that its task is to run in, if it runs here. Default: that in which it
   * was submitted.
   */
  readonly context?: AsyncResource | undefined
  /**
   * Where the values of a generator task go, if they are streamed. Such a job is never a chunk.
   */
  readonly stream?: Inlet | undefined
  /** The backend's own note on the job; nobody else looks at it. */
  ready?: object | undefined
  /** A worker has taken the job; never called for one that was refused, or could not be sent. */
  started(): void
  progressed(done: number, total: number | undefined): void
  /**
   * Called exactly once. The value is the result; for a chunk, `PackedResults` as they came, or
   * `Outcome[]` if a call failed. `workMs` is the time that the calls took.
   */
  settled(outcome: Outcome<unknown>, workMs?: number): void
  /**
   * Called instead of `settled` when the call that made the job has ended. The error need not be
   * handled.
   */
  left?(error: Error): void
}

/** The near end of a stream: where the values of a generator arrive, and how many may come. */
export interface Inlet {
  /**
   * How much the generator may yield before it is given more credit. Asked once, when the job is
   * given to a worker.
   */
  credit(): number
  /**
   * Takes values in order; each costs `weight` of the credit. Returns the credit that is left,
   * which is below 0 if too many came. At 0 the generator rests until the consumer waits for a
   * value.
   */
  yielded(values: readonly unknown[], weight: number): number
  /**
   * The generator is being returned, since its consumer has left. A failure after this comes from
   * its `finally`.
   */
  returning(): void
}

/** How an executor closes. */
export interface Closing {
  /** How long what was accepted may go on. */
  readonly graceMs: number
  /** What becomes of accepted calls that have not begun. */
  readonly queued: 'finish' | 'cancel'
}

/** A call that makes many jobs, over time: a map. */
export interface LongCall {
  /** Whether it makes no more jobs, and none is left. */
  readonly over: boolean
  /** Its executor closes: it must do the rest of its work now, even if nobody takes the results. */
  closing(): void
  /** Its executor takes more jobs than it did: `sharedBy` has grown. */
  demand(): void
}

/** `J` is the kind of jobs that it takes: a pool needs places for its notes (ready-job.ts). */
export interface Backend<J extends Job = Job> {
  readonly model: Model
  readonly name: string
  readonly workers: number
  /** How many calls can run at the same time. Default: as many as there are workers. */
  readonly concurrency?: number
  /** How much work a chunk of a map should hold. Default: what suits workers of this program. */
  readonly chunkMs?: number | undefined
  /**
   * Among how many calls at a time a map of the task is shared out now, where that depends on the
   * task. Default: `concurrency`.
   */
  sharedBy?(task: Task): number
  /**
   * Takes a job, or settles it at once with the reason of its refusal. Called in the asynchronous
   * context of the job's caller.
   */
  submit(job: J): void
  /** All workers, started if needed, as values for `to`. Default: there is one. */
  each?(): readonly object[]
  /** Lets an accepted call be submitted again after `ms`. */
  pause(ms: number, paused: Paused): Pause
  /**
   * Settles the job with `error` at once, if it has not settled; takes it out of the queue or asks
   * its worker to stop.
   */
  cancel(job: J, error: Error): void
  /** The job is awaited now; only for jobs that were made within a call. */
  awaited?(job: J): void
  /**
   * Resolves when one more job would be taken. Rejects with AbortError, or with ClosedError; while
   * the executor closes, only if the caller was not `accepted`.
   */
  room(signal: AbortSignal | undefined, accepted?: boolean): Promise<void>
  /** Gives the generator of a stream that has begun `count` more credit. */
  pull(job: J, count: number): void
  /**
   * The consumer of a stream has left: its generator is returned. The job settles when that has
   * ended, however long it takes.
   */
  leave(job: J, reason: Error): void
  stats(): ExecutorStats
  /**
   * Accepts a map as a whole: its jobs are taken while the executor closes. False if it comes too
   * late.
   */
  accept?(call: LongCall): boolean
  /** The map is over. */
  left?(): void
  /** How long the end of an `await using` block waits for what was accepted. */
  readonly closeGraceMs: number
  /** Resolves when every job has settled and no worker is left. */
  close(closing: Closing): Promise<void>
}
