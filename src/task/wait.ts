/**
 * Many futures, or children of scopes, at once: each as it settles, or all, or the first of them.
 */
import { checkMs, checkOptions, checkSignal, optionNames, shown } from '../checks.ts'
import { OptionError, TimeoutError } from '../errors.ts'
import { type Parked, park } from '../runtime/park.ts'
import { runtime } from '../runtime/runtime.ts'
import type { Future } from './future.ts'
import { checkSettleable, isSettled, type Settleable, whenSettled } from './settling.ts'

/** What has settled, and where it stood among those that were given. */
export interface Completed<F extends Settleable = Future<unknown>> {
  readonly future: F
  readonly index: number
}

/** What ends `asCompleted` early. */
export interface CompletedOptions {
  /** The loop throws its reason when it aborts. Default: none. */
  readonly signal?: AbortSignal | undefined
  /**
   * All must have settled within so many milliseconds of the call, or the loop throws a
   * TimeoutError. Default: no limit.
   */
  readonly timeoutMs?: number | undefined
}

const completedOptionNames = optionNames<CompletedOptions>({ signal: true, timeoutMs: true })

/**
 * Yields futures, or children of a scope, as they settle, the earliest first, each once. Leaving
 * the loop cancels nothing.
 *
 * Each comes in an object: a loop would await a bare future, and throw where one has failed. A
 * cancelled scope or task around ends the loop, as its signal and its time do.
 *
 * @throws OptionError
 * @example
 *     for await (const { future, index } of asCompleted(futures)) console.log(index, future.state)
 */
export function asCompleted<F extends Settleable>(
  futures: Iterable<F>,
  options: CompletedOptions = {},
): AsyncIterableIterator<Completed<F>, void> {
  options = checkOptions('asCompleted(futures, …)', options, completedOptionNames)
  const { signal, timeoutMs = Number.POSITIVE_INFINITY } = options
  checkSignal('asCompleted(futures, { signal })', signal)
  checkMs('asCompleted(futures, { timeoutMs })', timeoutMs)
  return new AsCompleted(checkSettleable('asCompleted', futures), signal, timeoutMs)
}

class AsCompleted<F extends Settleable> implements AsyncIterableIterator<Completed<F>, void> {
  /** Those that nobody has taken yet, from `#taken` on. */
  #settled: Completed<F>[] = []
  #taken = 0
  /** Who waits for the next, in order. */
  readonly #waiting = new Set<Parked<Completed<F> | undefined>>()
  /** How many more there are for those who come. */
  #left: number
  readonly #forget: (() => void)[] = []
  readonly #signal: AbortSignal | undefined
  readonly #timeoutMs: number
  readonly #deadlineMs: number

  constructor(futures: Iterable<F>, signal: AbortSignal | undefined, timeoutMs: number) {
    this.#signal = signal
    this.#timeoutMs = timeoutMs
    this.#deadlineMs = runtime().now() + timeoutMs
    const all = new Map<F, number>()
    let given = 0
    for (const future of futures) {
      if (!all.has(future)) all.set(future, given)
      given += 1
    }
    this.#left = all.size
    for (const [future, index] of all)
      this.#forget.push(future[whenSettled](() => this.#arrived({ future, index })))
  }

