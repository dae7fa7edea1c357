/**
 * Calls between threads that travel in one message, since each message of the platform costs its sender some microseconds,
 * and its receiver as many.
 *
 *     bundle = [call, call, …]     call = [seq, ref, args, special, chunk, attempt, stores, credit] | [seq]
 *
 * A call is a list and not a record: the platform's copy writes and reads the names of a record each time. One that could not
 * be copied leaves its number: the marker that stands for it in the ring was written before that turned out.
 */
import type { RunMessage } from '../messages.ts'

export type BundledCall =
  | readonly [
      seq: number,
      ref: number,
      args: unknown,
      special: boolean,
      chunk: boolean,
      attempt: number,
      stores?: RunMessage['stores'],
      credit?: number | undefined,
    ]
  | readonly [seq: number]

export function bundled({
  seq,
  ref,
  args,
  special,
  chunk,
  attempt,
  stores,
  credit,
}: RunMessage): BundledCall {
  return stores === undefined && credit === undefined
    ? [seq, ref, args, special, chunk, attempt]
    : [seq, ref, args, special, chunk, attempt, stores, credit]
}

/** The call as it was; undefined for one that could not be copied. */
export function unbundled(call: BundledCall): RunMessage | undefined {
  if (call.length === 1) return undefined
  const [seq, ref, args, special, chunk, attempt, stores, credit] = call
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
