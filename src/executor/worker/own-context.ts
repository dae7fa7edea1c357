/**
 * An asynchronous context for each call: what a task enters in a storage (`enterWith`) is not seen by the next one.
 *
 * From Node 24 on a context is a value, and leaving the call is enough. Before, `enterWith` writes into the resource that
 * runs, where the next call would find it; so each call gets a resource of its own there.
 */
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

/** Calls `body` as the given call. */
export function inOwnContext<T>(call: CallContext, body: () => T): T {
  return withContext(
    call,
    resourcesKeep ? () => new AsyncResource('atonce.call').runInAsyncScope(body) : body,
  )
}

/**
 * For several bodies of one call, each of which begins in the same context. That costs some 20 ns for each; a context made
 * for each would cost 300 ns (`AsyncLocalStorage.run`), and a snapshot's function 70 ns.
 */
export function ownContexts(call: CallContext): <T>(body: () => T) => T {
  if (resourcesKeep) return body => inOwnContext(call, body)
  const resource = withContext(call, () => new AsyncResource('atonce.chunk'))
  return body => resource.runInAsyncScope(body)
}
