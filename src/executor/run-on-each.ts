/** `runOnEach`: runs a task once on every worker; one future holds all results. */
import { AbortError, OptionError, TimeoutError } from '../errors.ts'
import { abortError, type Future, FutureControl } from '../task/future.ts'
import { type AnyFunction, nameOf, type Result, type Task } from '../task/task.ts'
import { holdsMarks } from '../task/transfer.ts'
import { type Course, runOne } from './run.ts'

export function runOnEach<F extends AnyFunction>(
  course: Course,
  task: Task<F>,
  args: readonly unknown[],
  calledAs: Function,
): Future<Result<F>[]> {
  const { backend } = course
  if (holdsMarks(args, backend.model !== 'coroutines')) {
    throw new OptionError(
      `runOnEach(${nameOf(task)}) can't move its arguments: each worker is given them. Leave move() out, or share the memory (SharedArrayBuffer, on threads).`,
    )
  }
  const workers = backend.each?.() ?? []
  const courses = workers.length === 0 ? [course] : workers.map(worker => ({ ...course, worker }))
  const call = new EachCall(
    `${nameOf(task)}, run on each worker of ${backend.name},`,
    courses.map(one => runOne(one, task, args, calledAs)),
  )
  return call.future as Future<Result<F>[]>
}

/** Ends with the last of its calls, or the first that fails: then the others are cancelled. */
class EachCall extends FutureControl<unknown[]> {
  readonly #what: string
  readonly #calls: readonly Future<unknown>[]

  constructor(what: string, calls: readonly Future<unknown>[]) {
    super()
    this.#what = what
    this.#calls = calls
    for (const call of calls) call.onProgress((done, total) => this.progressed(done, total))
    this.started()
    Promise.all(calls).then(
      results => this.resolve(results),
      error => this.#failed(error),
    )
  }

  cancel(reason: unknown): void {
    this.#cancelAll(reason)
    this.reject(abortError(this.#what, reason), 'cancelled')
  }

  #failed(error: unknown): void {
    this.#cancelAll(error)
    const isStopped = error instanceof AbortError || error instanceof TimeoutError
    this.reject(error, isStopped ? 'cancelled' : 'failed')
  }

  #cancelAll(reason: unknown): void {
    for (const call of this.#calls) call.cancel(reason)
  }
}
