/**
 * Again, after a while, if it failed.
 *
 * Full jitter: each delay is drawn evenly between 0 and a bound that grows, so that many callers
 * who failed together do not come back together. Marc Brooker: "Exponential Backoff And Jitter",
 * AWS Architecture Blog, 2015.
 */
import {
  checkCount,
  checkFlag,
  checkFunction,
  checkMs,
  checkOptions,
  optionNames,
  shown,
} from '../../checks.ts'
import { OptionError, RetryError, TimeoutError } from '../../errors.ts'
import { runtime } from '../../runtime/runtime.ts'
import { currentStrand, type Strand } from '../../runtime/strand.ts'
import { isCancellation } from '../scope/child.ts'
import { openScope, type Scope, type ScopeOptions, scopeOptionNames } from '../scope/scope.ts'
import type { Attempt } from './hedge.ts'
import { sleep } from './sleep.ts'

/** How many failures are kept: the latest. */
const mostErrors = 1_000

/** What `retry` may be told. */
export interface RetryOptions extends ScopeOptions {
  /** The most attempts, the first one counted. Default 3. */
  readonly attempts?: number | undefined
  /** The bound of the first delay. Default 100 ms. */
  readonly minDelayMs?: number | undefined
  /**
   * No delay is longer, but one that `delayMs` says. Default 30,000 ms, or `minDelayMs` where that
   * is more.
   */
  readonly maxDelayMs?: number | undefined
  /** How much the bound grows with each attempt. Default 2. */
  readonly factor?: number | undefined
  /** `full`: a delay is anything from 0 to the bound. `none`: it is the bound. Default `full`. */
  readonly jitter?: 'full' | 'none' | undefined
  /**
   * Says how many milliseconds to wait after this failure, as a `Retry-After` header does: from 0
   * up, whatever `maxDelayMs` is. Below 0 is no time; `undefined` and NaN leave the delay as it
   * would be. Default: the jittered bound.
   */
  readonly delayMs?: ((error: any, attempt: number) => number | undefined) | undefined
  /**
   * Told of every failure, before it is decided whether to go on; waited for. What it throws ends
   * it all, as itself. Default: nobody is told.
   */
  readonly onFailure?: ((failure: RetryFailure) => unknown) | undefined
  /** Lets the program end though a delay is not over. Default false. */
  readonly unref?: boolean | undefined
  /**
   * Says whether to go on after a failure; if not, that failure is thrown as itself. Default:
   * always.
   */
  readonly retryIf?: ((error: unknown, attempt: number) => boolean | PromiseLike<boolean>) | undefined
}

/** One failure of several. */
export interface RetryFailure {
  readonly error: unknown
  /** 1 for the first. */
  readonly attempt: number
  /** How many attempts are left: 0 after the last. */
  readonly left: number
}

const retryOptionNames = optionNames<RetryOptions>({
  attempts: true,
  minDelayMs: true,
  maxDelayMs: true,
  factor: true,
  jitter: true,
  retryIf: true,
  delayMs: true,
  onFailure: true,
  unref: true,
  ...scopeOptionNames,
})

/**
 * Runs `fn` until it succeeds, with a growing delay in between. `timeoutMs` is for all attempts
 * together; for each one alone, put `timeout()` in `fn`.
 *
 * Throws a RetryError when the last attempt failed, with what each threw; what `retryIf` refused,
 * as itself; a TimeoutError whose `cause` is the failures until then. Cancelled from outside it
 * throws the reason, and no attempt follows.
 * @throws OptionError
 * @example
 * const page = await retry(({ signal }) => fetch(url, { signal }), { attempts: 5, timeoutMs: 10_000
 * })
 */
export function retry<T>(
  fn: (attempt: Attempt) => T | PromiseLike<T>,
  options: RetryOptions = {},
): Promise<Awaited<T>> {
  options = checkOptions('retry(fn, …)', options, retryOptionNames)
  const {
    attempts = 3,
    minDelayMs = 100,
    maxDelayMs = Math.max(30_000, minDelayMs),
    factor = 2,
    jitter = 'full',
    retryIf,
    delayMs,
    onFailure,
    unref,
  } = options
  checkFunction('retry(fn)', fn, '({ signal }) => fetch(url, { signal })')
  checkCount('retry(fn, { attempts })', attempts)
  checkMs('retry(fn, { minDelayMs })', minDelayMs)
  checkMs('retry(fn, { maxDelayMs })', maxDelayMs)
  if (maxDelayMs < minDelayMs)
    throw new OptionError(
      `retry(fn, { minDelayMs, maxDelayMs }) takes a maxDelayMs of at least minDelayMs; it got ${maxDelayMs} and ${minDelayMs}.`,
    )
  if (delayMs !== undefined) checkFunction('retry(fn, { delayMs })', delayMs, 'error => error.retryAfterMs')
  if (onFailure !== undefined)
    checkFunction('retry(fn, { onFailure })', onFailure, '({ error, attempt }) => log(error)')
  checkFlag('retry(fn, { unref })', unref)
  if (!(factor >= 1))
    throw new OptionError(`retry(fn, { factor }) takes a number from 1 up; it got ${shown(factor)}.`)
  if (jitter !== 'full' && jitter !== 'none')
    throw new OptionError(`retry(fn, { jitter }) takes 'full' or 'none'; it got ${shown(jitter)}.`)
  if (retryIf !== undefined) checkFunction('retry(fn, { retryIf })', retryIf, 'error => error.status === 503')
  const name = options.name ?? (fn.name || 'retry')
  const errors: unknown[] = []
  let within: Strand | undefined

  function delayAfter(error: unknown, attempt: number): number {
    const told = delayMs?.(error, attempt)
    if (told !== undefined && typeof told !== 'number')
      throw new OptionError(
        `retry(fn, { delayMs }) must return a number of milliseconds, or undefined; it returned ${shown(told)}.`,
        { cause: error },
      )
    if (told !== undefined && !Number.isNaN(told)) return Math.max(0, told)
    // 0 × ∞ is not a number: a factor to the power of a thousand is ∞.
    const boundMs = minDelayMs === 0 ? 0 : Math.min(maxDelayMs, minDelayMs * factor ** (attempt - 1))
    return jitter === 'full' ? runtime().random() * boundMs : boundMs
  }

  async function loop(s: Scope): Promise<T> {
    const own = currentStrand() as Strand
    within = own
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await fn({ name, signal: s.signal, attempt })
      } catch (error) {
        if (isCancellation(error, own)) throw error
        if (errors.push(error) > mostErrors) errors.shift()
        if (own.stopped) throw error
        if (onFailure !== undefined) await onFailure({ error, attempt, left: attempts - attempt })
        if (retryIf !== undefined && !(await retryIf(error, attempt))) throw error
        if (attempt >= attempts) throw new RetryError(name, errors, attempt)
        await sleep(delayAfter(error, attempt), { unref })
      }
    }
  }

  const around = currentStrand()
  return openScope(loop, { ...options, name }).catch(error => {
    // Its own time is up, not that of what is around: the failures until then are the cause.
    if (
      error instanceof TimeoutError &&
      error === within?.reason &&
      error !== around?.reason &&
      errors.length > 0
    )
      error.cause = new RetryError(name, errors)
    throw error
  }) as Promise<Awaited<T>>
}
