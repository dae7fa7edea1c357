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
 * their path, unless the class is declared to be shareable; such instances, errors and Buffers are special: rewritten to
 * plain data here and revived there.
 *
 * Cost: the scan visits each object once, about a tenth of what the clone costs. Primitives cost nothing.
 */
import type { Moved } from '../task/transfer.ts'
import type { Crossing } from './crossing.ts'
import { type Encode, sharingErrors } from './failure.ts'
import { copiedLeaves } from './leaves.ts'
import type { Lent } from './lent/link.ts'
import { Reviving } from './revive.ts'
import { Rewriting } from './rewrite.ts'
import { Scan } from './scan.ts'

export type { Crossing } from './crossing.ts'

/** A value that is ready to be copied. */
export interface Encoded {
  readonly value: unknown
  /** Whether the other side must revive it. */
  readonly special: boolean
  /** Buffers and ports that move with it. */
  readonly transfer: readonly Moved[]
  /** Ends of channels that go along to another process. */
  readonly loans?: readonly Lent[]
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
  return scan.undoing(() => {
    scan.run(value)
    if (!scan.special) return { value, special: false, transfer: scan.transfer }
    return rewritten(value, scan, scan.transfer, (part, path) =>
      encode(part, path, { ...crossing, lends: false }),
    )
  })
}

/**
 * The same, for a value that is sent later: copied now, and what is to be moved has moved. Whatever its owner does with it
 * meanwhile, it is sent as it was.
 * @throws SerializationError, PayloadTooLargeError
 */
export function encodeNow(value: unknown, root: string, crossing: Crossing): Encoded {
  if (typeof value !== 'object' || value === null) return encode(value, root, crossing)
  const scan = new Scan(root, crossing)
  return scan.undoing(() => {
    scan.run(value)
    const { leaves, transfer } = copiedLeaves(scan.leaves, scan.transfer)
    return rewritten(
      value,
      scan,
      transfer,
      (part, path) => encodeNow(part, path, { ...crossing, lends: false }),
      leaves,
    )
  })
}

/** The value with stand-ins for what is special in it. What stands in an error is lent to nobody. */
function rewritten(
  value: unknown,
  scan: Scan,
  transfer: Encoded['transfer'],
  encodePart: Encode,
  leaves?: ReadonlyMap<object, object>,
): Encoded {
  const { special, loans } = scan
  const rewriting = new Rewriting(encodePart, scan, leaves)
  const copy = scan.placing(() => sharingErrors(() => rewriting.copy(value)))
  return loans.length === 0 ? { value: copy, special, transfer } : { value: copy, special, transfer, loans }
}

/**
 * Brings back what `encode` made of a value; `root` names it in errors.
 * @throws UnknownClassError, TaskVersionError or SerializationError for an instance of a shareable class that can't be made
 */
export function decode(value: unknown, special: boolean, root = 'result'): unknown {
  return special ? sharingErrors(() => new Reviving(decode, root).revive(value)) : value
}

/** Brings back the parts of one special value one by one, so that one which can't be made here fails alone. */
export function decodeParts(parts: readonly unknown[], root: string): (at: number) => unknown {
  const reviving = new Reviving(decode, root)
  return at => sharingErrors(() => reviving.revive(parts[at]))
}

/** Empties the sender's buffers after their bytes were copied, so that a moved value is gone on every executor. */
export function detach(transfer: readonly Moved[]): void {
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
