/**
 * Several ways to one result, run beside each other; those that are no longer needed are cancelled
 * and waited for.
 */
import { checkFunction, checkOptions, shown } from '../../checks.ts'
import { OptionError } from '../../errors.ts'
import { park } from '../../runtime/park.ts'
import type { ChildContext } from '../scope/child.ts'
import { openScope, type ScopeOptions, scopeOptionNames } from '../scope/scope.ts'

/** One of the ways: a function that is told by its signal when it is no longer needed. */
export type Way<T> = (way: ChildContext) => T | PromiseLike<T>

/**
 * Runs all; the first to end, with a value or a failure, decides. The others are cancelled, and
 * have stopped when this settles; what they throw meanwhile is left. Throws like a scope where it
 * is cancelled, or where one does not stop.
 * @throws OptionError if there is nothing to run
 * @example
 * const first = await race([({ signal }) => ask(primary, signal), ({ signal }) => ask(mirror,
 * signal)])
 */
export function race<const W extends readonly Way<unknown>[]>(
  ways: W,
  options: ScopeOptions = {},
): Promise<Awaited<ReturnType<W[number]>>> {
  const all = checkedWays('race', ways)
  options = checkOptions('race(ways, …)', options, scopeOptionNames)
  return openScope(
    async s => {
      const first = park<unknown>(`the first of ${all.length} to end`, all, {})
      for (const [at, way] of all.entries()) {
        s.spawn(
          async me => {
            try {
              first.unpark(await way(me))
            } catch (error) {
              first.fail(error)
            }
          },
          { name: way.name || `way ${at + 1}` },
        )
      }
      const value = await first.promise
      s.cancel()
      return value
    },
    { name: 'race', ...options },
  ) as Promise<Awaited<ReturnType<W[number]>>>
}

/**
 * Runs all; the first value decides. The others are cancelled, and have stopped when this settles;
 * what they throw is left.
 *
 * If all fail it throws an AggregateError of what they threw, in the order in which they were
 * given. Throws like a scope where it is cancelled, or where one does not stop.
 * @throws OptionError if there is nothing to run
 */
export function any<const W extends readonly Way<unknown>[]>(
  ways: W,
  options: ScopeOptions = {},
): Promise<Awaited<ReturnType<W[number]>>> {
  const all = checkedWays('any', ways)
  options = checkOptions('any(ways, …)', options, scopeOptionNames)
  return openScope(
    async s => {
      const first = park<unknown>(`the first of ${all.length} to succeed`, all, {})
      const errors: unknown[] = new Array(all.length).fill(undefined)
      let failed = 0
      for (const [at, way] of all.entries()) {
        s.spawn(
          async me => {
            try {
              first.unpark(await way(me))
            } catch (error) {
              errors[at] = error
              failed += 1
              if (failed === all.length)
                first.fail(
                  new AggregateError(errors, `All ${failed} ways failed; the first: ${shown(errors[0])}`),
                )
            }
          },
          { name: way.name || `way ${at + 1}` },
        )
      }
      const value = await first.promise
      s.cancel()
      return value
    },
    { name: 'any', ...options },
  ) as Promise<Awaited<ReturnType<W[number]>>>
}

function checkedWays(name: string, ways: readonly Way<unknown>[]): Way<unknown>[] {
  if (!Array.isArray(ways))
    throw new OptionError(`${name}(ways) takes functions in an array; it got ${shown(ways)}.`)
  const all = [...ways]
  if (all.length === 0)
    throw new OptionError(`${name}([]) would wait for ever: give it at least one function.`)
  for (const way of all) checkFunction(`${name}(ways)`, way, '({ signal }) => fetch(url, { signal })')
  return all
}
