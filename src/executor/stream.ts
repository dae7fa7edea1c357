/**
 * `stream`: what a generator task yields, one value after the other, as somebody asks for it.
 *
 *     next ─▶ (the first: submit) ─▶ arrived values ─▶ taken            pull when half of `ahead` was taken
 *             none has arrived: wait ◀── Inlet.yielded ◀── backend
 *     return ─▶ backend.leave ─▶ … ─▶ settled                           the generator's `finally` has run
 *
 * Who may send what, and what happens at every death: README.md.
 */
import { ClosedError, TimeoutError, WorkerError } from '../errors.ts'
import { Limit, type LimitOwner, timerIn } from '../runtime/limit.ts'
import { type Parked, park } from '../runtime/park.ts'
import type { Timer } from '../runtime/runtime.ts'
import { type Stoppable, type Strand, strandIfAny } from '../runtime/strand.ts'
import { keepContext } from '../task/context.ts'
import { abortError, endingError, type ProgressListener } from '../task/future.ts'
import { keepingContext } from '../task/kept-context.ts'
import { tell } from '../task/listeners.ts'
import type { Outcome } from '../task/results.ts'
import { type AnyFunction, nameOf, type Task } from '../task/task.ts'
import type { Backend, Caller, Inlet, Job } from './backend.ts'
import type { CallOptions } from './call-options.ts'
import { captureCaller, withCaller } from './caller.ts'
import { ranTooLong } from './ran-too-long.ts'
import { Noted, type ReadyJob } from './ready-job.ts'

/**
 * A function whose values can be streamed: it returns a generator, or another object to iterate
 * over.
 */
export type StreamFunction = (...args: any[]) => Streamable | PromiseLike<Streamable>

type Streamable = object & (Iterable<unknown, unknown, any> | AsyncIterable<unknown, unknown, any>)

/** What a generator task yields. */
export type Yielded<F extends AnyFunction> =
  Awaited<ReturnType<F>> extends AsyncIterable<infer Y, any, any>
    ? Y
    : Awaited<ReturnType<F>> extends Iterable<infer Y, any, any>
      ? Awaited<Y>
      : never

/** What a generator task returns in the end. */
export type Returned<F extends AnyFunction> =
  Awaited<ReturnType<F>> extends AsyncIterable<unknown, infer R, any> | Iterable<unknown, infer R, any>
    ? R
    : never

/**
 * What a generator task yields, for `for await`. It begins with the first `next()`; one that is
 * never iterated over never starts.
 *
 * Leaving the loop returns the generator and waits until its `finally` has run; what that throws is
 * thrown here. Taken by hand, a stream keeps its worker until it has ended or `return()` was
 * called; `await using` sees to that.
 */
export interface Stream<Y, R = unknown> extends AsyncIterableIterator<Y, R, void>, AsyncDisposable {
  /**
   * The next value; `done` with the generator's return value at its end. Rejects once with what
   * `run` would reject with, after the values that came before; at once if the stream was
   * cancelled.
   */
  next(): Promise<IteratorResult<Y, R>>
  /**
   * Ends the generator: its `context().signal` aborts, its `finally` runs. What had arrived, or was
   * thrown, ahead of the last value taken is dropped.
   *
   * Rejects with what the `finally` threw; with WorkerCrashedError if it has not ended after the
   * executor's `graceMs` (on `coroutines` nothing can end it: there this waits, as for any
   * generator).
   */
  return(value?: R | PromiseLike<R>): Promise<IteratorResult<Y, R>>
  /** The same, and rejects with `error` then. */
  throw(error?: unknown): Promise<IteratorResult<Y, R>>
  /** Calls `listener` at each `context().progress(…)` of the generator. Returns this stream. */
  onProgress(listener: ProgressListener): this
}

const defaultAhead = 256

export function openStream<F extends StreamFunction>(
  backend: Backend<ReadyJob>,
  options: CallOptions,
  task: Task<F>,
  args: readonly unknown[],
  calledAs: Function,
): Stream<Yielded<F>, Returned<F>> {
  const run = new StreamRun(backend, options, task, args, captureCaller(task, calledAs))
  return new TaskStream(run) as Stream<unknown> as Stream<Yielded<F>, Returned<F>>
}

/** What the user holds. */
class TaskStream implements Stream<unknown> {
  readonly #run: StreamRun

