/** What `asCompleted` and `wait` wait for: futures, and children of scopes. */
import { shown } from '../checks.ts'
import { OptionError } from '../errors.ts'

/** Where a call stands; the last three are for good. */
export type FutureState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled'

/** One symbol for all copies of the library in a program. */
export const whenSettled: unique symbol = Symbol.for('atonce.whenSettled') as never

/**
 * Something that settles once, and tells whoever asks; unlike a promise, it can be asked no longer.
 */
export interface Settleable<T = unknown> extends PromiseLike<T> {
  readonly state: FutureState
  /**
   * Calls `listener` once it has settled, at once if it has; returns a function that takes the
   * listener away.
   */
  [whenSettled](listener: () => void): () => void
}

/** @throws OptionError if they are none, or one of them is not. */
export function checkSettleable<F extends Settleable>(what: string, futures: Iterable<F>): readonly F[] {
  const example = `${what}([pool.run(one), pool.run(other)])`
  if (typeof (futures as Partial<Iterable<F>> | null | undefined)?.[Symbol.iterator] !== 'function')
    throw new OptionError(
      `${what}(futures) takes a list of futures, as ${example}; it got ${shown(futures)}.`,
    )
  const all = [...futures]
  for (const [at, future] of all.entries())
    if (typeof (future as Partial<F> | null | undefined)?.[whenSettled] !== 'function')
      throw new OptionError(
        `${what}(futures) takes futures, or children of scopes, as ${example}; number ${at} is ${shown(future)}. Promises have Promise.race and Promise.all.`,
      )
  return all
}

export function isSettled({ state }: Settleable): boolean {
  return state !== 'queued' && state !== 'running'
}
