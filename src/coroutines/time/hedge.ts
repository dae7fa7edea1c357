/**
 * A second request when the first is slow, against a long tail of latencies.
 *
 * Jeffrey Dean, Luiz André Barroso: "The Tail at Scale", Communications of the ACM 56(2), 2013.
 */
import { checkCount, checkFunction, checkMs, checkOptions, optionNames, shown } from '../../checks.ts'
import { park } from '../../runtime/park.ts'
import { runtime, type Timer } from '../../runtime/runtime.ts'
import type { ChildContext } from '../scope/child.ts'
import { openScope, type Scope, type ScopeOptions, scopeOptionNames } from '../scope/scope.ts'

/** What `hedge` may be told. */
export interface HedgeOptions extends ScopeOptions {
  /**
   * The next attempt starts when so many milliseconds have passed without a value; take the latency
   * that 95 % of calls keep.
   */
  readonly delayMs: number
  /** The most attempts. Default 2. */
  readonly max?: number | undefined
}

const hedgeOptionNames = optionNames<HedgeOptions>({ delayMs: true, max: true, ...scopeOptionNames })

/** What an attempt knows about itself. */
export interface Attempt extends ChildContext {
  /** 1 for the first. */
  readonly attempt: number
}

/**
 * Runs `fn`, and again each time `delayMs` has passed or an attempt has failed, up to `max` times;
 * the first value decides, and the other attempts are cancelled. So `fn` must be safe to run twice.
 *
 * If all attempts fail it throws an AggregateError of what they threw, in order. Throws like a
 * scope where it is cancelled, or where an attempt does not stop.
 * @throws OptionError
 * @example
 *     const page = await hedge(({ signal }) => fetch(url, { signal }), { delayMs: 300 })
 */
export function hedge<T>(
  fn: (attempt: Attempt) => T | PromiseLike<T>,
  given: HedgeOptions,
): Promise<Awaited<T>> {
  checkFunction('hedge(fn)', fn, '({ signal }) => fetch(url, { signal })')
  given = checkOptions('hedge(fn, …)', given, hedgeOptionNames)
  const { delayMs, max = 2, ...options } = given
  checkMs('hedge(fn, { delayMs })', delayMs)
  checkCount('hedge(fn, { max })', max)
  return openScope(s => attempts(s, fn, delayMs, max), { name: fn.name || 'hedge', ...options }) as Promise<
    Awaited<T>
  >
}

async function attempts<T>(
  s: Scope,
  fn: (attempt: Attempt) => T | PromiseLike<T>,
  delayMs: number,
  max: number,
): Promise<Awaited<T>> {
  const errors: unknown[] = []
  let started = 0
  let failed = 0
  let timer: Timer | undefined
  const first = park<Awaited<T>>(`the first of ${max} attempts to succeed`, fn, {
    onGivenUp: () => timer?.cancel(),
  })
  const next = () => {
    timer?.cancel()
    timer = undefined
    if (first.state !== 'waiting' || started === max) return
    started += 1
    const attempt = started
    s.spawn(
      async ({ name, signal }) => {
        try {
          first.unpark(await fn({ name, signal, attempt }))
        } catch (error) {
          errors[attempt - 1] = error
          failed += 1
          if (failed === max)
            first.fail(
              new AggregateError(errors, `All ${max} attempts failed; the first: ${shown(errors[0])}`),
            )
          else next()
        }
      },
      { name: `attempt ${attempt}` },
    )
    if (started < max) timer = runtime().setTimer(delayMs, next)
  }
  next()
  try {
    return await first.promise
  } finally {
    timer?.cancel()
    s.cancel()
  }
}
