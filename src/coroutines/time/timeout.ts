/** A time limit on one piece of work. */
import { checkFunction, checkMs, checkOptions, checkSignal, optionNames } from '../../checks.ts'
import { park } from '../../runtime/park.ts'
import { isThenable } from '../../task/thenable.ts'
import type { ChildContext } from '../scope/child.ts'
import { openScope } from '../scope/scope.ts'

/** What `timeout` may be told. */
export interface TimeoutOptions {
  /** Cancels the work when it aborts; the reason is thrown. Default: none. */
  readonly signal?: AbortSignal | undefined
  /** How long a function that is cancelled may take to stop. Default 5,000 ms. */
  readonly graceMs?: number | undefined
}

const timeoutOptionNames = optionNames<TimeoutOptions>({ signal: true, graceMs: true })

/**
 * Gives `work` this much time. A function is run in a scope: past the time its signal aborts, it is
 * waited for until it has stopped, and a TimeoutError is thrown (an UnresponsiveError if it had not
 * stopped after `graceMs`).
 *
 * A promise can't be cancelled: past the time its outcome is no longer waited for, and its failure
 * is nobody's.
 * @throws OptionError
 * @example
 *     const page = await timeout(2_000, ({ signal }) => fetch(url, { signal }))
 */
export function timeout<T>(
  ms: number,
  work: ((work: ChildContext) => T | PromiseLike<T>) | PromiseLike<T>,
  options: TimeoutOptions = {},
): Promise<Awaited<T>> {
  checkMs('timeout(ms, …)', ms)
  options = checkOptions('timeout(ms, work, …)', options, timeoutOptionNames)
  checkSignal('timeout(…, { signal })', options.signal)
  if (typeof work === 'function')
    return openScope(work, { ...options, timeoutMs: ms, name: work.name || 'the work of timeout()' })
  if (!isThenable(work)) checkFunction('timeout(ms, work)', work, '({ signal }) => fetch(url, { signal })')
  return ofPromise(ms, work, options.signal)
}

function ofPromise<T>(
  ms: number,
  work: PromiseLike<T>,
  signal: AbortSignal | undefined,
): Promise<Awaited<T>> {
  const waiting = park<Awaited<T>>('a promise to settle', work, { signal, timeoutMs: ms })
  Promise.resolve(work).then(
    value => waiting.unpark(value as Awaited<T>),
    error => waiting.fail(error),
  )
  return waiting.promise
}
