/**
 * Again, after a while, if it failed.
 *
 * Full jitter: each delay is drawn evenly between 0 and a bound that grows, so that many callers who failed together do not
 * come back together. Marc Brooker: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
import { checkCount, checkFunction, checkMs, checkOptions, optionNames, shown } from '../../checks.ts'
import { OptionError, RetryError, TimeoutError } from '../../errors.ts'
import { runtime } from '../../runtime/runtime.ts'
import { currentStrand, type Strand } from '../../runtime/strand.ts'
import { isCancellation } from '../scope/child.ts'
import { openScope, type Scope, type ScopeOptions, scopeOptionNames } from '../scope/scope.ts'
import type { Attempt } from './hedge.ts'
import { sleep } from './sleep.ts'

/** So many failures are kept: the latest. */
const mostErrors = 1_000

export interface RetryOptions extends ScopeOptions {
  /** The most attempts, the first one counted. Default 3. */
  readonly attempts?: number | undefined
  /** The bound of the first delay. Default 100. */
  readonly minDelayMs?: number | undefined
  /** No delay is longer. Default 30,000. */
  readonly maxDelayMs?: number | undefined
  /** How much the bound grows with each attempt. Default 2. */
  readonly factor?: number | undefined
  /** `full`: a delay is anything from 0 to the bound. `none`: it is the bound. Default `full`. */
  readonly jitter?: 'full' | 'none' | undefined
  /** Says whether to go on after a failure; if not, that failure is thrown as itself. Default: always. */
  readonly retryIf?: ((error: unknown, attempt: number) => boolean | PromiseLike<boolean>) | undefined
}

const retryOptionNames = optionNames<RetryOptions>({
  attempts: true,
  minDelayMs: true,
  maxDelayMs: true,
  factor: true,
  jitter: true,
  retryIf: true,
  ...scopeOptionNames,
})

/**
 * Runs `fn` until it succeeds, with a growing delay in between. `timeoutMs` is for all attempts together; for each one
 * alone, put `timeout()` in `fn`.
 *
 * Throws a RetryError when the last attempt failed, with what each threw; what `retryIf` refused, as itself; a TimeoutError
 * whose `cause` is the failures until then. Cancelled from outside it throws the reason, and no attempt follows.
 * @throws OptionError
 * @example
 *     const page = await retry(({ signal }) => fetch(url, { signal }), { attempts: 5, timeoutMs: 10_000 })
 */
export function retry<T>(
  fn: (attempt: Attempt) => T | PromiseLike<T>,
  options: RetryOptions = {},
): Promise<Awaited<T>> {
  options = checkOptions('retry(fn, …)', options, retryOptionNames)
  const {
    attempts = 3,
    minDelayMs = 100,
    maxDelayMs = 30_000,
    factor = 2,
    jitter = 'full',
    retryIf,
  } = options
  checkFunction('retry(fn)', fn, '({ signal }) => fetch(url, { signal })')
  checkCount('retry(fn, { attempts })', attempts)
  checkMs('retry(fn, { minDelayMs })', minDelayMs)
  checkMs('retry(fn, { maxDelayMs })', maxDelayMs)
  if (!(factor >= 1))
    throw new OptionError(`retry(fn, { factor }) takes a number from 1 up; it got ${shown(factor)}.`)
  if (jitter !== 'full' && jitter !== 'none')
    throw new OptionError(`retry(fn, { jitter }) takes 'full' or 'none'; it got ${shown(jitter)}.`)
  if (retryIf !== undefined) checkFunction('retry(fn, { retryIf })', retryIf, 'error => error.status === 503')
  const name = options.name ?? (fn.name || 'retry')
  const errors: unknown[] = []
  let within: Strand | undefined

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
        if (retryIf !== undefined && !(await retryIf(error, attempt))) throw error
        if (attempt >= attempts) throw new RetryError(name, errors)
      }
      const boundMs = Math.min(maxDelayMs, minDelayMs * factor ** (attempt - 1))
      await sleep(jitter === 'full' ? runtime().random() * boundMs : boundMs)
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
