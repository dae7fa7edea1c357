/**
 * A call between threads in a message of its own, as a list: the platform's copy writes and reads the names of a record each
 * time, at half a microsecond.
 */
import type { RunMessage } from '../messages.ts'

/** Tells such a message from the others. */
const tag = 'call'

export type PostedCall = readonly [
  tag: typeof tag,
  seq: number,
  ref: number,
  args: unknown,
  special: boolean,
  chunk: boolean,
  attempt: number,
  stores?: RunMessage['stores'],
  credit?: number | undefined,
]

export function postedCall({
  seq,
  ref,
  args,
  special,
  chunk,
  attempt,
  stores,
  credit,
}: RunMessage): PostedCall {
  return stores === undefined && credit === undefined
    ? [tag, seq, ref, args, special, chunk, attempt]
    : [tag, seq, ref, args, special, chunk, attempt, stores, credit]
}

export function isPostedCall(message: unknown): message is PostedCall {
  return Array.isArray(message) && message[0] === tag
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
