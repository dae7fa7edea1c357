/**
 * What an asynchronous context is on this Node.
 *
 * From Node 24 on a context is a value: what a function enters in a storage (`enterWith`) is gone
 * when the resource it runs in is left. Before, `enterWith` writes into that resource, where the
 * next who enters it would find it.
 */
import type { AsyncResource } from 'node:async_hooks'

const hooks = process.getBuiltinModule('node:async_hooks')

/** Whether what is entered in a resource is found by whoever enters the resource next. */
export const resourcesKeep: boolean = (() => {
  const probe = new hooks.AsyncLocalStorage<true>()
  const resource = new hooks.AsyncResource('atonce.probe')
  resource.runInAsyncScope(() => probe.enterWith(true))
  const kept = resource.runInAsyncScope(() => probe.getStore() === true)
  probe.disable()
  return kept
})()

/**
 * A resource with the context of `shared`, in which what one function enters is not seen by the
 * next.
 */
export function unsharedContext(shared: AsyncResource): AsyncResource {
  return resourcesKeep ? shared.runInAsyncScope(() => new hooks.AsyncResource('atonce.call')) : shared
}
