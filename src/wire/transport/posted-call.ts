/**
 * A call between threads in a message of its own, as a list: the platform's copy writes and reads
 * the names of a record each time, at half a microsecond.
 */
import type { RunMessage } from '../messages.ts'

/**
 * The tags of such messages: the first has a marker in the ring, the second wakes the worker
 * itself.
 */
const marked = 'call'
const bell = 'bell'

export type PostedCall = readonly [
  tag: typeof marked | typeof bell,
  seq: number,
  ref: number,
  args: unknown,
  special: boolean,
  chunk: boolean,
  attempt: number,
  stores?: RunMessage['stores'],
  credit?: number | undefined,
]

export function postedCall(
  { seq, ref, args, special, chunk, attempt, stores, credit }: RunMessage,
  isBell: boolean,
): PostedCall {
  const tag = isBell ? bell : marked
  return stores === undefined && credit === undefined
    ? [tag, seq, ref, args, special, chunk, attempt]
    : [tag, seq, ref, args, special, chunk, attempt, stores, credit]
}

export function isPostedCall(message: unknown): message is PostedCall {
  return Array.isArray(message) && (message[0] === marked || message[0] === bell)
}

/** Whether it has no marker, and wakes the worker. */
export function isBell(call: PostedCall): boolean {
  return call[0] === bell
}

export function callOf([, seq, ref, args, special, chunk, attempt, stores, credit]: PostedCall): RunMessage {
  return {
    kind: 'run',
    seq,
    ref,
    args,
    special,
    chunk,
    attempt,
    ...(stores === undefined ? {} : { stores }),
    ...(credit === undefined ? {} : { credit }),
  }
}
