/**
 * Which side of the seam is in force: real time and chance, or a test's.
 *
 * Production code asks `runtime()` and gets the real one. A test that runs inside
 * `withRuntime(virtual, …)` gets a clock that it advances itself, for everything it starts, however
 * deep. The real path costs one comparison.
 */
import { realRuntime } from './real.ts'
import type { Runtime } from './seam.ts'

export type { Runtime, Timer } from './seam.ts'

const { AsyncLocalStorage } = process.getBuiltinModule('node:async_hooks')

const simulated = new AsyncLocalStorage<Runtime>()
let simulations = 0

/** The runtime that is in force here. */
export function runtime(): Runtime {
  return simulations === 0 ? realRuntime : (simulated.getStore() ?? realRuntime)
}

/**
 * Runs `body` with the runtime that was kept: whoever leaves an asynchronous context leaves its
 * runtime too.
 */
export function inRuntime<T>(kept: Runtime, body: () => T): T {
  return simulations === 0 ? body() : simulated.run(kept, body)
}

/** Runs `body` and all that it starts with another runtime in place of the real one. */
export async function withRuntime<T>(replacement: Runtime, body: () => Promise<T> | T): Promise<T> {
  simulations += 1
  try {
    return await simulated.run(replacement, body)
  } finally {
    simulations -= 1
  }
}
