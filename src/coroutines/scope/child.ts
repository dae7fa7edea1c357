/**
 * One child of a scope: a function that runs beside others, with a name, a signal and an ending.
 *
 *     queued ──▶ running ──▶ done | failed
 *        └──────────┴──────▶ cancelled
 */
import { AbortError } from '../../errors.ts'
import { type Parked, park } from '../../runtime/park.ts'
import { realRuntime } from '../../runtime/real.ts'
import { runtime } from '../../runtime/runtime.ts'
import { enterStrand, Strand, withStrand } from '../../runtime/strand.ts'
import { type FutureState, type Settleable, whenSettled } from '../../task/settling.ts'
import { isThenable, onSettled } from '../../task/thenable.ts'
import { isNamed } from '../../thrown.ts'

/**
 * What `spawn` returns: await it for the child's result.
 *
 * It need not be awaited: the scope waits for every child and throws what one fails with, so no
 * failure is ever reported as unhandled.
 */
export interface Child<T> extends Settleable<T> {
  readonly name: string
  readonly state: FutureState
  /**
   * Cancels this child alone: one that has not started never does; in a running one the signal
   * aborts and every wait of atonce throws an AbortError. A cancelled child is not a failure of its
   * scope.
   *
   * @param reason becomes the error's `cause`
   * @returns whether there was anything to cancel
   */
  cancel(reason?: unknown): boolean
  then<A = T, B = never>(
    onDone?: ((value: T) => A | PromiseLike<A>) | null,
    onFailed?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B>
  catch<B = never>(onFailed?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<T | B>
  finally(onEnded?: (() => void) | null): Promise<T>
}

/** What a child knows about itself. */
export interface ChildContext {
  readonly name: string
  /** Aborts when the child is cancelled: by its scope, by `cancel()`, or by a scope around. */
  readonly signal: AbortSignal
}

/** What a child tells its scope. */
export interface Owner extends Strand {
  /**
   * It has ended. `failure` is what it threw, unless it was cancelled and this is the cancellation.
   */
  ended(child: ScopeChild<any>, failure: { readonly error: unknown } | undefined): void
}

/**
 * Promise jobs of its own are queued behind this: cheaper than `queueMicrotask` by half, and they
 * keep the caller's context.
 */
const nextJob = Promise.resolve()

export class ScopeChild<T> extends Strand implements Child<T>, ChildContext {
  /** The list of its scope's children, in order of their creation. */
  next: ScopeChild<any> | undefined
  previous: ScopeChild<any> | undefined
  /** Until it begins: what it has closed over is not kept by who keeps its result. */
  #fn: ((child: ChildContext) => T | PromiseLike<T>) | undefined
  #state: FutureState = 'queued'
  /** Its value or its error. */
  #outcome: unknown
  #joining: Set<Parked<T>> | undefined
  #watching: Set<() => void> | undefined

  constructor(name: string, owner: Owner, fn: (child: ChildContext) => T | PromiseLike<T>) {
    super(name, owner)
    this.#fn = fn
  }

  get state(): FutureState {
    return this.#state
  }

  /** Starts it when the code that runs now has ended, in the caller's context. */
  start(): void {
    const now = runtime()
    if (now === realRuntime) {
      nextJob.then(() => {
        enterStrand(this)
        this.#begin()
      })
    } else now.soon(() => withStrand(this, () => this.#begin()), this.name)
  }

  cancel(reason?: unknown): boolean {
    if (this.stopped || this.#ended) return false
    this.stop(
      new AbortError(`${this.name} was cancelled.`, reason === undefined ? undefined : { cause: reason }),
    )
    return true
  }

  override stop(reason: unknown): void {
    if (this.#ended) return
    super.stop(reason)
    if (this.#state === 'queued') this.#failed(reason)
  }

  then<A = T, B = never>(
    onDone?: ((value: T) => A | PromiseLike<A>) | null,
    onFailed?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const ending = this.#ending()
    const next = ending.then(onDone, onFailed)
    return onFailed ? next : passedOn(next, ending)
  }

  catch<B = never>(onFailed?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.then(undefined, onFailed)
  }

  finally(onEnded?: (() => void) | null): Promise<T> {
    const ending = this.#ending()
    return passedOn(ending.finally(onEnded), ending)
  }

  [whenSettled](listener: () => void): () => void {
    if (this.#ended) listener()
    else {
      this.#watching ??= new Set()
      this.#watching.add(listener)
    }
    return () => void this.#watching?.delete(listener)
  }

  #begin(): void {
    if (this.#state !== 'queued') return
    this.#state = 'running'
    const fn = this.#fn as (child: ChildContext) => T | PromiseLike<T>
    this.#fn = undefined
    let returned: T | PromiseLike<T>
    try {
      returned = fn(this)
    } catch (error) {
      return this.#failed(error)
    }
    if (!isThenable(returned)) return this.#done(returned)
    onSettled(
      returned,
      value => this.#done(value),
      error => this.#failed(error),
    )
  }

  #done(value: T): void {
    this.#state = 'done'
    this.#outcome = value
    if (this.#joining !== undefined) {
      for (const joining of this.#joining) joining.unpark(value)
      this.#joining = undefined
    }
    this.#tellWatching()
    this.#owner.ended(this, undefined)
  }

  #failed(error: unknown): void {
    const cancelled = isCancellation(error, this)
    this.#state = cancelled ? 'cancelled' : 'failed'
    this.#outcome = error
    // Before the scope hears of it, and cancels those who wait for this child: they get the failure
    // itself.
    for (const joining of this.#joining ?? []) joining.fail(error)
    this.#joining = undefined
    this.#tellWatching()
    this.#owner.ended(this, cancelled ? undefined : { error })
  }

  #tellWatching(): void {
    for (const listener of this.#watching ?? []) listener()
    this.#watching = undefined
  }

  get #owner(): Owner {
    return this.parent as Owner
  }

  get #ended(): boolean {
    return this.#state !== 'queued' && this.#state !== 'running'
  }

  /** Settles with the child, or when whoever asks is cancelled. */
  #ending(): Promise<T> {
    if (this.#state === 'done') return Promise.resolve(this.#outcome as T)
    if (this.#ended) return Promise.reject(this.#outcome)
    this.#joining ??= new Set()
    const joining = park<T>(`${this.name} to end`, this, {
      onGivenUp: given => this.#joining?.delete(given),
    })
    if (joining.state === 'waiting') this.#joining.add(joining)
    return joining.promise
  }
}

const { then: promiseThen, finally: promiseFinally } = Promise.prototype

/**
 * A promise that comes of a child's ending, however long the chain. If the child failed, it passes
 * that on, and is not a lost error, as the scope throws it. What a function in the chain throws
 * where the child did not fail is one, as anywhere.
 */
function passedOn<T>(next: Promise<T>, ending: Promise<unknown>): Promise<T> {
  promiseThen.call(ending, undefined, () => promiseThen.call(next, undefined, () => {}))
  // `catch` comes through `then`; `await` does not, and handles the failure itself.
  return Object.defineProperties(next, {
    then: {
      value: (onDone?: (value: T) => unknown, onFailed?: (error: unknown) => unknown) => {
        const after = promiseThen.call(next, onDone as never, onFailed)
        return onFailed ? after : passedOn(after, ending)
      },
      configurable: true,
      writable: true,
    },
    finally: {
      value: (onEnded?: () => void) => passedOn(promiseFinally.call(next, onEnded), ending),
      configurable: true,
      writable: true,
    },
  })
}

/**
 * Whether what a strand threw is only its cancellation coming out: the very reason, or an
 * AbortError made of it by whoever was given the signal (Node's APIs and `fetch` name theirs so).
 * Anything else that is thrown on the way out is an error.
 */
export function isCancellation(error: unknown, strand: Strand): boolean {
  return strand.stopped && (error === strand.reason || isNamed(error, 'AbortError'))
}
