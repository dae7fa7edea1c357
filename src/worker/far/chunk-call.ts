/**
 * A chunk on the far side: its calls, one after the other, and the reply that says how they ended.
 *
 *     callEach(task, inputs) ─▶ each result, and each failure, is copied when its call ends: Kept
 *                            ─▶ ChunkOutcome ─▶ chunkReply ─▶ done { PackedResults }   every call succeeded
 *                                                          └▶ doneChunk { outcomes }   one failed, or can't be sent
 *
 * The reply leaves when the last call has ended. A task may reuse its result object or its buffer
 * in the next call: each result is kept as it was when its call returned, as if the call had
 * travelled alone.
 */

import {
  listFor,
  moving,
  type Packed,
  type PackedResults,
  pack,
  takesItems,
  unpackedAt,
} from '../../executor/map/packed.ts'
import { runtime } from '../../runtime/runtime.ts'
import type { CallContext } from '../../task/context.ts'
import type { Task } from '../../task/task.ts'
import { isThenable } from '../../task/thenable.ts'
import type { Moved } from '../../task/transfer.ts'
import {
  type Crossing,
  decode,
  decodeParts,
  encode,
  encodeNow,
  MessageEncodingNow,
} from '../../wire/codec.ts'
import { encodeFailure, type WireFailure } from '../../wire/failure.ts'
import type { Borrower } from '../../wire/lent/borrower.ts'
import type { FromWorker, WireOutcome } from '../../wire/messages.ts'
import { notPlain, PlainCopy } from '../../wire/plain-copy.ts'
import { ownContexts } from './own-context.ts'

/** How the calls of a chunk ended, ready to be sent. */
export interface ChunkOutcome {
  /** One for each call; undefined where it failed. */
  readonly values: unknown[]
  /** The places of the values that must be revived. */
  readonly special: readonly number[]
  /** What was thrown, by the call's place. */
  readonly failures: ReadonlyMap<number, WireFailure>
  /** What moves with the values. */
  readonly transfer: ReadonlySet<Moved>
  /** What the longest call took, as far as it was measured. */
  readonly longestMs: number
}

/** What a chunk needs apart from its inputs. */
export interface ChunkOptions {
  /** What may cross on the way back. */
  readonly crossing: Crossing
  /** Whether an input is special. */
  readonly special?: boolean
  /** To whom channel ends among the inputs are lent. */
  readonly borrower?: Borrower | undefined
}

/** The longest text in a result that is copied without a scan, in UTF-16 units. */
const longestPlain = 4_096
/**
 * How often the clock is read in a chunk. Reading it for every tiny call would cost as much as the
 * calls.
 */
const blocks = 64

/**
 * Calls the task once for each input. A failed call does not stop those after it; nor does a
 * special input that can't be made here.
 * @throws AbortError between two calls, if the chunk was cancelled: nobody waits for what it has
 *   done
 */
export async function callEach(
  task: Task,
  sent: Packed,
  call: CallContext,
  { crossing, special = false, borrower }: ChunkOptions,
): Promise<ChunkOutcome> {
  // A Buffer is special as a whole; otherwise single inputs are.
  const inputs = special && !Array.isArray(sent) ? (decode(sent, true) as Packed) : sent
  const revived = special && Array.isArray(sent) ? decodeParts(sent, 'args', borrower) : undefined
  const kept = new Kept(inputs.length, crossing)
  const calls = new ChunkCalls(task, inputs, call, kept, revived)
  const perBlock = Math.max(1, Math.ceil(inputs.length / blocks))
  const longest = new LongestCall()
  for (let from = 0; from < inputs.length; from += perBlock) {
    const to = Math.min(inputs.length, from + perBlock)
    for (let at = calls.make(from, to); at < to; at = calls.make(at + 1, to)) await calls.wait(at)
    longest.called(to - from)
  }
  const { values, special: revive, failures, transfer } = kept
  return { values, special: revive, failures, transfer, longestMs: longest.estimateMs() }
}

/**
 * The calls of a chunk. The loop is not an async function, and holds only what each call needs.
 */
class ChunkCalls {
  readonly #inputs: Packed
  readonly #call: CallContext
  readonly #kept: Kept
  readonly #revived: ((at: number) => unknown) | undefined
  readonly #inContext: (body: () => unknown) => unknown
  readonly #callIt: () => unknown
  #input: unknown
  #promised: PromiseLike<unknown> | undefined

  constructor(task: Task, inputs: Packed, call: CallContext, kept: Kept, revived?: (at: number) => unknown) {
    this.#inputs = inputs
    this.#call = call
    this.#kept = kept
    this.#revived = revived
    this.#inContext = ownContexts(call)
    const asItIs = ArrayBuffer.isView(inputs) || takesItems(task)
    this.#callIt = asItIs ? () => task(this.#input) : () => task(...(this.#input as unknown[]))
  }

