/**
 * An asynchronous context for each call: what a task enters in a storage (`enterWith`) is not seen
 * by the next one.
 *
 * In versions of Node where a context is a value, leaving the call is enough. Where a resource
 * keeps what is entered (Node 22), each call gets a resource of its own.
 */
import { resourcesKeep } from '../../runtime/async-context.ts'
import { realRuntime } from '../../runtime/real.ts'
import { inRuntime, type Runtime } from '../../runtime/runtime.ts'
import { enterStrand } from '../../runtime/strand.ts'
import { type CallContext, withContext } from '../../task/context.ts'

const { AsyncResource } = process.getBuiltinModule('node:async_hooks')

/** The resource in which each call runs; leaving it drops what the call has entered. */
const outside = new AsyncResource('atonce.worker')

/**
 * Calls `fn` as the given call, on the worker's runtime; with `inherits`, in the context that is
 * entered here, as for storages that came with it. Entering the call in a resource that is left
 * again costs half of running in it (`AsyncLocalStorage.run`).
 */
export function inOwnContext(
  call: CallContext,
  kept: Runtime,
  fn: (...args: any[]) => unknown,
  args: unknown[],
  inherits: boolean,
): unknown {
  const resource = resourcesKeep || inherits ? new AsyncResource('atonce.call') : outside
  return resource.runInAsyncScope(enter, undefined, call, kept, fn, args)
}

function enter(call: CallContext, kept: Runtime, fn: (...args: any[]) => unknown, args: unknown[]): unknown {
  enterStrand(call)
  return kept === realRuntime ? fn(...args) : inRuntime(kept, () => fn(...args))
}

/**
 * For several bodies of one call that all begin in the same context. It costs some 20 ns for each;
 * a new context for each would cost 300 ns (`AsyncLocalStorage.run`), and a snapshot's function 70
 * ns.
 */
export function ownContexts(call: CallContext): <T>(body: () => T) => T {
  if (resourcesKeep)
    return body => withContext(call, () => new AsyncResource('atonce.call').runInAsyncScope(body))
  const resource = withContext(call, () => new AsyncResource('atonce.chunk'))
  return body => resource.runInAsyncScope(body)
}
