/**
 * One result that is not there yet.
 *
 *     queued ──▶ running ──▶ done | failed
 *        └──────────┴──────▶ cancelled
 */
import { checkOptions, optionNames } from '../checks.ts'
import { AbortError, OptionError } from '../errors.ts'
import { type Parked, park } from '../runtime/park.ts'
import { runtime } from '../runtime/runtime.ts'

export type FutureState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled'

/** What a progress listener is told: `done` of `total` (if the task knows it), in the task's own unit. */
export type ProgressListener = (done: number, total: number | undefined) => void

/**
 * The side of a future that its executor holds: it settles the future, and is asked when the user cancels it. A class to
 * derive from, so that a call is one object with its control.
 */
export abstract class FutureControl<T> {
  readonly future: Future<T>
  #state: FutureState = 'queued'
  #listeners: ProgressListener[] | undefined
  readonly #resolve: (value: any) => void
  readonly #reject: (error: unknown) => void

  constructor() {
    this.future = Future.create<T>(this)
    this.#resolve = taken.resolve
    this.#reject = taken.reject
  }

  /** The user cancels the unsettled future. */
  abstract cancel(reason: unknown): void

  get state(): FutureState {
    return this.#state
  }

  get hasSettled(): boolean {
    return this.#state !== 'queued' && this.#state !== 'running'
  }

  started(): void {
    if (this.#state === 'queued') this.#state = 'running'
  }

  progressed(done: number, total: number | undefined): void {
    if (this.hasSettled || this.#listeners === undefined) return
    for (const listener of this.#listeners) tellProgress(listener, done, total)
  }

  resolve(value: T): void {
    if (this.hasSettled) return
    this.#state = 'done'
    this.#resolve(value)
  }

  /** An AbortError or a TimeoutError of the executor means `cancelled`; pass `'cancelled'` then. */
  reject(error: unknown, state: 'failed' | 'cancelled' = 'failed'): void {
    if (this.hasSettled) return
    this.#state = state
    this.#reject(error)
  }

  listen(listener: ProgressListener): void {
    this.#listeners = [...(this.#listeners ?? []), listener]
  }
}

/** What the promise that is being made gave to settle it with; taken at once, so that no closure is needed for each. */
const taken: { resolve: (value: any) => void; reject: (error: unknown) => void } = {
  resolve() {},
  reject() {},
}

function take(resolve: (value: any) => void, reject: (error: unknown) => void): void {
  taken.resolve = resolve
  taken.reject = reject
}

/**
 * The result of `run`: await it like a promise, cancel it, ask for its state.
 *
 * A rejected future that nobody awaits is reported by Node like any rejected promise; one that was cancelled by its own
 * `cancel()` is not. `then`, `catch` and `finally` return plain promises.
 */
export class Future<T> extends Promise<T> {
  /** Not of `T`: a future of a number is one of anything. */
  readonly #control: Pick<FutureControl<unknown>, 'state' | 'hasSettled' | 'cancel' | 'listen'>

  static {
    // `await` and Promise.all take a promise as it is if its constructor is Promise; any other they wrap in another one.
    Object.defineProperty(Future.prototype, 'constructor', { value: Promise })
  }

  private constructor(control: FutureControl<T>) {
    super(take)
    this.#control = control
  }

  /** For executors: the future of a control that is being made. */
  static create<T>(control: FutureControl<T>): Future<T> {
    return new Future(control)
  }

  static override get [Symbol.species](): PromiseConstructor {
    return Promise
  }

  get state(): FutureState {
    return this.#control.state
  }

  /** Whether the state is final. */
  get settled(): boolean {
    return this.#control.hasSettled
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
    this.catch(() => {})
    this.#control.cancel(reason)
    return true
  }

  /** Calls `listener` at each `context().progress(…)` of the task, until it settles. Returns this future. */
  onProgress(listener: ProgressListener): this {
    this.#control.listen(listener)
    return this
  }

  override get [Symbol.toStringTag](): string {
    return 'Future'
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

/** What `wait` can be told. */
interface FuturesWaitOptions {
  /** What it waits for. Default: all. */
  readonly until?: 'all' | 'first' | 'failure'
  /** How long it waits at most. Default: no limit. */
  readonly timeoutMs?: number
}

const futuresWaitOptionNames = optionNames<FuturesWaitOptions>({ until: true, timeoutMs: true })

/**
 * Waits until all futures have settled, or the first has, or the first has failed; never throws because of a failure.
 * When `timeoutMs` passes first, it returns with what there is.
 *
 * @throws OptionError if `until` or `timeoutMs` is none of those allowed
 */
export async function wait<T>(
  futures: Iterable<Future<T>>,
  options: FuturesWaitOptions = {},
): Promise<Waited<T>> {
  checkOptions('wait(futures, …)', options, futuresWaitOptionNames)
  const { until = 'all', timeoutMs = Number.POSITIVE_INFINITY } = options
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
