/**
 * An asynchronous context for each call: what a task enters in a storage (`enterWith`) is not seen by the next one.
 *
 * From Node 24 on a context is a value, and leaving the call is enough. Before, `enterWith` writes into the resource that
 * runs, where the next call would find it; so each call gets a resource of its own there.
 */
import { enterStrand } from '../../runtime/strand.ts'
import { type CallContext, withContext } from '../../task/context.ts'

const { AsyncLocalStorage, AsyncResource } = process.getBuiltinModule('node:async_hooks')

/** Whether what is entered in a resource is found by whoever enters the resource next. */
const resourcesKeep = ((): boolean => {
  const probe = new AsyncLocalStorage<true>()
  const resource = new AsyncResource('atonce.probe')
  resource.runInAsyncScope(() => probe.enterWith(true))
  const kept = resource.runInAsyncScope(() => probe.getStore() === true)
  probe.disable()
  return kept
})()

/** Where each call comes from; leaving it leaves what the call has entered there. */
const outside = new AsyncResource('atonce.worker')

/**
 * Calls `fn` as the given call; with `inherits`, in the context that is entered here, as for storages that came with it.
 * Entering the call in a resource that is left again costs half of running in it (`AsyncLocalStorage.run`).
 */
export function inOwnContext(
  call: CallContext,
  fn: (...args: any[]) => unknown,
  args: unknown[],
  inherits: boolean,
): unknown {
  const resource = resourcesKeep || inherits ? new AsyncResource('atonce.call') : outside
  return resource.runInAsyncScope(enter, undefined, call, fn, args)
}

function enter(call: CallContext, fn: (...args: any[]) => unknown, args: unknown[]): unknown {
  enterStrand(call)
  return fn(...args)
}

/**
 * For several bodies of one call, each of which begins in the same context. That costs some 20 ns for each; a context made
 * for each would cost 300 ns (`AsyncLocalStorage.run`), and a snapshot's function 70 ns.
 */
export function ownContexts(call: CallContext): <T>(body: () => T) => T {
  if (resourcesKeep)
    return body => withContext(call, () => new AsyncResource('atonce.call').runInAsyncScope(body))
  const resource = withContext(call, () => new AsyncResource('atonce.chunk'))
  return body => resource.runInAsyncScope(body)
}
