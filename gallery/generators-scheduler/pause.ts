/** Two ways to wait: one holds up the whole thread, the other hands over the turn. */
import { setTimeout as later } from 'node:timers/promises'

/**
 * Holds up the thread, on purpose: no other coroutine, timer or connection of it goes on meanwhile.
 */
export function pauseByBlocking(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

/** Waits while all others go on. Rejects with the signal's reason. */
export async function pauseByAwaiting(ms: number, signal?: AbortSignal): Promise<void> {
  await later(ms, undefined, signal && { signal })
}
