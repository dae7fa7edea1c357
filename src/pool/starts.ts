/**
 * Counts workers that could not start, or died while they imported a module. Says when the pool
 * goes on with fewer workers, and when waiting jobs are rejected. Steps 5 and 6 of README.md.
 */
import { WorkerStartError } from '../errors.ts'
import { failuresBeforeGivingUp, hitsForgiven, refusedAgainMs } from '../policy.ts'
import { type Runtime, runtime, type Timer } from '../runtime/runtime.ts'
import type { Task } from '../task/task.ts'

export class Starts {
  readonly #runtime: Runtime = runtime()
  readonly #workers: number
  readonly #alive: () => number
  readonly #grown: () => void
  #failed = 0
  /**
   * How many starting workers were hit by a signal to the whole program, since one last started.
   */
  #hits = 0
  #most: number
  /**
   * One timer, however many workers were refused; with several, each would start them all again.
   */
  #growing: Timer | undefined
  readonly #brokenImports = new Map<string, number>()
  /** By job: how many workers ended with it in their hand and had begun nothing. */
  readonly #fruitless = new WeakMap<object, number>()

  /**
   * `alive` says how many workers there are, started or not; `grown` is called when there may be
   * more again.
   */
  constructor(workers: number, alive: () => number, grown: () => void) {
    this.#workers = workers
    this.#most = workers
    this.#alive = alive
    this.#grown = grown
  }

  /** How many workers there may be now. */
  get most(): number {
    return this.#most
  }

  /** A worker has started. */
  succeeded(): void {
    this.#failed = 0
    this.#hits = 0
  }

  /**
   * A signal that this program handles killed a starting worker. Returns whether that is forgiven:
   * then another one may be started at once.
   */
  forgives(): boolean {
    this.#hits += 1
    return this.#hits <= hitsForgiven * this.#workers
  }

  /**
   * A worker ended before it had started; `othersWork` says whether another one has started.
   * Returns whether all waiting jobs are to be rejected.
   */
  failed(othersWork: boolean): boolean {
    if (!othersWork) this.#failed += 1
    if (this.#alive() === 0) return this.#failed >= failuresBeforeGivingUp
    this.#shrink() // Whatever the reason was (no descriptors, no memory), the workers that are left may be able to work.
    return false
  }

  /** A call of the task was answered: its module can be imported. */
  imported(task: Task): void {
    if (this.#brokenImports.size > 0) this.#brokenImports.delete(task.module)
  }

  /**
   * A worker ended while it imported the module. Returns whether the waiting jobs of that module
   * are to be rejected.
   */
  importFailed(module: string): boolean {
    const failures = (this.#brokenImports.get(module) ?? 0) + 1
    this.#brokenImports.set(module, failures)
    return failures >= failuresBeforeGivingUp
  }

  /**
   * A worker had started, ended with the job in its hand, and had begun nothing. Returns whether
   * that has happened often enough for the job to fail.
   */
  fruitless(job: object): boolean {
    const workers = (this.#fruitless.get(job) ?? 0) + 1
    this.#fruitless.set(job, workers)
    return workers >= failuresBeforeGivingUp
  }

  /**
   * Keeps the pool as small as it is now, and lets it grow again later.
   */
  #shrink(): void {
    this.#most = Math.max(1, this.#alive())
    this.#growing ??= this.#runtime.setTimer(refusedAgainMs, () => {
      this.#growing = undefined
      // If starts take longer than this pause, each failed one would be followed by another, and no
      // job would ever be rejected.
      if (this.#failed > 0 && this.#alive() > 0) return this.#shrink()
      this.#most = this.#workers
      this.#grown()
    })
    this.#growing.unref()
  }
}

/** The error of a job that several workers in a row were given and none has begun. */
export function neverBegun(why: Error, worker: string): Error {
  if (why instanceof WorkerStartError) return why
  const what = `it was the last of ${failuresBeforeGivingUp} workers in a row that ended before they could begin the call. ${why.message}`
  return new WorkerStartError(what, { worker, cause: why })
}
