/** Work that belongs to nobody who runs now. */
import { checkFunction } from '../../checks.ts'
import { withStrand } from '../../runtime/strand.ts'

/**
 * Calls `fn` outside of every scope and task: what it starts and waits for does not end with
 * whoever calls. For what is shared, as a cache that is filled once: the first who asks may be
 * cancelled, the others still want it.
 *
 * Its caller's wait for it does end with the caller's scope, if it is a wait of atonce's:
 * `timeout`, `wait`, a child. Nobody is told of a failure but whoever awaits the result.
 * AsyncLocalStorage is the caller's.
 * @throws OptionError
 * @example
 *     let config: Promise<Config> | undefined
 *     const loadConfig = () => (config ??= detached(() => retry(readConfig)))
 */
export function detached<T>(fn: () => T): T {
  checkFunction('detached(fn)', fn, '() => loadConfig()')
  return withStrand(undefined, fn)
}