  /**
   * Makes the calls from `from` up to `to`, until one returns a promise; returns the place of that
   * one, or `to`.
   * @throws AbortError
   */
  make(from: number, to: number): number {
    const call = this.#call
    const kept = this.#kept
    for (let at = from; at < to; at += 1) {
      if (call.cancelled) call.throwIfCancelled()
      let returned: unknown
      try {
        this.#input = this.#revived === undefined ? unpackedAt(this.#inputs, at) : this.#revived(at)
        returned = this.#inContext(this.#callIt)
        if (isThenable(returned)) {
          this.#promised = returned
          return at
        }
      } catch (error) {
        kept.failed(at, error)
        continue
      }
      if (needsNoCopy(returned)) kept.values[at] = returned
      else kept.returned(at, returned)
    }
    return to
  }

  /** Waits for the promise that the call at that place has returned. */
  async wait(at: number): Promise<void> {
    let resolved: unknown
    try {
      resolved = await this.#promised
    } catch (error) {
      return this.#kept.failed(at, error)
    } finally {
      this.#promised = undefined
    }
    this.#kept.returned(at, resolved)
  }
}

/** Most primitives need no check; long texts are counted, functions and symbols are refused. */
function needsNoCopy(value: unknown): boolean {
  return typeof value === 'number' || (typeof value === 'string' ? value.length < 1_024 : value === undefined)
}

/** What the calls have returned or thrown, copied when they ended. */
class Kept {
  readonly values: unknown[]
  readonly special: number[] = []
  readonly failures = new Map<number, WireFailure>()
  readonly transfer = new Set<Moved>() // Two results may hold the same port, which moves once.
  readonly #crossing: Crossing
  readonly #plain: PlainCopy

  constructor(count: number, crossing: Crossing) {
    this.values = listFor(count)
    this.#crossing = crossing
    this.#plain = new PlainCopy(Math.min(longestPlain, crossing.maxPayloadBytes))
  }

  /** Encodes each result by itself: one that can't cross fails alone. */
  returned(at: number, value: unknown): void {
    if (typeof value === 'object' && value !== null) {
      const copy = this.#plain.of(value)
      if (copy !== notPlain) {
        this.values[at] = copy
        return
      }
    }
    try {
      const encoded = encodeNow(value, 'result', this.#crossing)
      this.values[at] = encoded.value
      if (encoded.special) this.special.push(at)
      for (const moved of encoded.transfer) this.transfer.add(moved)
    } catch (error) {
      this.failed(at, error)
    }
  }

  failed(at: number, error: unknown): void {
    this.values[at] = undefined
    this.failures.set(at, encodeFailure(error, new MessageEncodingNow(this.#crossing)))
  }
}

/** The message that tells how the chunk ended, and what moves with it. */
export function chunkReply(
  seq: number,
  { values, special, failures, transfer, longestMs }: ChunkOutcome,
  workMs: number,
  crossing: Crossing,
): { message: FromWorker; transfer: readonly Moved[] } {
  if (failures.size === 0) {
    const packed = pack(values)
    const value: PackedResults = { values: packed, special, longestMs }
    const moved = ArrayBuffer.isView(packed)
      ? encode(moving(packed), 'result', crossing).transfer
      : [...transfer]
    return { message: { kind: 'done', seq, value, special: false, workMs }, transfer: moved }
  }
  const mustRevive = new Set(special)
  const outcomes = values.map((value, at): WireOutcome => {
    const failure = failures.get(at)
    return failure === undefined ? { ok: true, value, special: mustRevive.has(at) } : { ok: false, failure }
  })
  return { message: { kind: 'doneChunk', seq, outcomes, workMs }, transfer: [...transfer] }
}

/**
 * Measures calls in blocks of equal number, and tells the longest call of the longest block from
 * the others.
 */
class LongestCall {
  readonly #startedMs: number = runtime().now()
  #calls = 0
  #blockStartedMs: number = this.#startedMs
  #longestBlockMs = 0
  #callsOfLongest = 0

  /** How many calls have ended since the last time. */
  called(calls: number): void {
    const nowMs = runtime().now()
    const blockMs = nowMs - this.#blockStartedMs
    if (blockMs >= this.#longestBlockMs) {
      this.#longestBlockMs = blockMs
      this.#callsOfLongest = calls
    }
    this.#blockStartedMs = nowMs
    this.#calls += calls
  }

  /** The longest block, minus what its other calls take on average. */
  estimateMs(): number {
    const meanMs = (this.#blockStartedMs - this.#startedMs) / this.#calls
    return Math.max(meanMs, this.#longestBlockMs - (this.#callsOfLongest - 1) * meanMs)
  }
}
