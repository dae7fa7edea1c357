/**
 * A chunk on the far side: one call after the other, each on its own, and the reply that tells how they ended.
 *
 *     callEach(task, inputs) ─▶ ChunkOutcome ─▶ chunkReply ─▶ done { PackedResults }   every call succeeded
 *                                                          └▶ doneChunk { outcomes }   one failed, or can't be sent
 */
import type { MessagePort } from 'node:worker_threads'
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
import { type Crossing, decode, decodeParts, encode } from '../../wire/codec.ts'
import type { WireFailure } from '../../wire/failure.ts'
import { type Borrower, borrowing } from '../../wire/lent/lend.ts'
import type { FromWorker, WireOutcome } from '../../wire/messages.ts'
import { ownContexts } from './own-context.ts'

/** How the calls of a chunk ended. */
export interface ChunkOutcome {
  /** One for each call; undefined where it failed. */
  readonly values: unknown[]
  /** What was thrown, by the call's place. */
  readonly failures: ReadonlyMap<number, unknown>
  /** What the longest call took, as far as it was measured. */
  readonly longestMs: number
}

/** The clock is read so often for a chunk; reading it for every tiny call would cost as much as the calls. */
const blocks = 64

/**
 * Calls the task once for each input; a failed call does not stop those after it, nor does a special input that can't be
 * made here. Ends of channels among the inputs are lent to `borrower`.
 * @throws AbortError between two calls, if the chunk was cancelled: nobody waits for what it has done
 */
export async function callEach(
  task: Task,
  sent: Packed,
  call: CallContext,
  special = false,
  borrower?: Borrower,
): Promise<ChunkOutcome> {
  // A Buffer is special as a whole; else it is one input or another that is.
  const inputs = special && !Array.isArray(sent) ? (decode(sent, true) as Packed) : sent
  const revived = special && Array.isArray(sent) ? decodeParts(sent, 'args') : undefined
  const calls = new ChunkCalls(
    task,
    inputs,
    call,
    revived === undefined ? undefined : revivedIn(borrower, revived),
  )
  const perBlock = Math.max(1, Math.ceil(inputs.length / blocks))
  const longest = new LongestCall()
  for (let from = 0; from < inputs.length; from += perBlock) {
    const to = Math.min(inputs.length, from + perBlock)
    for (let at = calls.make(from, to); at < to; at = calls.make(at + 1, to)) await calls.wait(at)
    longest.called(to - from)
  }
  return { values: calls.values, failures: calls.failures, longestMs: longest.estimateMs() }
}

const revivedIn =
  (borrower: Borrower | undefined, revived: (at: number) => unknown) =>
  (at: number): unknown =>
    borrowing(borrower, () => revived(at))

/** The calls of a chunk, and how they ended. The loop is no async function, and has nothing in it that is not for each call. */
class ChunkCalls {
  readonly values: unknown[]
  readonly failures = new Map<number, unknown>()
  readonly #inputs: Packed
  readonly #call: CallContext
  readonly #revived: ((at: number) => unknown) | undefined
  readonly #inContext: (body: () => unknown) => unknown
  readonly #callIt: () => unknown
  #input: unknown

  constructor(task: Task, inputs: Packed, call: CallContext, revived?: (at: number) => unknown) {
    this.values = listFor(inputs.length)
    this.#inputs = inputs
    this.#call = call
    this.#revived = revived
    this.#inContext = ownContexts(call)
    const asItIs = ArrayBuffer.isView(inputs) || takesItems(task)
    this.#callIt = asItIs ? () => task(this.#input) : () => task(...(this.#input as unknown[]))
  }

  /**
   * Makes the calls from one place to another, until one returns a promise; returns its place, or `to`.
   * @throws AbortError
   */
  make(from: number, to: number): number {
    const call = this.#call
    for (let at = from; at < to; at += 1) {
      if (call.cancelled) call.throwIfCancelled()
      try {
        this.#input = this.#revived === undefined ? unpackedAt(this.#inputs, at) : this.#revived(at)
        const returned = this.#inContext(this.#callIt)
        this.values[at] = returned
        if (isThenable(returned)) return at
      } catch (error) {
        this.#failed(at, error)
      }
    }
    return to
  }

  /** Waits for the promise that the call at that place has returned. */
  async wait(at: number): Promise<void> {
    try {
      this.values[at] = await this.values[at]
    } catch (error) {
      this.#failed(at, error)
    }
  }

  #failed(at: number, error: unknown): void {
    this.values[at] = undefined
    this.failures.set(at, error)
  }
}

/** The message that tells how the chunk ended, and what moves with it. */
export function chunkReply(
  seq: number,
  outcome: ChunkOutcome,
  workMs: number,
  crossing: Crossing,
  encodeFailure: (error: unknown) => WireFailure,
): { message: FromWorker; transfer: readonly (ArrayBuffer | MessagePort)[] } {
  const packed = outcome.failures.size === 0 ? pack(outcome.values) : outcome.values
  if (ArrayBuffer.isView(packed)) {
    const { transfer } = encode(moving(packed), 'result', crossing)
    const value: PackedResults = { values: packed, special: [], longestMs: outcome.longestMs }
    return { message: { kind: 'done', seq, value, special: false, workMs }, transfer }
  }
  const encoded = encodeEach(outcome, crossing)
  if (encoded.failures.size === 0) {
    const { values, special } = encoded
    const value: PackedResults = { values, special, longestMs: outcome.longestMs }
    return { message: { kind: 'done', seq, value, special: false, workMs }, transfer: encoded.transfer }
  }
  const special = new Set(encoded.special)
  const outcomes = encoded.values.map(
    (value, at): WireOutcome =>
      encoded.failures.has(at)
        ? { ok: false, failure: encodeFailure(encoded.failures.get(at)) }
        : { ok: true, value, special: special.has(at) },
  )
  return { message: { kind: 'doneChunk', seq, outcomes, workMs }, transfer: encoded.transfer }
}

/** Each result is encoded by itself: one that can't cross fails alone. */
function encodeEach({ values, failures }: ChunkOutcome, crossing: Crossing) {
  const result = {
    values: [] as unknown[],
    special: [] as number[],
    failures: new Map(failures),
  }
  const transfer = new Set<ArrayBuffer | MessagePort>() // Two results may be views on one buffer, which moves once.
  for (const [at, value] of values.entries()) {
    try {
      const encoded = encode(value, 'result', crossing)
      result.values.push(encoded.value)
      if (encoded.special) result.special.push(at)
      for (const moved of encoded.transfer) transfer.add(moved)
    } catch (error) {
      result.values.push(undefined)
      result.failures.set(at, error)
    }
  }
  return { ...result, transfer: [...transfer] }
}

/** Measures calls in blocks of equal number, and tells the longest call of the longest block from the others. */
class LongestCall {
  readonly #startedMs: number = runtime().now()
  #calls = 0
  #blockStartedMs: number = this.#startedMs
  #longestBlockMs = 0
  #callsOfLongest = 0

  /** So many calls have ended since the last time. */
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

  /** The longest block, less what its other calls take on average. */
  estimateMs(): number {
    const meanMs = (this.#blockStartedMs - this.#startedMs) / this.#calls
    return Math.max(meanMs, this.#longestBlockMs - (this.#callsOfLongest - 1) * meanMs)
  }
}
