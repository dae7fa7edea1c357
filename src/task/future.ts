/**
 * One result that is not there yet.
 *
 *     queued ──▶ running ──▶ done | failed
 *        └──────────┴──────▶ cancelled
 */
import { AbortError } from '../errors.ts'
import { rejectTo } from '../runtime/awaiters.ts'
import { untilStopped } from '../runtime/park.ts'
import { type Strand, strandIfAny } from '../runtime/strand.ts'
import { isError } from '../thrown.ts'
import { keepingContext } from './kept-context.ts'
import { tell } from './listeners.ts'
import { isResolver } from './on-await.ts'
import { type FutureState, type Settleable, whenSettled } from './settling.ts'

export type { FutureState } from './settling.ts'

/**
 * What a progress listener is told: `done` of `total` (if the task knows it), in the task's own
 * unit.
 */
export type ProgressListener = (done: number, total: number | undefined) => void

/**
 * The side of a future that its executor holds: it settles the future, and is asked when the user
 * cancels it. A class to derive from, so that a call is one object with its control.
 */
export abstract class FutureControl<T> {
  readonly future: Future<T>
  #state: FutureState = 'queued'
  #listeners: ProgressListener[] | undefined
  #waiting: Set<() => void> | undefined
  readonly #resolve: (value: any) => void
  readonly #reject: (error: unknown) => void

  constructor() {
    this.future = Future.create<T>(this)
    this.#resolve = taken.resolve
    this.#reject = taken.reject
    taken.resolve = taken.reject = nothing // Or the last future, with all that it holds, would live until the next one.
  }

  /** The user cancels the unsettled future. */
  abstract cancel(reason: unknown): void

  get state(): FutureState {
    return this.#state
  }

  get hasSettled(): boolean {
    return this.#state !== 'queued' && this.#state !== 'running'
  }

  /** The strand that it ends with. */
  get heldBy(): Strand | undefined {
    return undefined
  }

  started(): void {
    if (this.#state === 'queued') this.#state = 'running'
  }

  /** Calls `listener` once it has settled; returns what takes it away. */
  whenSettled(listener: () => void): () => void {
    if (this.hasSettled) listener()
    else {
      this.#waiting ??= new Set()
      this.#waiting.add(listener)
    }
    return () => void this.#waiting?.delete(listener)
  }

  progressed(done: number, total: number | undefined): void {
    if (this.hasSettled || this.#listeners === undefined) return
    for (const listener of this.#listeners) tell('onProgress', listener, done, total)
  }

  resolve(value: T): void {
    if (this.hasSettled) return
    this.#state = 'done'
    this.#resolve(value)
    if (this.#waiting !== undefined) this.#tellWaiting(this.#waiting)
  }

  /** An AbortError or a TimeoutError of the executor means `cancelled`; pass `'cancelled'` then. */
  reject(error: unknown, state: 'failed' | 'cancelled' = 'failed'): void {
    this.#rejectBy(this.#reject, error, state)
  }

  /** The same, with whoever awaits the future below the error's own stack. */
  rejectFor(error: unknown): void {
    this.#rejectBy(cause => rejectTo(this.#reject, this.#resolve, cause), error, 'failed')
  }

  #rejectBy(reject: (error: unknown) => void, error: unknown, state: 'failed' | 'cancelled'): void {
    if (this.hasSettled) return
    this.#state = state
    reject(error)
    if (this.#waiting !== undefined) this.#tellWaiting(this.#waiting)
  }

  #tellWaiting(listeners: Set<() => void>): void {
    this.#waiting = undefined
    for (const listener of listeners) listener()
  }

  listen(listener: ProgressListener): void {
    this.#listeners = [...(this.#listeners ?? []), keepingContext(listener)]
  }
}

/**
 * What the promise that is being made gave to settle it with; taken at once, so that no closure is
 * needed for each.
 */
const taken: { resolve: (value: any) => void; reject: (error: unknown) => void } = {
  resolve: nothing,
  reject: nothing,
}

function nothing(): void {}

function take(resolve: (value: any) => void, reject: (error: unknown) => void): void {
  taken.resolve = resolve
  taken.reject = reject
}

/**
 * The result of `run`: await it like a promise, cancel it, ask for its state.
 *
 * A rejected future that nobody awaits is reported by Node like any rejected promise; one that was
 * cancelled by its own `cancel()` is not. `then`, `catch` and `finally` return plain promises.
 */
export class Future<T> extends Promise<T> implements Settleable<T> {
  /** Not of `T`: a future of a number is one of anything. */
  readonly #control: Pick<
    FutureControl<unknown>,
    'state' | 'hasSettled' | 'heldBy' | 'cancel' | 'listen' | 'whenSettled'
  >

  static {
    // `await` and Promise.all take a promise as it is if its constructor is Promise. Any other they
    // wrap in another one, which follows it by its `then`: so a wait in a scope that the future
    // does not end with is seen, and ends with the scope.
    Object.defineProperty(Future.prototype, 'constructor', {
      get(this: Future<unknown>) {
        return #control in this && this.#isForeign ? Future : Promise
      },
    })
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

  override then<A = T, B = never>(
    onDone?: ((value: T) => A | PromiseLike<A>) | null,
    onFailed?: ((error: any) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    if (!this.#isForeign || !isResolver(onDone)) return super.then(onDone, onFailed)
    return untilStopped(super.then(), 'a future to settle', this).then(onDone, onFailed)
  }

  get state(): FutureState {
    return this.#control.state
  }

  /** Whether what runs here could be cancelled while the future goes on. */
  get #isForeign(): boolean {
    const strand = strandIfAny()
    return strand !== undefined && strand !== this.#control.heldBy
  }

  /** Whether the state is final. */
  get settled(): boolean {
    return this.#control.hasSettled
  }

  /**
   * Cancels the call. A queued one never starts. In a running one, the task's `context().signal`
   * aborts and `context().cancelled` turns true; if the task has not ended after the executor's
   * `graceMs`, its worker is ended and replaced. The future rejects with an AbortError at once.
   * Does nothing once the future has settled.
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

  /**
   * Calls `listener` at each `context().progress(…)` of the task, until it settles. It sees what
   * AsyncLocalStorages hold here. Returns this future.
   */
  onProgress(listener: ProgressListener): this {
    this.#control.listen(listener)
    return this
  }

  /** For `asCompleted` and `wait`, which tell of a failure: nobody else need await the future. */
  [whenSettled](listener: () => void): () => void {
    this.catch(() => {})
    return this.#control.whenSettled(listener)
  }

  override get [Symbol.toStringTag](): string {
    return 'Future'
  }
}

/**
 * The error with which a call ends that was cancelled with `reason`: the reason itself, if it is
 * one.
 */
export function endingError(name: string, reason: unknown): Error {
  return isError(reason) ? reason : abortError(name, reason)
}

/** The error of a call that was cancelled with `reason`. */
export function abortError(name: string, reason: unknown): AbortError {
  return new AbortError(`${name} was cancelled.`, reason === undefined ? undefined : { cause: reason })
}
