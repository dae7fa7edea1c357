/** A limiter: bounds how many calls run at once and how many start per period; the rest wait. */
import { checkCount, checkFunction, shown } from '../../checks.ts'
import { OptionError } from '../../errors.ts'
import { currentStrand } from '../../runtime/strand.ts'
import type { Results } from '../../task/results.ts'
import { type LimitedContext, limitedCallsAround } from './call.ts'
import { checkLimitedMap, type LimitedMapOptions, runLimitedMap } from './limited-map.ts'
import { LimitedRun } from './limited-run.ts'
import { listLimiter } from './live.ts'
import {
  checkLimited,
  checkLimiter,
  checkTakenOff,
  checkWait,
  type LimitedOptions,
  type LimiterOptions,
  type LimiterWaitOptions,
} from './options.ts'
import { type Limits, Places } from './places.ts'
import { openWindow } from './rate.ts'

const defaultQueueLimit = 1_000_000

/**
 * Runs functions on this event loop, at most `concurrency` at a time and at most `rate.calls` in
 * `rate.perMs`; the others wait in a queue. For what must not be done too often at once: requests
 * to one host, open files, memory in use.
 *
 * Every call runs in the context of its caller (AsyncLocalStorage), and in the scope around the
 * caller: a cancelled scope drops its queued calls and aborts the signal of those that run.
 *
 * A call may use its own limiter. While it awaits calls within it that have no place, one of them
 * at a time runs on its place, before all that is queued: so nesting never deadlocks, and no more
 * calls than `concurrency` do anything but wait. A call that it does not await, as
 * `void limiter.run(…)` or `limiter.run(…).catch(report)`, waits its turn.
 *
 * Costs some 1.2 µs a call while a hundred thousand are queued, a fifth of that in `map`
 * (`npm run bench -- --only limiter,loop-map`).
 *
 * @throws OptionError
 * @example
 *     const limiter = new Limiter({ concurrency: 10, rate: { calls: 100, perMs: 1_000 } })
 *     const page = await limiter.run(({ signal }) => fetch(url, { signal }), { timeoutMs: 5_000 })
 *     const pages = await limiter.map(urls, url => fetch(url))
 */
export class Limiter {
  readonly name: string
  readonly #places: Places
  readonly #run: LimitedRun
  readonly #timeoutMs: number | undefined

