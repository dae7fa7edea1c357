/**
 * How everything in atonce waits: it parks, with a reason and the thing it waits for, until
 * somebody unparks it.
 *
 *     waiting ──unpark──▶ unparked        its promise resolves
 *        ├──────fail────▶ failed          its promise rejects
 *        └─ signal, time, ─▶ given up     onGivenUp is called, then its promise rejects
 *           cancelled strand
 *
 * So at any moment one can ask who waits for what, and a test or a checker can decide who goes
 * first: the runtime lets the unparked go on.
 */
import { TimeoutError } from '../errors.ts'
import { rejectTo } from './awaiters.ts'
import { noteBirth } from './birth.ts'
import { Limit, type LimitOwner } from './limit.ts'
import { realRuntime } from './real.ts'
import { type Runtime, runtime } from './runtime.ts'
import { currentStrand, type Stoppable, type Strand, strandIfAny } from './strand.ts'

/** One who waits. */
export interface Parked<T> {
  /** What it waits for, in words: `a free place in the queue`. */
  readonly reason: string
  /** The object it waits for. */
  readonly resource: object
  /** The name of the scope's child, or of the task, that waits; `main` outside of both. */
  readonly who: string
  /** That child, body or call itself. */
  readonly strand: Strand | undefined
  /** Final once it is no longer `waiting`. */
  readonly state: ParkedState
  /** Settles when it is unparked, failed or given up. */
  readonly promise: Promise<T>
  /**
   * Lets it go on with `value`. False if it waits no more: then it has not got `value`, and never
   * will.
   */
  unpark(value: T): boolean
  /** Makes its wait throw. False if it waits no more. */
  fail(error: unknown): boolean
  /**
   * The same, with whoever awaits it below the error's own stack: for failures that a user sees.
   * Some jobs later than `fail`.
   */
  failFor(error: unknown): boolean
}

export type ParkedState = 'waiting' | 'unparked' | 'failed' | 'given up'

/** What ends a wait that nobody unparks. */
export interface ParkOptions {
  /** The wait ends when it aborts, with its reason. */
  readonly signal?: AbortSignal | undefined
  /** The wait ends after it, with a TimeoutError. Default: never. */
  readonly timeoutMs?: number | undefined
  /**
   * Called once, within the abort, the timer or the `park` itself, when the wait was given up: to
   * leave the queue.
   */
  readonly onGivenUp?: ((parked: Parked<any>) => void) | undefined
}

/**
 * The ends of the list of all who wait, oldest first: linked through the waits themselves, as a Set
 * doubled the cost of a wait.
 */
let oldest: Wait<any> | undefined
let newest: Wait<any> | undefined

/**
 * Waits, until `unpark` or `fail` is called on what it returns.
 *
 * With `options`, be they empty, the wait is also given up by its signal, by its time, or when the
 * strand that waits (a scope's body or child, a task's call) is cancelled; if that is so already,
 * at once. Without, it is waited to the end: for waits that several share, or that a clean-up
 * needs.
 *
 * A value is never lost: once `unpark` has returned true, no abort takes the value away.
 */
export function park<T>(reason: string, resource: object, options?: ParkOptions): Parked<T> {
  const strand = currentStrand()
  const wait = new Wait<T>(reason, resource, strand)
  if (options !== undefined) wait.guard(options, strand)
  return wait
}

/**
 * Waits for a promise, but no longer than what runs here may: the wait ends when the strand is
 * cancelled. For promises that come from outside of it. Outside of every strand it is the promise
 * itself.
 */
export function untilStopped<T>(promise: Promise<T>, reason: string, resource: object): Promise<T> {
  if (strandIfAny() === undefined) return promise
  const waiting = park<T>(reason, resource, {})
  promise.then(
    value => waiting.unpark(value),
    error => waiting.fail(error),
  )
  return waiting.promise
}

