/**
 * What a worker keeps of a chunk while it works on: the tasks of a chain may fill one buffer or
 * one object anew in every call, and `executor.map` copies each result when its call returns. So a
 * chain copies what it keeps, too, and only that: what goes from stage to stage is passed on, as
 * an input goes through all of them before the next one begins.
 */
import type { Executor } from '../executor/executor.ts'
import { putMark } from '../task/transfer.ts'
import { decode, encodeNow } from '../wire/codec.ts'
import { notPlain, PlainCopy } from '../wire/plain-copy.ts'
import type { Keep } from './endings.ts'

/** It stays on its thread: the reply says what may cross, and how large it may be. */
const crossing = { sharedMemory: true, maxPayloadBytes: Number.POSITIVE_INFINITY }
/** The most units of text in a value that is copied without a scan. */
const longestPlain = 4_096

const plain = new PlainCopy(longestPlain)

/** Whether what crosses to its workers and back is copied; on `coroutines()` nothing is. */
export function copies(executor: Executor): boolean {
  return executor.model !== 'coroutines'
}

/** The value as it is now: copied, if it could change. */
export const copied: Keep = value => (typeof value === 'object' && value !== null ? copyOf(value) : value)

/** Of what is passed on without copies. */
export const asItIs: Keep = value => value

function copyOf(value: object): unknown {
  const copy = plain.of(value)
  if (copy !== notPlain) return copy
  try {
    const { value: encoded, special, transfer } = encodeNow(value, 'result', crossing)
    const own = decode(encoded, special)
    // Memory that was to be moved has left its owner, and is copied from here; what can't be copied
    // moves on with the reply.
    for (const moved of transfer) if (!(moved instanceof ArrayBuffer)) putMark(moved)
    return own
  } catch {
    return value // What can't be copied can't be sent either: the reply says why, if it still holds it.
  }
}
