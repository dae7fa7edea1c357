/** What a limiter and its calls can be told, and what they refuse. */
import { OptionError } from '../../errors.ts'
import type { Rate } from './rate.ts'

export interface LimiterOptions {
  /** How many calls may be under way at a time. Default: no limit, if there is a `rate`. Can be changed later. */
  readonly concurrency?: number
  /** How many calls may begin in a stretch of time. Default: no limit. */
  readonly rate?: Rate
  /** The most calls that wait; one more rejects with QueueFullError. Default 1,000,000. */
  readonly queueLimit?: number
  /** For every call that has none of its own. Default: no limit. */
  readonly timeoutMs?: number
  /** Shown in errors and wherever it is shown who waits for what. */
  readonly name?: string
}

/** Options of one call. */
export interface LimitedOptions {
  /** Calls of higher priority leave the queue first; first come, first served within one; every eighth is the one that has waited longest. Default 0. */
  readonly priority?: number
  /** How many of the places it takes. A call that waits for several places lets none behind it overtake. Default 1. */
  readonly weight?: number
  /** Drops the call from the queue when it aborts; in a running one, the signal that its function was given aborts. */
  readonly signal?: AbortSignal
  /** The call must end within this time, counted from `run`; time in the queue counts. Default: the limiter's. */
  readonly timeoutMs?: number
}

/** What a wait for the limiter itself can be told. */
export interface LimiterWaitOptions {
  readonly signal?: AbortSignal
  readonly timeoutMs?: number
}

/** @throws OptionError */
export function checkLimiter({ concurrency, rate, queueLimit, timeoutMs }: LimiterOptions): void {
  if (concurrency === undefined && rate === undefined)
    throw new OptionError(
      'new Limiter(…) takes what to limit: new Limiter(10), new Limiter({ concurrency: 10 }) or new Limiter({ rate: { calls: 10, perMs: 1_000 } }).',
    )
  if (concurrency !== undefined) checkConcurrency('new Limiter({ concurrency })', concurrency)
  if (queueLimit !== undefined && !(queueLimit >= 0))
    throw new OptionError(`new Limiter({ queueLimit }) takes 0 or more; it got ${String(queueLimit)}.`)
  if (timeoutMs !== undefined) checkTimeout('new Limiter({ timeoutMs })', timeoutMs)
}

/** @throws OptionError */
export function checkConcurrency(what: string, concurrency: number): void {
  if (!(concurrency >= 1 && (Number.isInteger(concurrency) || concurrency === Number.POSITIVE_INFINITY)))
    throw new OptionError(`${what} takes a whole number from 1 up; it got ${String(concurrency)}.`)
}

/** @throws OptionError */
export function checkLimited(
  { priority, weight, signal, timeoutMs }: LimitedOptions,
  concurrency: number,
): void {
  if (priority !== undefined && !Number.isFinite(priority))
    throw new OptionError(`{ priority } takes a finite number; it got ${String(priority)}.`)
  if (weight !== undefined && !(Number.isSafeInteger(weight) && weight >= 1 && weight <= concurrency))
    throw new OptionError(
      `{ weight } takes a whole number from 1 up to the concurrency, which is ${concurrency}; it got ${String(weight)}.`,
    )
  checkWait({ signal, timeoutMs })
}

/** @throws OptionError */
export function checkWait(options: {
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number | undefined
}): void {
  const { signal, timeoutMs } = options
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new OptionError(
      '{ signal } takes an AbortSignal, as `new AbortController().signal` or `AbortSignal.timeout(500)`.',
    )
  if (timeoutMs !== undefined) checkTimeout('{ timeoutMs }', timeoutMs)
}

/** @throws OptionError */
export function checkFunction(what: string, fn: unknown): void {
  if (typeof fn === 'function') return
  const got = fn instanceof Promise ? 'a promise, so it runs already' : fn === null ? 'null' : typeof fn
  throw new OptionError(`${what} takes a function, as () => fetch(url); it got ${got}.`)
}

function checkTimeout(what: string, timeoutMs: number): void {
  if (!(timeoutMs > 0))
    throw new OptionError(`${what} takes a number of milliseconds above 0; it got ${String(timeoutMs)}.`)
}
