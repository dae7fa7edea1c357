/** What `asCompleted` and `wait` wait for: futures, and children of scopes. */

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

export function isSettled({ state }: Settleable): boolean {
  return state !== 'queued' && state !== 'running'
}
