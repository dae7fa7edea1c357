/** Options of single calls, given through `executor.with(…)`. */
import { OptionError } from '../errors.ts'

export interface CallOptions {
  /** Cancels the calls when it aborts; one that has aborted already cancels them before they are queued. */
  readonly signal?: AbortSignal
  /** The calls must end within this time, counted from `run` or `map`; time in the queue counts. Default: no limit. */
  readonly timeoutMs?: number
  /** Calls of higher priority leave the queue first; first come, first served within one; every eighth is the one that has waited longest. Default 0. */
  readonly priority?: number
  /**
   * How many values a generator may be ahead of the last one that was taken from its `stream`. Default 256. Without meaning
   * on `coroutines`, where a generator goes on only when a value is asked for.
   */
  readonly ahead?: number
}

/**
 * Lays `more` over `options`; both signals count, and so does the shorter time.
 * @throws OptionError
 */
export function mergeCallOptions(options: CallOptions, more: CallOptions): CallOptions {
  const { signal, timeoutMs, priority, ahead } = more
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new OptionError(
      'with({ signal }) takes an AbortSignal, as `new AbortController().signal` or `AbortSignal.timeout(500)`.',
    )
  }
  if (timeoutMs !== undefined && !(timeoutMs > 0)) {
    throw new OptionError(`with({ timeoutMs }) takes a number of milliseconds above 0; it got ${timeoutMs}.`)
  }
  if (priority !== undefined && !Number.isFinite(priority)) {
    throw new OptionError(`with({ priority }) takes a finite number; it got ${priority}.`)
  }
  if (ahead !== undefined && !(Number.isSafeInteger(ahead) && ahead >= 1))
    throw new OptionError(`with({ ahead }) takes a whole number from 1 up; it got ${String(ahead)}.`)
  return {
    ...options,
    ...(ahead !== undefined ? { ahead } : {}),
    ...(priority !== undefined ? { priority } : {}),
    ...(signal !== undefined ? { signal } : {}),
    ...(timeoutMs !== undefined ? { timeoutMs } : {}),
    ...(signal && options.signal ? { signal: AbortSignal.any([options.signal, signal]) } : {}),
    ...(timeoutMs && options.timeoutMs ? { timeoutMs: Math.min(timeoutMs, options.timeoutMs) } : {}),
  }
}