  async next(): Promise<IteratorResult<Completed<F>, void>> {
    this.#signal?.throwIfAborted()
    if (this.#left === 0) return { done: true, value: undefined }
    this.#left -= 1
    const found = this.#take() ?? (await this.#wait())
    return found === undefined ? { done: true, value: undefined } : { done: false, value: found }
  }

  async return(): Promise<IteratorResult<Completed<F>, void>> {
    this.#left = 0
    for (const forget of this.#forget) forget()
    for (const waiting of this.#waiting) waiting.unpark(undefined)
    this.#waiting.clear()
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #arrived(completed: Completed<F>): void {
    for (const waiting of this.#waiting) {
      this.#waiting.delete(waiting)
      if (waiting.unpark(completed)) return
    }
    this.#settled.push(completed)
  }

  #take(): Completed<F> | undefined {
    const found = this.#settled[this.#taken]
    if (found === undefined) return undefined
    this.#taken += 1
    if (this.#taken > 1_024 && this.#taken * 2 > this.#settled.length) {
      this.#settled = this.#settled.slice(this.#taken)
      this.#taken = 0
    }
    return found
  }

  async #wait(): Promise<Completed<F> | undefined> {
    const leftMs = this.#deadlineMs - runtime().now()
    const waiting = park<Completed<F> | undefined>('the next future to settle', this, {
      signal: this.#signal,
      timeoutMs: Math.max(0, leftMs),
      onGivenUp: given => {
        this.#waiting.delete(given)
        this.#left += 1 // Nobody has got it.
      },
    })
    if (waiting.state === 'waiting') this.#waiting.add(waiting)
    try {
      return await waiting.promise
    } catch (error) {
      if (!(error instanceof TimeoutError) || leftMs === Number.POSITIVE_INFINITY) throw error
      if (runtime().now() < this.#deadlineMs) throw error // That of what is around.
      throw new TimeoutError(
        `asCompleted(…) waited ${this.#timeoutMs} ms in all; ${this.#left} have not settled.`,
        this.#timeoutMs,
      )
    }
  }
}

/** What `wait` found: two sets that together hold all that was asked for. */
export interface Waited<F extends Settleable = Future<unknown>> {
  /** Done, failed or cancelled. */
  readonly settled: ReadonlySet<F>
  readonly pending: ReadonlySet<F>
}

/** What `wait` can be told. */
export interface FuturesWaitOptions {
  /** What it waits for. Default: all. */
  readonly until?: 'all' | 'first' | 'failure'
  /** Ends the wait when it aborts, with its reason. Default: none. */
  readonly signal?: AbortSignal | undefined
  /** How long it waits at most, in milliseconds. Default: no limit. */
  readonly timeoutMs?: number
}

const futuresWaitOptionNames = optionNames<FuturesWaitOptions>({ until: true, signal: true, timeoutMs: true })

/**
 * Waits until all futures, or children of a scope, have settled, or the first has, or the first has
 * failed; never throws because of a failure. When `timeoutMs` passes first, it returns with what
 * there is. A cancelled scope or task around ends the wait with its reason. Nothing of it stays
 * with what has not settled.
 *
 * @throws OptionError if `until` or `timeoutMs` is none of those allowed
 */
export async function wait<F extends Settleable>(
  futures: Iterable<F>,
  options: FuturesWaitOptions = {},
): Promise<Waited<F>> {
  options = checkOptions('wait(futures, …)', options, futuresWaitOptionNames)
  const { until = 'all', signal, timeoutMs = Number.POSITIVE_INFINITY } = options
  if (!['all', 'first', 'failure'].includes(until)) {
    throw new OptionError(`wait(…, { until }) takes 'all', 'first' or 'failure'; it got ${shown(until)}.`)
  }
  checkSignal('wait(…, { signal })', signal)
  checkMs('wait(…, { timeoutMs })', timeoutMs)
  const pending = new Set(checkSettleable('wait', futures))
  const settled = new Set<F>()
  const enough = park<void>(`until ${until} of ${pending.size} futures settled`, pending, { signal })
  const note = (future: F) => {
    if (enough.state !== 'waiting' && !isSettled(future)) return
    pending.delete(future)
    settled.add(future)
    const failed = future.state === 'failed' || future.state === 'cancelled'
    if (pending.size === 0 || until === 'first' || (until === 'failure' && failed)) enough.unpark()
  }
  if (pending.size === 0) enough.unpark()
  const forget = [...pending].map(future => future[whenSettled](() => note(future)))
  const timer =
    enough.state !== 'waiting' || timeoutMs === Number.POSITIVE_INFINITY
      ? undefined
      : runtime().setTimer(timeoutMs, () => enough.unpark())
  try {
    await enough.promise
  } finally {
    timer?.cancel()
    for (const forgetOne of forget) forgetOne()
  }
  return { settled, pending }
}
