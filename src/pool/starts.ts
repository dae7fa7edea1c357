/**
 * Workers that could not start, or died of the module that they imported: when the pool makes do
 * with fewer, and when those who wait are told. Steps 5 and 6 of README.md.
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
  /** Workers that a signal to the whole program hit while they started, since one could work. */
  #hits = 0
  #most: number
  /** One timer, however many workers were refused: each of several would start them all again. */
  #growing: Timer | undefined
  readonly #brokenImports = new Map<string, number>()
  /** How many workers have ended with the job in their hands, and had begun nothing. */
  readonly #fruitless = new WeakMap<object, number>()

  /**
   * `alive` tells how many workers there are, whether they work yet or not; `grown` is called when
   * there may be more again.
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

  /** A worker can work. */
  succeeded(): void {
    this.#failed = 0
    this.#hits = 0
  }

  /**
   * A signal to the whole program, which handles it, killed one that was starting. Returns whether
   * that is forgiven: then another may be started at once.
   */
  forgives(): boolean {
    this.#hits += 1
    return this.#hits <= hitsForgiven * this.#workers
  }

  /**
   * One ended before it could; `othersWork` says whether one that is left can. Returns whether all
   * who wait are to be told.
   */
  failed(othersWork: boolean): boolean {
    if (!othersWork) this.#failed += 1
    if (this.#alive() === 0) return this.#failed >= failuresBeforeGivingUp
    this.#shrink() // Whatever the reason (no descriptors left, no memory), those that are left may be able to work.
    return false
  }

  /** A call of the task was answered, so its module can be imported. */
  imported(task: Task): void {
    if (this.#brokenImports.size > 0) this.#brokenImports.delete(task.module)
  }

  /**
   * A worker ended while it imported the module. Returns whether those who wait for it are to be
   * told.
   */
  importFailed(module: string): boolean {
    const failures = (this.#brokenImports.get(module) ?? 0) + 1
    this.#brokenImports.set(module, failures)
    return failures >= failuresBeforeGivingUp
  }

  /**
   * A worker ended that could work and had begun nothing, with the job in its hands. Returns
   * whether the job has been given to enough of them.
   */
  fruitless(job: object): boolean {
    const workers = (this.#fruitless.get(job) ?? 0) + 1
    this.#fruitless.set(job, workers)
    return workers >= failuresBeforeGivingUp
  }

  /**
   * The pool stays as small as it has become, and tries again later; the workers there are do the
   * work.
   */
  #shrink(): void {
    this.#most = Math.max(1, this.#alive())
    this.#growing ??= this.#runtime.setTimer(refusedAgainMs, () => {
      this.#growing = undefined
      // Where starts take longer than that, each that fails would leave another one, and nobody
      // would ever be told.
      if (this.#failed > 0 && this.#alive() > 0) return this.#shrink()
      this.#most = this.#workers
      this.#grown()
    })
    this.#growing.unref()
  }
}

/** Why a job fails that several workers in a row were given, and none has begun. */
export function neverBegun(why: Error, worker: string): Error {
  if (why instanceof WorkerStartError) return why
  const what = `it was the last of ${failuresBeforeGivingUp} workers in a row that ended before they could begin the call. ${why.message}`
  return new WorkerStartError(what, { worker, cause: why })
}
