/**
 * One result that is not there yet.
 *
 *     queued ──▶ running ──▶ done | failed
 *        └──────────┴──────▶ cancelled
 */
import { AbortError, OptionError } from '../errors.ts'
import { type Parked, park } from '../runtime/park.ts'
import { runtime } from '../runtime/runtime.ts'

export type FutureState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled'

/** What a progress listener is told: `done` of `total` (if the task knows it), in the task's own unit. */
export type ProgressListener = (done: number, total: number | undefined) => void

/** Who is asked to cancel when the user cancels a future. */
export interface Canceller {
  cancel(reason: unknown): void
  /** Somebody waits for the future: it was awaited, or `then` was called. */
  awaited?(): void
}

/** The side of a future that its executor holds. */
export interface FutureControl<T> {
  readonly future: Future<T>
  started(): void
  progressed(done: number, total: number | undefined): void
  resolve(value: T): void
  /** An AbortError or a TimeoutError of the executor means `cancelled`; pass `'cancelled'` then. */
  reject(error: unknown, state?: 'failed' | 'cancelled'): void
}

/**
 * The result of `run`: await it like a promise, cancel it, ask for its state.
 *
 * A rejected future that nobody awaits is reported by Node like any rejected promise; one that was cancelled by its own
 * `cancel()` is not.
 */
export class Future<T> implements Promise<T> {
  readonly #promise: Promise<T>
  readonly #canceller: Canceller
  #state: FutureState = 'queued'
  #listeners: ProgressListener[] | undefined

  private constructor(promise: Promise<T>, canceller: Canceller) {
    this.#promise = promise
    this.#canceller = canceller
  }

  /** For executors: a future, and the means to settle it. `canceller` is asked when the user cancels an unsettled future. */
  static create<T>(canceller: Canceller): FutureControl<T> {
    return new Future.#Control<T>(canceller)
  }

  static readonly #Control = class<T> implements FutureControl<T> {
    readonly future: Future<T>
    readonly #resolve: (value: T) => void
    readonly #reject: (error: unknown) => void

    constructor(canceller: Canceller) {
      const { promise, resolve, reject } = Promise.withResolvers<T>()
      this.future = new Future<T>(promise, canceller)
      this.#resolve = resolve
      this.#reject = reject
    }

    started(): void {
      if (this.future.#state === 'queued') this.future.#state = 'running'
    }

    progressed(done: number, total: number | undefined): void {
      this.future.#tell(done, total)
    }

    resolve(value: T): void {
      if (this.future.settled) return
      this.future.#state = 'done'
      this.#resolve(value)
    }

    reject(error: unknown, state: 'failed' | 'cancelled' = 'failed'): void {
      if (this.future.settled) return
      this.future.#state = state
      this.#reject(error)
    }
  }

  get state(): FutureState {
    return this.#state
  }

  /** Whether the state is final. */
  get settled(): boolean {
    return this.#state !== 'queued' && this.#state !== 'running'
  }

  /**
   * Cancels the call. A queued one never starts. In a running one, the task's `context().signal` aborts and
   * `context().cancelled` turns true; if the task has not ended after the executor's `graceMs`, its worker is ended and
   * replaced. The future rejects with an AbortError at once. Does nothing once the future has settled.
   *
   * @param reason becomes the error's `cause`
   * @returns whether there was anything to cancel
   */
  cancel(reason?: unknown): boolean {
    if (this.settled) return false
    this.#promise.catch(() => {})
    this.#canceller.cancel(reason)
    return true
  }

  /** Calls `listener` at each `context().progress(…)` of the task, until it settles. Returns this future. */
  onProgress(listener: ProgressListener): this {
    this.#listeners = [...(this.#listeners ?? []), listener]
    return this
  }

  then<A = T, B = never>(
    onDone?: ((value: T) => A | PromiseLike<A>) | null,
    onFailed?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#canceller.awaited?.()
    return this.#promise.then(onDone, onFailed)
  }

  catch<B = never>(onFailed?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.#promise.catch(onFailed)
  }

  finally(onSettled?: (() => void) | null): Promise<T> {
    return this.#promise.finally(onSettled)
  }

  get [Symbol.toStringTag](): string {
    return 'Future'
  }

