/**
 * What a worker has said about its own end: the uncaught error, and the call that ends it.
 *
 *     exiting {culprit} ─┐
 *     crashed {failure, culprit} ─▶ the job that is named for it · or the task whose call had left it behind
 */
import type { Job } from '../executor/backend.ts'
import type { Task } from '../task/task.ts'
import type { WireFailure } from '../wire/failure.ts'
import type { Culprit, Reached } from '../wire/messages.ts'

/** The worker's jobs, as its owner knows them. */
export interface WorkAtHand {
  /** The job that it runs. */
  readonly at: Job | undefined
  /** The job that it has under this number. */
  jobOf?(seq: number): Job | undefined
}

export class LastWords {
  #failure: WireFailure | undefined
  #culprit: Culprit | undefined
  #reached: Reached | undefined

  /** The uncaught error that ends it. */
  get failure(): WireFailure | undefined {
    return this.#failure
  }

  /** The name of a task whose call had been answered before it ended the worker. */
  get leftBy(): string | undefined {
    const culprit = this.#culprit
    return culprit !== undefined && 'task' in culprit ? culprit.task.slice(0, 80) : undefined
  }

  /** How far it has come with the calls of its hand, if it has said so. */
  get reached(): Reached | undefined {
    return this.#reached
  }

  /** Without a culprit and `reached`, it takes back that it ends. */
  exiting(culprit?: Culprit, reached?: Reached): void {
    this.#culprit = culprit
    this.#reached = reached
  }

  crashed(failure: WireFailure, culprit: Culprit | undefined, reached: Reached | undefined): void {
    this.#failure = failure
    this.exiting(culprit, reached)
  }

  /**
   * The job that ended the worker, or that it ran. An uncaught error that belongs to no known call
   * is not blamed on the call that happens to run. But it may come from the module that is being
   * imported for that call.
   */
  jobIn(work: WorkAtHand, isLoading: (task: Task) => boolean): Job | undefined {
    const culprit = this.#culprit
    if (culprit !== undefined) return 'seq' in culprit ? work.jobOf?.(culprit.seq) : undefined
    const { at } = work
    return this.#failure === undefined || (at !== undefined && isLoading(at.task)) ? at : undefined
  }
}
