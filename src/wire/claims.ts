/**
 * Which side has a call: one word for each call in a worker's hand, in memory that both sides
 * share.
 *
 *     caller                                worker
 *     store given, then publish the call
 *     exchange given → recalled             exchange given → begun
 *       it was given: the call is back        it was given: run it
 *       it was begun: too late                it was recalled: leave it out
 *
 * Exactly one of the two exchanges (compare-and-exchange on the same word) succeeds. So a call that
 * was taken back is never run, and after a worker's death it is known which call it had begun.
 */
import { compareExchange, load } from '../runtime/atomics.ts'

const given = 0
const begun = 1
const recalled = 2

/**
 * The most numbers that may lie between the oldest and the newest call in a worker's hand.
 */
export const claimWindow = 4096

/** Memory for the claims of one worker. */
export function claimMemory(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * claimWindow))
}

/**
 * The word holds the number of its call and the state. A call that was taken back may still be in
 * the worker's inbox when its word belongs to a later call; it must not be mistaken for that one.
 */
function word(seq: number, state: number): number {
  return (seq << 2) | state
}

/** Caller's side, before the call is published. */
export function giveClaim(claims: Int32Array, seq: number): void {
  claims[seq % claimWindow] = word(seq, given) // The worker sees it with the call, which is published by a later store or post.
}

/** Worker's side: whether it may run the call. */
export function beginClaim(claims: Int32Array, seq: number): boolean {
  return compareExchange(claims, seq % claimWindow, word(seq, given), word(seq, begun)) === word(seq, given)
}

/** Caller's side: whether the call is back. */
export function recallClaim(claims: Int32Array, seq: number): boolean {
  return (
    compareExchange(claims, seq % claimWindow, word(seq, given), word(seq, recalled)) === word(seq, given)
  )
}

/** Caller's side, after the worker's death. */
export function wasBegun(claims: Int32Array, seq: number): boolean {
  return load(claims, seq % claimWindow) === word(seq, begun)
}