  constructor(run: StreamRun) {
    this.#run = run
  }

  next(): Promise<IteratorResult<unknown, unknown>> {
    return this.#run.next()
  }

  async return(value?: unknown): Promise<IteratorResult<unknown, unknown>> {
    await this.#run.leave()
    return { done: true, value: await value }
  }

  async throw(error?: unknown): Promise<IteratorResult<unknown, unknown>> {
    await this.#run.leave()
    throw error
  }

  onProgress(listener: ProgressListener): this {
    this.#run.listeners.push(keepingContext(listener))
    return this
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#run.leave()
  }

  get [Symbol.toStringTag](): string {
    return 'Stream'
  }
}

/** Values that came in one message. */
interface Batch {
  readonly values: readonly unknown[]
  readonly weight: number
}

const over: Outcome<unknown> = { ok: true, value: undefined }

class StreamRun extends Noted implements Job, Inlet, Stoppable, LimitOwner {
  readonly task: Task
  readonly args: readonly unknown[]
  readonly caller: Caller
  readonly stream: Inlet = this
  readonly listeners: ProgressListener[] = []
  readonly #backend: Backend<ReadyJob>
  readonly #options: CallOptions
  readonly #ahead: number
  /** The stream's call, wherever its first value is asked for. */
  readonly #within = keepContext()
  /** Values that wait to be taken; the first batch from `#at` on. */
  #arrived: Batch[] = []
  #at = 0
  /** Who waits for a value, in order. */
  readonly #waiting: Parked<IteratorResult<unknown, unknown>>[] = []
  /** How much was ever allowed, has come, and was taken, by weight. */
  #granted = 0
  #received = 0
  #taken = 0
  #begun = false
  /** The generator is asked to end; waits for that. */
  #leaving: Parked<void> | undefined
  #returning = false
  /** Set when this side has ended it. */
  #stopped = false
  #outcome: Outcome<unknown> | undefined
  /** What its first value was asked for in, and it ends with. */
  #strand: Strand | undefined
  #limit: Limit | undefined
  #runTimer: Timer | undefined

  constructor(
    backend: Backend<ReadyJob>,
    options: CallOptions,
    task: Task,
    args: readonly unknown[],
    caller: Caller,
  ) {
    super()
    this.#backend = backend
    this.#options = options
    // `auto` runs streams on the loop, where nothing is gained by running ahead.
    const here = backend.model === 'coroutines' || backend.model === 'auto'
    this.#ahead = here ? 0 : (options.ahead ?? defaultAhead)
    this.task = task
    this.args = args
    this.caller = caller
  }

  get to(): string | number | undefined {
    return this.#options.key
  }

  get priority(): number {
    return this.#options.priority ?? 0
  }

  // ── what the consumer asks for ──