  constructor(limits: number | LimiterOptions) {
    let options = typeof limits === 'number' ? { concurrency: limits } : limits
    if (typeof options !== 'object' || options === null)
      throw new OptionError(`new Limiter(…) takes a number of places, or options; it got ${shown(limits)}.`)
    options = checkLimiter(options)
    this.name = options.name ?? 'a limiter'
    this.#timeoutMs = options.timeoutMs
    this.#places = new Places({
      name: this.name,
      resource: this,
      concurrency: options.concurrency ?? Number.POSITIVE_INFINITY,
      queueLimit: options.queueLimit ?? defaultQueueLimit,
      rate: options.rate === undefined ? undefined : openWindow(options.rate),
    })
    this.#run = new LimitedRun(this.#places)
    listLimiter(this)
  }

  /**
   * Calls `fn` when it is its turn, never before this call has returned, and resolves to what it
   * returns. A function that ignores its signal keeps its place until it has ended, though its
   * promise has rejected.
   *
   * Rejects with what `fn` throws; with the signal's reason, or TimeoutError; with AbortError after
   * `clear()`; with QueueFullError.
   * @throws OptionError
   */
  run<R>(fn: (context: LimitedContext) => R, options?: LimitedOptions): Promise<Awaited<R>> {
    checkTakenOff(this, 'run')
    checkFunction('limiter.run(fn)', fn, '() => fetch(url)')
    if (options !== undefined) options = checkLimited(options, this.concurrency)
    return this.#run.admit(
      fn,
      this.#limitsOf(options),
      options?.priority ?? 0,
      options?.weight ?? 1,
    ) as Promise<Awaited<R>>
  }

  /**
   * The same function, limited: its calls wait their turn.
   * @throws OptionError
   */
  wrap<F extends (this: any, ...args: any[]) => unknown>(
    fn: F,
    options?: LimitedOptions,
  ): (this: ThisParameterType<F>, ...args: Parameters<F>) => Promise<Awaited<ReturnType<F>>> {
    checkTakenOff(this, 'wrap')
    checkFunction('limiter.wrap(fn)', fn, '() => fetch(url)')
    if (options !== undefined) options = checkLimited(options, this.concurrency)
    const limiter = this
    return function limited(...args) {
      return limiter.run(() => fn.apply(this, args) as ReturnType<F>, options)
    }
  }

  /**
   * Calls `fn` for each input, as places allow. Awaited: an array in the order of the inputs; the
   * first failure drops the rest, aborts the signals of those that run, and is thrown. `settled()`
   * goes on past failures. Iterated: a stream, with back-pressure. Inputs are read lazily, from any
   * iterable or async iterable, and closed when the run ends early.
   * @throws OptionError
   */
  map<T, R>(
    inputs: Iterable<T> | AsyncIterable<T>,
    fn: (input: T, index: number, context: LimitedContext) => R,
    options: LimitedMapOptions = {},
  ): Results<Awaited<R>> {
    checkTakenOff(this, 'map')
    checkFunction('limiter.map(inputs, fn)', fn, 'url => fetch(url)')
    options = checkLimitedMap(options, this.concurrency)
    return runLimitedMap(
      this.#places,
      { name: this.name, callTimeoutMs: this.#timeoutMs },
      inputs,
      fn,
      options,
    )
  }

  /** How many calls wait for a place. */
  get queued(): number {
    return this.#places.queued
  }

  /** How many calls are under way. */
  get running(): number {
    return this.#places.running
  }

  /** How many calls may be under way; takes effect at once, but ends none. @throws OptionError */
  get concurrency(): number {
    return this.#places.concurrency
  }

  set concurrency(places: number) {
    checkCount('limiter.concurrency', places)
    this.#places.concurrency = places
  }

  get paused(): boolean {
    return this.#places.paused
  }

  /** Whether calls wait because of the rate. */
  get rateLimited(): boolean {
    return this.#places.rateLimited
  }

  /** Begins no more calls; those under way go on. */
  pause(): void {
    this.#places.paused = true
  }

  resume(): void {
    this.#places.paused = false
  }

  /** Drops all that is queued: each call rejects with an AbortError, whose cause is `reason`. */
  clear(reason?: unknown): void {
    this.#places.clear(reason)
  }

  /** Waits until no call is queued or under way; at once, if that is so. @throws OptionError */
  idle(options?: LimiterWaitOptions): Promise<void> {
    const own = this.#callsAround()
    return this.#until('nothing to be left', () => this.running <= own && this.queued === 0, options, true)
  }

  /**
   * Waits until fewer than `count` calls are queued: so a fast producer keeps a short queue.
   * @throws OptionError
   */
  whenQueuedBelow(count: number, options?: LimiterWaitOptions): Promise<void> {
    checkMark('whenQueuedBelow(count)', count)
    return this.#until(`fewer than ${count} to be queued`, () => this.queued < count, options, false)
  }

  /**
   * Waits until fewer than `count` calls are under way; after `pause()`, 1 waits for the last of
   * them. @throws OptionError
   */
  whenRunningBelow(count: number, options?: LimiterWaitOptions): Promise<void> {
    checkMark('whenRunningBelow(count)', count)
    const own = this.#callsAround()
    return this.#until(`fewer than ${count} to run`, () => this.running - own < count, options, true)
  }

  #until(
    what: string,
    holds: () => boolean,
    options: LimiterWaitOptions | undefined,
    told: boolean,
  ): Promise<void> {
    if (options !== undefined) options = checkWait(options)
    return this.#places.until(`${what} in ${this.name}`, holds, options ?? {}, { told })
  }

  /** How many of its calls the caller itself is in: those can't end while it waits. */
  #callsAround(): number {
    let count = 0
    for (const call of limitedCallsAround(currentStrand()))
      if (call.giver === this.#places && !call.over) count += 1
    return count
  }

  #limitsOf(options: LimitedOptions | undefined): Limits | undefined {
    const signal = options?.signal
    const timeoutMs = options?.timeoutMs ?? this.#timeoutMs
    return signal === undefined && timeoutMs === undefined ? undefined : { signal, timeoutMs }
  }
}

function checkMark(what: string, count: number): void {
  if (!(count >= 1)) throw new OptionError(`limiter.${what} takes 1 or more; it got ${shown(count)}.`)
}
