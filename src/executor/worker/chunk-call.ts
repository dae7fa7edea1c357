/**
 * A chunk on the far side: one call after the other, each on its own, and the reply that tells how they ended.
 *
 *     callEach(task, inputs) ─▶ ChunkOutcome ─▶ chunkReply ─▶ done { PackedResults }   every call succeeded
 *                                                          └▶ doneChunk { outcomes }   one failed, or can't be sent
 */
import type { MessagePort } from 'node:worker_threads'
import { runtime } from '../../runtime/runtime.ts'
import type { CallContext } from '../../task/context.ts'
import type { Task } from '../../task/task.ts'
import { type Crossing, decode, decodeParts, encode } from '../../wire/codec.ts'
import type { WireFailure } from '../../wire/failure.ts'
import { type Borrower, borrowing } from '../../wire/lent/lend.ts'
import type { FromWorker, WireOutcome } from '../../wire/messages.ts'
import { moving, type Packed, type PackedResults, pack, takesItems, unpackedAt } from '../packed.ts'
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
  const values: unknown[] = []
  const failures = new Map<number, unknown>()
  const longest = new LongestCall(Math.ceil(inputs.length / blocks))
  const asItIs = ArrayBuffer.isView(inputs) || takesItems(task)
  const inContext = ownContexts(call)
  let input: unknown
  const callIt = (): unknown => (asItIs ? task(input) : task(...(input as unknown[])))
  for (let at = 0; at < inputs.length; at += 1) {
    if (call.cancelled) call.throwIfCancelled()
    try {
      input = revived === undefined ? unpackedAt(inputs, at) : borrowing(borrower, () => revived(at))
      const returned = inContext(callIt)
      values.push(isThenable(returned) ? await returned : returned)
    } catch (error) {
      failures.set(at, error)
      values.push(undefined)
    }
    longest.called()
  }
  return { values, failures, longestMs: longest.estimateMs() }
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
  readonly #perBlock: number
  readonly #startedMs: number = runtime().now()
  #calls = 0
  #blockStartedMs: number = this.#startedMs
  #longestBlockMs = 0

  constructor(perBlock: number) {
    this.#perBlock = perBlock
  }

  called(): void {
    this.#calls += 1
    if (this.#calls % this.#perBlock === 0) this.#endBlock()
  }

  /** The longest block, less what its other calls take on average. */
  estimateMs(): number {
    if (this.#calls % this.#perBlock !== 0) this.#endBlock()
    const meanMs = (this.#blockStartedMs - this.#startedMs) / this.#calls
    return Math.max(meanMs, this.#longestBlockMs - (this.#perBlock - 1) * meanMs)
  }

  #endBlock(): void {
    const nowMs = runtime().now()
    this.#longestBlockMs = Math.max(this.#longestBlockMs, nowMs - this.#blockStartedMs)
    this.#blockStartedMs = nowMs
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  )
}