  next(): Promise<IteratorResult<unknown, unknown>> {
    if (this.#arrived.length > 0) {
      const value = this.#take()
      this.#pull()
      return Promise.resolve({ done: false, value })
    }
    if (this.#outcome !== undefined) return this.#ending()
    const parked = park<IteratorResult<unknown, unknown>>(`a value of ${nameOf(this.task)}`, this, {
      onGivenUp: given => {
        const at = this.#waiting.indexOf(given)
        if (at !== -1) this.#waiting.splice(at, 1)
      },
    })
    if (parked.state !== 'waiting') return parked.promise
    this.#waiting.push(parked)
    if (this.#begun) this.#pull()
    else this.#begin()
    return parked.promise
  }

  /** Resolves when the generator has ended; rejects with what its `finally` threw. */
  async leave(): Promise<void> {
    this.#arrived = []
    this.#at = 0
    if (this.#outcome !== undefined || !this.#begun) {
      this.#outcome = over // Nothing runs, and what it came to is not wanted.
      this.#begun = true
      return
    }
    if (this.#leaving === undefined) {
      this.#leaving = park<void>('a generator to end', this)
      this.#backend.leave(this, abortError(this.#what, 'The consumer has left.'))
    }
    return this.#leaving.promise
  }

  #begin(): void {
    this.#begun = true
    const { signal } = this.#options
    if (signal?.aborted) return this.settled({ ok: false, error: abortError(this.#what, signal.reason) })
    try {
      this.#within(() => this.#backend.submit(this))
    } catch (error) {
      return this.settled({ ok: false, error }) // A mistake in the program: the task can't run on this backend at all.
    }
    if (this.#outcome !== undefined) return
    this.#strand = strandIfAny()
    this.#strand?.hold(this)
    this.#limit = Limit.begin(this.#options, this)
  }

  #take(): unknown {
    const { values, weight } = this.#arrived[0] as Batch
    const value = values[this.#at]
    this.#at += 1
    this.#taken += weight
    if (this.#at === values.length) {
      this.#arrived.shift()
      this.#at = 0
    }
    return value
  }

  /**
   * Allows the generator more, once half of what it may be ahead was taken: so it seldom rests, and
   * is seldom told.
   */
  #pull(): void {
    if (this.#received === 0 || this.#leaving !== undefined || this.#outcome !== undefined) return
    const more = this.#taken + Math.max(this.#ahead, this.#waiting.length) - this.#granted
    if (more < Math.max(1, this.#ahead / 2)) return
    this.#granted += more
    this.#backend.pull(this, more)
  }

  /** The end: told once, and after it only that there is no more. */
  #ending(): Promise<IteratorResult<unknown, unknown>> {
    const outcome = this.#outcome as Outcome<unknown>
    this.#outcome = over
    return outcome.ok ? Promise.resolve({ done: true, value: outcome.value }) : Promise.reject(outcome.error)
  }

  // ── what the backend tells ──

  credit(): number {
    this.#granted = Math.max(this.#ahead, this.#waiting.length)
    return this.#granted
  }

  yielded(values: readonly unknown[], weight: number): number {
    this.#received += values.length * weight
    const left = this.#granted - this.#received
    if (left < 0 || this.#leaving !== undefined || this.#outcome !== undefined) return left
    if (values.length > 0) this.#arrived.push({ values, weight })
    while (this.#waiting.length > 0 && this.#arrived.length > 0)
      this.#waiting.shift()?.unpark({ done: false, value: this.#take() })
    this.#pull()
    return this.#granted - this.#received
  }

  returning(): void {
    this.#returning = true
  }

  started(): void {
    const { runTimeoutMs } = this.#options
    if (runTimeoutMs === undefined) return
    this.#runTimer = timerIn(runTimeoutMs, () =>
      this.#stop(withCaller(ranTooLong(this.task, runTimeoutMs), this.caller)),
    )
  }

  progressed(done: number, total: number | undefined): void {
    for (const listener of this.listeners) tell('onProgress', listener, done, total)
  }

  settled(outcome: Outcome<unknown>): void {
    if (!outcome.ok && !this.#stopped) withCaller(outcome.error, this.caller)
    this.#limit?.end()
    this.#runTimer?.cancel()
    this.#strand?.release(this)
    this.#outcome = outcome
    if (this.#leaving !== undefined) this.#settleLeaving(this.#leaving, outcome)
    for (const parked of this.#waiting.splice(0)) {
      const ending = this.#ending()
      ending.then(
        result => parked.unpark(result),
        error => parked.fail(error),
      )
    }
  }

  #settleLeaving(leaving: Parked<void>, outcome: Outcome<unknown>): void {
    this.#outcome = over
    if (outcome.ok || this.#wasAhead(outcome.error)) leaving.unpark()
    else leaving.fail(outcome.error)
  }

  /**
   * Whether the generator threw it by itself before it was told to end: then the consumer left
   * before it came to it.
   */
  #wasAhead(error: unknown): boolean {
    return (
      !this.#returning && !this.#stopped && !(error instanceof WorkerError || error instanceof ClosedError)
    )
  }

  // ── stopping ──

  aborted(reason: unknown): void {
    this.#stop(withCaller(abortError(this.#what, reason), this.caller))
  }

  timedOut(timeoutMs: number): void {
    const message = `${this.#what} did not end within ${timeoutMs} ms of the first next().`
    this.#stop(withCaller(new TimeoutError(message, timeoutMs), this.caller))
  }

  /** What its first value was asked for in was cancelled. */
  stop(reason: unknown): void {
    this.#stop(endingError(this.#what, reason))
  }

  /** At once: values that wait are not wanted any more. */
  #stop(error: Error): void {
    this.#stopped = true
    this.#arrived = []
    this.#at = 0
    this.#backend.cancel(this, error)
  }

  get #what(): string {
    return `${nameOf(this.task)}, streamed from ${this.#backend.name},`
  }
}