/** All who wait now, oldest first; in one runtime, if it is given. */
export function everyoneParked(within?: Runtime): readonly Parked<unknown>[] {
  const everyone: Wait<any>[] = []
  for (let wait = oldest; wait !== undefined; wait = wait.next)
    if (within === undefined || wait.runtime === within) everyone.push(wait)
  return everyone
}

/** What these wait for, in words. */
export function reasonsOf(stoppables: readonly Stoppable[]): string[] {
  return stoppables.filter(one => one instanceof Wait).map(({ reason }) => reason)
}

class Wait<T> implements Parked<T>, Stoppable, LimitOwner {
  readonly reason: string
  readonly resource: object
  readonly promise: Promise<T>
  readonly runtime: Runtime = runtime()
  next: Wait<any> | undefined
  #previous: Wait<any> | undefined
  readonly strand: Strand | undefined
  #state: ParkedState = 'waiting'
  #resolve!: (value: T) => void
  #reject!: (error: unknown) => void
  #guards: Guards | undefined

  constructor(reason: string, resource: object, strand: Strand | undefined) {
    this.reason = reason
    this.resource = resource
    this.strand = strand
    noteBirth(this)
    this.promise = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    if (newest === undefined) oldest = this
    else newest.next = this
    this.#previous = newest
    newest = this
  }

  get who(): string {
    return this.strand?.name ?? 'main'
  }

  get state(): ParkedState {
    return this.#state
  }

  unpark(value: T): boolean {
    if (!this.#end('unparked')) return false
    if (this.runtime === realRuntime) this.#resolve(value)
    else this.runtime.resume(this.who, this.reason, () => this.#resolve(value))
    return true
  }

  fail(error: unknown): boolean {
    if (!this.#end('failed')) return false
    this.runtime.resume(this.who, this.reason, () => this.#reject(error))
    return true
  }

  failFor(error: unknown): boolean {
    if (!this.#end('failed')) return false
    this.runtime.resume(this.who, this.reason, () => rejectTo(this.#reject, this.#resolve, error))
    return true
  }

  /** Its time has passed. */
  timedOut(timeoutMs: number): void {
    const { onGivenUp } = this.#guards ?? {}
    if (!this.#end('given up')) return
    const error = new TimeoutError(
      `The wait for ${this.reason} did not end within ${timeoutMs} ms.`,
      timeoutMs,
    )
    this.runtime.resume(this.who, this.reason, () => rejectTo(this.#reject, this.#resolve, error))
    onGivenUp?.(this)
  }

  /** Its strand was cancelled, or its signal aborted. */
  stop(reason: unknown): void {
    const { onGivenUp } = this.#guards ?? {}
    if (!this.#end('given up')) return
    this.runtime.resume(this.who, this.reason, () => this.#reject(reason))
    onGivenUp?.(this)
  }

  /** Its signal has aborted. */
  aborted(reason: unknown): void {
    this.stop(reason)
  }

  guard(options: ParkOptions, strand: Strand | undefined) {
    const { signal, onGivenUp } = options
    this.#guards = { strand, onGivenUp, limit: undefined }
    if (strand?.stopped) return this.stop(strand.reason)
    if (signal?.aborted) return this.stop(signal.reason)
    strand?.hold(this)
    this.#guards.limit = Limit.begin(options, this, this.runtime)
  }

  /** The one place where a wait ends, whatever ended it: nothing stays behind. */
  #end(as: ParkedState): boolean {
    if (this.#state !== 'waiting') return false
    this.#state = as
    this.#unlink()
    if (this.#guards !== undefined) {
      const { strand, limit } = this.#guards
      this.#guards = undefined
      strand?.release(this)
      limit?.end()
    }
    return true
  }

  #unlink(): void {
    if (this.#previous === undefined) oldest = this.next
    else this.#previous.next = this.next
    if (this.next === undefined) newest = this.#previous
    else this.next.#previous = this.#previous
    this.next = undefined
    this.#previous = undefined
  }
}

/** What could give a wait up, to be taken back when it ends. */
interface Guards {
  readonly strand: Strand | undefined
  readonly onGivenUp: ParkOptions['onGivenUp']
  limit: Limit | undefined
}
