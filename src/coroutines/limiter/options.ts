/** What a limiter and its calls can be told, and what they refuse. */
import {
  checkCount,
  checkFinite,
  checkMs,
  checkOptions,
  checkSignal,
  checkText,
  optionNames,
  shown,
} from '../../checks.ts'
import { OptionError } from '../../errors.ts'
import type { Rate } from './rate.ts'

/** What a limiter may be made with. */
export interface LimiterOptions {
  /**
   * How many calls may be under way at a time. Default: no limit, if there is a `rate`. Can be
   * changed later.
   */
  readonly concurrency?: number
  /** How many calls may begin in a stretch of time. Default: no limit. */
  readonly rate?: Rate
  /** The most calls that wait; one more rejects with QueueFullError. Default 1,000,000. */
  readonly queueLimit?: number
  /** The time limit, in milliseconds, of every call that has none of its own. Default: no limit. */
  readonly timeoutMs?: number
  /** Shown in errors and wherever it is shown who waits for what. Default `a limiter`. */
  readonly name?: string
}

/** Options of one call. */
export interface LimitedOptions {
  /**
   * Calls of higher priority leave the queue first; first come, first served within one; every
   * eighth is the one that has waited longest. Default 0.
   */
  readonly priority?: number
  /**
   * How many of the places it takes. A call that waits for several places lets none behind it
   * overtake. Default 1.
   */
  readonly weight?: number
  /**
   * Drops the call from the queue when it aborts; in a running one, the signal that its function
   * was given aborts. Default: none.
   */
  readonly signal?: AbortSignal
  /**
   * The call must end within so many milliseconds, counted from `run`; time in the queue counts; 0
   * gives it one turn of the event loop. Default: the limiter's.
   */
  readonly timeoutMs?: number
}

/** What a wait for the limiter itself can be told. */
export interface LimiterWaitOptions {
  /** Ends the wait; it rejects with the signal's reason. Default: none. */
  readonly signal?: AbortSignal
  /** How long it waits at the most, in milliseconds. Default: no limit. */
  readonly timeoutMs?: number
}

const limiterOptionNames = optionNames<LimiterOptions>({
  concurrency: true,
  rate: true,
  queueLimit: true,
  timeoutMs: true,
  name: true,
})
const limitedOptionNames = optionNames<LimitedOptions>({
  priority: true,
  weight: true,
  signal: true,
  timeoutMs: true,
})
const waitOptionNames = optionNames<LimiterWaitOptions>({ signal: true, timeoutMs: true })

/** @throws OptionError */
export function checkLimiter(options: LimiterOptions): LimiterOptions {
  options = checkOptions('new Limiter(…)', options, limiterOptionNames)
  const { concurrency, rate, queueLimit, timeoutMs, name } = options
  if (concurrency === undefined && rate === undefined)
    throw new OptionError(
      'new Limiter(…) takes what to limit: new Limiter(10), new Limiter({ concurrency: 10 }) or new Limiter({ rate: { calls: 10, perMs: 1_000 } }).',
    )
  if (concurrency !== undefined) checkCount('new Limiter({ concurrency })', concurrency)
  if (queueLimit !== undefined && !(queueLimit >= 0))
    throw new OptionError(`new Limiter({ queueLimit }) takes 0 or more; it got ${shown(queueLimit)}.`)
  if (timeoutMs !== undefined) checkMs('new Limiter({ timeoutMs })', timeoutMs)
  if (name !== undefined) checkText('new Limiter({ name })', name, "'the shop'")
  return options
}

/** @throws OptionError if a method was taken off its limiter. */
export function checkTakenOff(limiter: unknown, method: string): void {
  if (limiter === undefined)
    throw new OptionError(
      `${method}(…) was called without its limiter. Write limiter.${method}(…), or keep (...args) => limiter.${method}(...args).`,
    )
}

/** @throws OptionError */
export function checkLimited(options: LimitedOptions, concurrency: number): LimitedOptions {
  options = checkOptions('limiter.run(fn, …)', options, limitedOptionNames)
  checkLimits(options, concurrency)
  return options
}

/** Checks the values alone, for those who take other options beside them. @throws OptionError */
export function checkLimits(
  { priority, weight, signal, timeoutMs }: LimitedOptions,
  concurrency: number,
): void {
  checkFinite('{ priority }', priority)
  if (weight !== undefined && !(Number.isSafeInteger(weight) && weight >= 1 && weight <= concurrency))
    throw new OptionError(
      `{ weight } takes a whole number from 1 up to the concurrency, which is ${concurrency}; it got ${shown(weight)}.`,
    )
  checkSignal('{ signal }', signal)
  if (timeoutMs !== undefined) checkMs('{ timeoutMs }', timeoutMs)
}

/** @throws OptionError */
export function checkWait(options: LimiterWaitOptions): LimiterWaitOptions {
  options = checkOptions('a wait for a limiter', options, waitOptionNames)
  const { signal, timeoutMs } = options
  checkSignal('{ signal }', signal)
  if (timeoutMs !== undefined) checkMs('{ timeoutMs }', timeoutMs)
  return options
}
