/**
 * Values ⇄ what the platform can copy.
 *
 *     encode: scan (refuse, find what moves, find what is special) ─▶ value as it is            ─▶ structured clone
 *                                                                  └▶ rewritten, if special    ─▶ structured clone
 *     decode: value as it is, or revived
 *
 * The platform's structured clone (HTML standard, "StructuredSerialize"; V8's ValueSerializer) keeps Date, Map, Set,
 * BigInt, typed arrays, NaN, undefined and cycles. It loses, without a word, the class of an instance, the properties
 * of an error, the Buffer in a Uint8Array, and properties named by symbols. The scan refuses the first and the last by
 * their path; the other two are special: rewritten to plain data here and revived there.
 *
 * Cost: the scan visits each object once, about a tenth of what the clone costs. Primitives cost nothing.
 */
import type { MessagePort } from 'node:worker_threads'
import type { Crossing } from './crossing.ts'
import { sharingErrors } from './failure.ts'
import { revive } from './revive.ts'
import { rewrite } from './rewrite.ts'
import { Scan } from './scan.ts'

export type { Crossing } from './crossing.ts'

/** A value that is ready to be copied. */
export interface Encoded {
  readonly value: unknown
  /** Whether the other side must revive it. */
  readonly special: boolean
  /** Buffers and ports that move with it. */
  readonly transfer: readonly (ArrayBuffer | MessagePort)[]
}

const nothingMoves: readonly never[] = []

/**
 * Readies a value to be copied; `root` names it in errors, as `args`.
 * @throws SerializationError naming the path of what can't cross
 * @throws PayloadTooLargeError
 */
export function encode(value: unknown, root: string, crossing: Crossing): Encoded {
  if (isPrimitiveThatCrosses(value)) return { value, special: false, transfer: nothingMoves }
  const scan = new Scan(root, crossing)
  const found = scan.undoing(() => scan.run(value))
  return found.special
    ? {
        value: sharingErrors(() => rewrite(value, new Map(), (part, path) => encode(part, path, crossing))),
        special: true,
        transfer: found.transfer,
      }
    : { value, special: false, transfer: found.transfer }
}

/** Brings back what `encode` made of a value. */
export function decode(value: unknown, special: boolean): unknown {
  return special ? sharingErrors(() => revive(value, new Map(), decode)) : value
}

/** Empties the sender's buffers after their bytes were copied, so that a moved value is gone on every executor. */
export function detach(transfer: readonly (ArrayBuffer | MessagePort)[]): void {
  for (const moved of transfer) {
    if (!(moved instanceof ArrayBuffer) || moved.detached) continue
    try {
      moved.transfer()
    } catch {} // The memory of a WebAssembly instance can't be taken from it; it was copied, as all the others.
  }
}

/** Whether these arguments cross as they are: few primitives. */
export function needsNoCodec(args: readonly unknown[]): boolean {
  if (args.length > 8) return false
  for (const arg of args) if (!isPrimitiveThatCrosses(arg)) return false
  return true
}

function isPrimitiveThatCrosses(value: unknown): boolean {
  switch (typeof value) {
    case 'number':
    case 'boolean':
    case 'undefined':
    case 'bigint':
      return true
    case 'object':
      return value === null
    case 'string':
      return value.length < 1024
    default:
      return false
  }
}
