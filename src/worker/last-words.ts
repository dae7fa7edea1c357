/**
 * What a worker has said of its own end: the error that nobody caught, and the call that ends it.
 *
 *     exiting {culprit} ─┐
 *     crashed {failure, culprit} ─▶ the job that is named for it · or the task whose call had left it behind
 */
import type { Job } from '../executor/backend.ts'
import type { Task } from '../task/task.ts'
import type { WireFailure } from '../wire/failure.ts'
import type { Culprit, Reached } from '../wire/messages.ts'

/** What the worker has to do, as its owner knows it. */
export interface WorkAtHand {
  /** The job that it is at. */
  readonly at: Job | undefined
  /** The job that it has under this number. */
  jobOf?(seq: number): Job | undefined
}

export class LastWords {
  #failure: WireFailure | undefined
  #culprit: Culprit | undefined
  #reached: Reached | undefined

  /** The uncaught error that it dies of. */
  get failure(): WireFailure | undefined {
    return this.#failure
  }

  /** The name of a task whose call had been answered before it ended the worker. */
  get leftBy(): string | undefined {
    const culprit = this.#culprit
    return culprit !== undefined && 'task' in culprit ? culprit.task.slice(0, 80) : undefined
  }

  /** How far it has come in its hand, if it has said so. */
  get reached(): Reached | undefined {
    return this.#reached
  }

  /** With nothing, it has taken back that it ends. */
  exiting(culprit?: Culprit, reached?: Reached): void {
    this.#culprit = culprit
    this.#reached = reached
  }

  crashed(failure: WireFailure, culprit: Culprit | undefined, reached: Reached | undefined): void {
    this.#failure = failure
    this.exiting(culprit, reached)
  }

  /**
   * The job that ended the worker, or that it was at. An uncaught error of no call that can be
   * named is not told as that of the call that happens to run; but it may be that of a module which
   * is being imported for it.
   */
  jobIn(work: WorkAtHand, isLoading: (task: Task) => boolean): Job | undefined {
    const culprit = this.#culprit
    if (culprit !== undefined) return 'seq' in culprit ? work.jobOf?.(culprit.seq) : undefined
    const { at } = work
    return this.#failure === undefined || (at !== undefined && isLoading(at.task)) ? at : undefined
  }
}