  #tell(done: number, total: number | undefined): void {
    if (this.settled || this.#listeners === undefined) return
    for (const listener of this.#listeners) tellProgress(listener, done, total)
  }
}

/** A future that has settled, and where it stood among those that were given. */
export interface Completed<T> {
  readonly future: Future<T>
  readonly index: number
}

/**
 * Yields futures as they settle, the earliest first, each once. Leaving the loop cancels nothing.
 *
 * Each comes in an object: a loop would await a bare future, and throw where one has failed.
 *
 * @example
 *     for await (const { future, index } of asCompleted(futures)) console.log(index, future.state)
 */
export function asCompleted<T>(futures: Iterable<Future<T>>): AsyncIterableIterator<Completed<T>, void> {
  const settled: Completed<T>[] = []
  const all = new Map<Future<T>, number>()
  let given = 0
  for (const future of futures) {
    if (!all.has(future)) all.set(future, given)
    given += 1
  }
  let left = all.size
  let closed = false
  /** What the consumers wait for, as long as some do. */
  let arrival: Parked<void> | undefined
  const wake = () => {
    arrival?.unpark()
    arrival = undefined
  }
  for (const [future, index] of all) {
    const arrived = () => {
      settled.push({ future, index })
      wake()
    }
    future.then(arrived, arrived)
  }
  return {
    async next() {
      if (left === 0) return { done: true, value: undefined }
      left -= 1
      while (settled.length === 0 && !closed) {
        arrival ??= park('the next future to settle', settled)
        await arrival.promise
      }
      return closed
        ? { done: true, value: undefined }
        : { done: false, value: settled.shift() as Completed<T> }
    },
    async return() {
      left = 0
      closed = true
      wake()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

/** What `wait` found: two sets that together hold every future that was asked for. */
export interface Waited<T> {
  /** Done, failed or cancelled. */
  readonly settled: ReadonlySet<Future<T>>
  readonly pending: ReadonlySet<Future<T>>
}

/**
 * Waits until all futures have settled, or the first has, or the first has failed; never throws because of a failure.
 * When `timeoutMs` passes first, it returns with what there is.
 *
 * @throws OptionError if `until` or `timeoutMs` is none of those allowed
 */
export async function wait<T>(
  futures: Iterable<Future<T>>,
  {
    until = 'all',
    timeoutMs = Number.POSITIVE_INFINITY,
  }: { until?: 'all' | 'first' | 'failure'; timeoutMs?: number } = {},
): Promise<Waited<T>> {
  if (!['all', 'first', 'failure'].includes(until)) {
    throw new OptionError(`wait(…, { until }) takes 'all', 'first' or 'failure'; it got ${String(until)}.`)
  }
  if (!(timeoutMs >= 0)) throw new OptionError(`wait(…, { timeoutMs }) takes 0 or more; it got ${timeoutMs}.`)
  const pending = new Set(futures)
  const settled = new Set<Future<T>>()
  const enough = park<void>(`until ${until} of ${pending.size} futures settled`, pending)
  const note = (future: Future<T>) => {
    pending.delete(future)
    settled.add(future)
    const failed = future.state === 'failed' || future.state === 'cancelled'
    if (pending.size === 0 || until === 'first' || (until === 'failure' && failed)) enough.unpark()
  }
  for (const future of [...pending])
    future.then(
      () => note(future),
      () => note(future),
    )
  if (pending.size === 0) enough.unpark()
  const timer =
    timeoutMs === Number.POSITIVE_INFINITY ? undefined : runtime().setTimer(timeoutMs, () => enough.unpark())
  await enough.promise
  timer?.cancel()
  return { settled: new Set(settled), pending: new Set(pending) }
}

/**
 * Calls a listener of the user's. What it throws is an uncaught exception of the program, as from any callback, and
 * reaches neither the other listeners nor the executor's own steps.
 */
export function tellProgress(listener: ProgressListener, done: number, total: number | undefined): void {
  try {
    listener(done, total)
  } catch (error) {
    runtime().soon(() => {
      throw error
    })
  }
}

/** The error of a call that was cancelled with `reason`. */
export function abortError(name: string, reason: unknown): AbortError {
  return new AbortError(`${name} was cancelled.`, reason === undefined ? undefined : { cause: reason })
}
