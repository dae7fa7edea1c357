/**
 * The contract of all executors, and what they have in common.
 *
 *     executor.run(task, ...args) ─▶ Job ─▶ Backend.submit ─┊─▶ … ─┊─▶ Job.settled ─▶ Future
 *     executor.map(task, inputs)  ─▶ map.ts: many Jobs ─────┊─▶ … ─┊─▶ Results
 *     executor.stream(task, ...)  ─▶ Job with an Inlet ─────┊─▶ … ─┊─▶ yielded, …, settled ─▶ Stream
 *
 * A model (coroutines, threads, processes, …) brings a Backend; users hold the same class on top of
 * each.
 */
import { checkMs, checkOptions, checkSignal, optionNames, shown } from '../checks.ts'
import { InvalidTaskError, OptionError } from '../errors.ts'
import type { Future } from '../task/future.ts'
import type { Results } from '../task/results.ts'
import { type AnyFunction, assertTask, nameOf, type Result, type Task } from '../task/task.ts'
import type { Backend } from './backend.ts'
import { type CallOptions, mergeCallOptions, noCallOptions } from './call-options.ts'
import { runMap } from './map/map.ts'
import type { MapOptions } from './map/options.ts'
import { type Course, runOne } from './run.ts'
import { runOnEach } from './run-on-each.ts'
import type { ExecutorStats, Model } from './stats.ts'
import { openStream, type Returned, type Stream, type StreamFunction, type Yielded } from './stream.ts'

const { types } = process.getBuiltinModule('node:util')

/**
 * One input of `map`: the argument itself for a task of one parameter, a tuple of all arguments for
 * any other.
 */
export type Input<F extends AnyFunction> =
  Required<Parameters<F>> extends readonly [unknown] ? Parameters<F>[0] : Readonly<Parameters<F>>

/** How `close` goes about what was accepted. */
export interface CloseOptions {
  /**
   * How long accepted calls may go on. Default: the executor's `closeGraceMs`, which is 5,000 ms
   * unless it was given.
   */
  readonly graceMs?: number
  /**
   * What becomes of calls that were accepted and have not begun: they run (default), or reject with
   * ClosedError.
   */
  readonly queued?: 'finish' | 'cancel'
}

/**
 * Where tasks run. All executors have this interface; a program that works on one works on each.
 *
 * Arguments and results are copied to other threads and processes (`move()` hands a buffer over
 * instead, a SharedArrayBuffer is shared between threads); on `coroutines` they are passed as they
 * are. Each call runs at most once: a call whose worker died is never repeated in silence, only
 * where `with({ retries })` asks for it.
 */
export interface Executor extends AsyncDisposable {
  readonly model: Model
  /**
   * How many workers it may have; on `coroutines`, how many tasks may be under way. Each runs
   * `callsPerWorker` calls at a time, which is 1 unless it was given.
   */
  readonly workers: number

  /**
   * Runs one call. Arguments are copied when a worker takes the call, so leave them alone until
   * then.
   *
   * The future rejects with what the task threw (its class, properties and cause kept), or with
   * AbortError, TimeoutError, SerializationError, QueueFullError, ClosedError, TaskLoadError or a
   * WorkerError.
   * @throws InvalidTaskError if `task` was not made by `task()`, or is a generator function: that
   *   is for `stream`
   * @throws OptionError if it is to be repeated (`retries`) and the task is not `idempotent`, or an
   *   argument moves
   */
  run<F extends AnyFunction>(task: Task<F>, ...args: Parameters<F>): Future<Result<F>>

  /**
   * Runs the task once for each input. Inputs are read lazily, a bounded number ahead; the input
   * iterator is closed when the run ends early.
   * @throws InvalidTaskError, OptionError
   */
  map<F extends AnyFunction>(
    task: Task<F>,
    inputs: Iterable<Input<F>> | AsyncIterable<Input<F>>,
    options?: MapOptions,
  ): Results<Result<F>>

  /**
   * Runs a generator task, synchronous or not, and brings what it yields, in order, as it comes. It
   * begins with the first `next()`; then it keeps a worker until it has ended or the loop is left,
   * which runs its `finally`.
   *
   * The generator is at most `ahead` values (256; `with({ ahead })`) before the consumer, and rests
   * while the consumer does; a large value counts for several, one for each 16 KiB. Each value is
   * copied when it is yielded. `signal` and `timeoutMs` are for the whole stream; its time counts
   * from the first `next()`. On `coroutines` nothing runs ahead. A stream is never repeated
   * (`retries`).
   *
   * @throws InvalidTaskError if `task` was not made by `task()`
   * @example
   *     for await (const row of pool.stream(readRows, 'data.csv')) if (row.id === wanted) break
   */
  stream<F extends StreamFunction>(task: Task<F>, ...args: Parameters<F>): Stream<Yielded<F>, Returned<F>>

  /**
   * Runs the task once on every worker, with the same arguments; all `workers` are started for it.
   * On `coroutines` once. The results come in the order in which the workers were started. The
   * first failure cancels the rest. Workers that start later run nothing of it: that is for
   * `initialize`. Arguments can't move.
   * @throws InvalidTaskError
   * @throws OptionError inside of a task, on the executor that runs it
   * @example
   *     await pool.runOnEach(forgetCaches)
   */
  runOnEach<F extends AnyFunction>(task: Task<F>, ...args: Parameters<F>): Future<Result<F>[]>

