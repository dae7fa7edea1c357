/** Options of single calls, given through `executor.with(…)`. */
import {
  checkFunction,
  checkOptions,
  checkSignal,
  checkTimeout,
  checkWhole,
  optionNames,
  shown,
} from '../checks.ts'
import { OptionError } from '../errors.ts'
import { keepingContext } from '../task/kept-context.ts'

/** What `with` sets for the calls of the view that it gives. */
export interface CallOptions {
  /**
   * Cancels the calls when it aborts; one that has aborted already cancels them before they are
   * queued. Default: none.
   */
  readonly signal?: AbortSignal
  /**
   * The calls must end within so many milliseconds, counted from `run` or `map`; time in the queue
   * counts. Default: no limit.
   */
  readonly timeoutMs?: number
  /**
   * Each call must end within so many milliseconds, counted from the moment when its task begins:
   * time in the queue, and the import of the task's module, do not count. Of a call that is
   * repeated each attempt has as long; of a `map` each input (they travel one by one then; with
   * `chunk`, a chunk has as long as its inputs together); of a stream the whole of it. Default: no
   * limit.
   */
  readonly runTimeoutMs?: number
  /**
   * Calls of higher priority leave the queue first; first come, first served within one; every
   * eighth is the one that has waited longest. Default 0.
   */
  readonly priority?: number
  /**
   * Calls of one key go to one worker, as long as it lives; so it may keep what belongs to the key
   * (a connection, a cache). Several keys share a worker. They go ahead of calls without a key.
   * Without meaning on `coroutines`; not for nested calls. Default: none.
   */
  readonly key?: string | number
  /**
   * How often a failed call is repeated: a task that threw, a worker that died. Only for tasks that
   * say they may run twice (`idempotent`). Not repeated: a call that was cancelled, timed out,
   * refused, or whose values can't cross. Default 0.
   */
  readonly retries?: number
  /**
   * Whether to repeat after this error of that attempt (1 for the first). What it throws, the call
   * fails with. Default: yes.
   */
  readonly retryIf?: (error: Error, attempt: number) => boolean
  /** How long a repeat waits. Default 0 ms: it is queued at once. */
  readonly retryDelayMs?: number
  /**
   * How many values a generator may be ahead of the last one that was taken from its `stream`.
   * Default 256. Without meaning on `coroutines`, where a generator goes on only when a value is
   * asked for.
   */
  readonly ahead?: number
}

const callOptionNames = optionNames<CallOptions>({
  signal: true,
  timeoutMs: true,
  runTimeoutMs: true,
  priority: true,
  key: true,
  retries: true,
  retryIf: true,
  retryDelayMs: true,
  ahead: true,
})

/**
 * No options. All are own properties, so that nothing on `Object.prototype` is taken for one, and
 * each is read fast.
 */
export const noCallOptions: CallOptions = Object.freeze({
  signal: undefined,
  timeoutMs: undefined,
  runTimeoutMs: undefined,
  priority: undefined,
  key: undefined,
  retries: undefined,
  retryIf: undefined,
  retryDelayMs: undefined,
  ahead: undefined,
} satisfies Record<keyof CallOptions, undefined>) as unknown as CallOptions

/**
 * Adds `more` to `options`: both signals count, and the shorter times.
 * @throws OptionError
 */
export function mergeCallOptions(options: CallOptions, more: CallOptions): CallOptions {
  more = checkOptions('with(…)', more, callOptionNames)
  const { signal, timeoutMs, runTimeoutMs, priority, key, retries, retryIf, retryDelayMs, ahead } = more
  checkSignal('with({ signal })', signal)
  if (timeoutMs !== undefined) checkTimeout('with({ timeoutMs })', timeoutMs)
  if (runTimeoutMs !== undefined) checkTimeout('with({ runTimeoutMs })', runTimeoutMs)
  if (priority !== undefined && !Number.isFinite(priority)) {
    throw new OptionError(`with({ priority }) takes a finite number; it got ${shown(priority)}.`)
  }
  if (key !== undefined && typeof key !== 'string' && typeof key !== 'number')
    throw new OptionError(`with({ key }) takes a text or a number; it got ${shown(key)}.`)
  if (retries !== undefined) checkWhole('with({ retries })', retries, 0)
  if (retryIf !== undefined) checkFunction('with({ retryIf })', retryIf, 'error => true')
  if (retryDelayMs !== undefined && !(retryDelayMs >= 0 && retryDelayMs < Number.POSITIVE_INFINITY)) {
    throw new OptionError(
      `with({ retryDelayMs }) takes 0 or more milliseconds; it got ${shown(retryDelayMs)}.`,
    )
  }
  if (ahead !== undefined) checkWhole('with({ ahead })', ahead, 1)
  return {
    ...noCallOptions,
    ...options,
    ...(retries !== undefined ? { retries } : {}),
    ...(retryIf !== undefined ? { retryIf: keepingContext(retryIf) } : {}),
    ...(retryDelayMs !== undefined ? { retryDelayMs } : {}),
    ...(ahead !== undefined ? { ahead } : {}),
    ...(priority !== undefined ? { priority } : {}),
    ...(key !== undefined ? { key } : {}),
    ...(signal !== undefined ? { signal } : {}),
    ...(timeoutMs !== undefined ? { timeoutMs } : {}),
    ...(runTimeoutMs !== undefined ? { runTimeoutMs } : {}),
    ...(signal && options.signal ? { signal: AbortSignal.any([options.signal, signal]) } : {}),
    ...(timeoutMs && options.timeoutMs ? { timeoutMs: Math.min(timeoutMs, options.timeoutMs) } : {}),
    ...(runTimeoutMs && options.runTimeoutMs
      ? { runTimeoutMs: Math.min(runTimeoutMs, options.runTimeoutMs) }
      : {}),
  }
}
