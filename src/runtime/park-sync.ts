/**
 * The blocking form of `park`, for threads that may stop: the thread itself waits, on a word, until
 * another thread has changed the word and notified it. Its timers, its messages and its other calls
 * wait with it.
 */
import { isMainThread } from 'node:worker_threads'
import { SyncUseError } from '../errors.ts'
import { atomicsInForce, type Woken, waitOn } from './atomics.ts'

/**
 * Whether this thread may stop: all but the main one, whose event loop the whole program stands on.
 */
export function mayBlock(): boolean {
  return !isMainThread || atomicsInForce() !== undefined
}

/**
 * Refuses what may block on the main thread, whether it would have to wait or not: one that only
 * sometimes throws is found in production.
 * @throws SyncUseError that names the call, its resource, and what serves there
 */
export function needsToBlock(call: string, name: string, instead: string): void {
  if (mayBlock()) return
  throw new SyncUseError(
    `${call} of ${name} could stop the main thread, and with it every timer and message of the program. Write there: ${instead}`,
  )
}

const beforeStops: (() => void)[] = []

/**
 * Calls `leave` whenever this thread is about to stop: what it has gathered to send by a microtask
 * would not leave before it goes on, and perhaps it waits for the answer.
 */
export function beforeStop(leave: () => void): void {
  beforeStops.push(leave)
}

/** Stops this thread while the word holds `expected`, for so long at most. */
export function parkSync(words: Int32Array, at: number, expected: number, timeoutMs: number): Woken {
  for (const leave of beforeStops) leave()
  return waitOn(words, at, expected, timeoutMs)
}
