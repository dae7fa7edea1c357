/**
 * The seam: the one place where atonce touches the clock, timers and randomness.
 *
 * Production code asks `runtime()` and gets the real one. A test that runs inside `withRuntime(virtual, …)` gets a
 * clock that it advances itself, for everything it starts, however deep. The real path costs one comparison.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { realRuntime } from './real.ts'

/** A timer that was set and can be taken back. */
export interface Timer {
  /** Takes the timer back; does nothing if it fired already. */
  cancel(): void
  /** Lets the program end while this timer waits. */
  unref(): void
}

/** Time and chance, as atonce sees them. */
export interface Runtime {
  /** Milliseconds on a clock that never goes back; only differences mean anything. */
  now(): number
  /** Calls `fire` once, after `delayMs` or later; delays beyond 2³¹ ms are kept too. */
  setTimer(delayMs: number, fire: () => void): Timer
  /** Resolves after the event loop has gone round once, with I/O done. */
  yieldToLoop(): Promise<void>
  /** A number in [0, 1). */
  random(): number
}

const simulated = new AsyncLocalStorage<Runtime>()
let simulations = 0

/** The runtime that is in force here. */
export function runtime(): Runtime {
  return simulations === 0 ? realRuntime : (simulated.getStore() ?? realRuntime)
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