  /**
   * Waits until the queue has room: `run` would not reject with QueueFullError. First come, first
   * served; whoever is woken must run something at once, or the place goes to the next who waits.
   * `map` waits by itself.
   *
   * Rejects with AbortError if the signal (this one, or that of `with`) aborts, with ClosedError
   * once the executor is closed.
   * @throws OptionError if `signal` is not an AbortSignal
   * @example
   *     for await (const job of jobs) {
   *       await pool.room()
   *       pool.run(work, job).catch(report)
   *     }
   */
  room(options?: { signal?: AbortSignal }): Promise<void>

  /**
   * The same executor with other options for its calls; costs one small object.
   * @throws OptionError
   */
  with(options: CallOptions): Executor

  stats(): ExecutorStats

  /**
   * Takes no more calls; lets those that were accepted finish for at most `graceMs`, then cancels
   * them and ends their workers. A map that was called before is accepted with all its inputs, a
   * stream once its first value was asked for; repeats and nested calls are parts of their calls.
   * With `queued: 'cancel'`, calls that have not begun reject with ClosedError at once. Never
   * rejects; a second close waits for the first and can only shorten it.
   * @throws OptionError
   */
  close(options?: CloseOptions): Promise<void>
}

const roomOptionNames = optionNames<{ signal?: AbortSignal }>({ signal: true })
const closeOptionNames = optionNames<CloseOptions>({ graceMs: true, queued: true })

/** The executor of a model, on top of its backend. */
export function createExecutor(backend: Backend, options: CallOptions = noCallOptions): Executor {
  return new BackedExecutor({ backend, options })
}

/** The backend of an executor that this copy of atonce has made; undefined of anything else. */
export function backendOf(executor: unknown): Backend | undefined {
  return BackedExecutor.backendOf(executor)
}

/** Backends whose close has begun. */
const closing = new WeakSet<Backend>()

/** Whether the close of an executor that this copy of atonce has made has begun. */
export function isClosing(executor: Executor): boolean {
  const backend = backendOf(executor)
  return backend !== undefined && closing.has(backend)
}

/** A value that is never a task. (`undefined` is what a wrong import gives.) */
const noTask = Symbol('no task')

/**
 * Its methods are functions of its own, so that they can be passed on alone, as
 * `const { run } = pool`.
 */
class BackedExecutor implements Executor {
  readonly model: Model
  readonly #course: Course
  /** The task that `run` was given last: it was checked. */
  #checked: unknown = noTask

  constructor(course: Course) {
    this.model = course.backend.model
    this.#course = course
  }

  static backendOf(executor: unknown): Backend | undefined {
    const isOne = typeof executor === 'object' && executor !== null && #course in executor
    return isOne ? executor.#course.backend : undefined
  }

  get workers(): number {
    return this.#course.backend.workers
  }

  readonly run: Executor['run'] = (task, ...args) => {
    if (task !== this.#checked) {
      assertTask(task)
      refuseGenerator(task, 'run')
      this.#checked = task
    }
    return runOne(this.#course, task, args, this.run)
  }

  readonly map: Executor['map'] = (task, inputs, mapOptions = {}) => {
    assertTask(task)
    refuseGenerator(task, 'map')
    return runMap(this.#course.backend, this.#course.options, task, inputs, mapOptions, this.map)
  }

  readonly stream: Executor['stream'] = (task, ...args) => {
    assertTask(task)
    return openStream(this.#course.backend, this.#course.options, task, args, this.stream)
  }

  readonly runOnEach: Executor['runOnEach'] = (task, ...args) => {
    assertTask(task)
    refuseGenerator(task, 'run')
    return runOnEach(this.#course, task, args, this.runOnEach)
  }

  readonly with: Executor['with'] = more =>
    createExecutor(this.#course.backend, mergeCallOptions(this.#course.options, more))

  readonly room: Executor['room'] = (options = {}) => {
    options = checkOptions('room(…)', options, roomOptionNames)
    const { signal } = options
    checkSignal('room({ signal })', signal)
    return this.#course.backend.room(
      mergeCallOptions(this.#course.options, signal === undefined ? {} : { signal }).signal,
    )
  }

  readonly stats: Executor['stats'] = () => this.#course.backend.stats()

  readonly close: Executor['close'] = async (options = {}) => {
    const own = checkOptions('close(…)', options, closeOptionNames)
    const { graceMs = this.#course.backend.closeGraceMs, queued = 'finish' } = own
    checkMs('close({ graceMs })', graceMs)
    if (queued !== 'finish' && queued !== 'cancel')
      throw new OptionError(`close({ queued }) takes 'finish' or 'cancel'; it got ${shown(queued)}.`)
    closing.add(this.#course.backend)
    await this.#course.backend.close({ graceMs, queued })
  };

  [Symbol.asyncDispose](): Promise<void> {
    const { backend } = this.#course
    closing.add(backend)
    return backend.close({ graceMs: backend.closeGraceMs, queued: 'finish' })
  }
}

/**
 * A generator can't be a result: it is not a value that crosses, and on this loop it would run
 * outside of its call.
 */
function refuseGenerator(task: Task, method: 'run' | 'map'): void {
  if (!types.isGeneratorFunction(task)) return
  const name = nameOf(task)
  throw new InvalidTaskError(
    `${method}(${name}) takes a task that returns its result; ${name} is a generator function. Stream what it yields: for await (const value of executor.stream(${name}, …)) { … }`,
  )
}
