/**
 * Values ⇄ what the platform can copy.
 *
 *     encode: scan (refuse, find what moves, find what is special) ─▶ value as it is            ─▶ structured clone
 *                                                                  └▶ rewritten, if special    ─▶ structured clone
 *     decode: value as it is, or revived
 *
 * The platform's structured clone (HTML standard, "StructuredSerialize"; V8's ValueSerializer)
 * keeps Date, Map, Set, BigInt, typed arrays, NaN, undefined and cycles. It loses, without a word,
 * the class of an instance, the properties of an error, the Buffer in a Uint8Array, and properties
 * named by symbols. The scan refuses the first and the last by their path, unless the class is
 * declared to be shareable; such instances, errors and Buffers are special: rewritten to plain data
 * here and revived there.
 *
 * Cost: the scan visits each object once, about a tenth of what the clone costs. Primitives cost
 * nothing.
 */
import type { Moved } from '../task/transfer.ts'
import type { Crossing } from './crossing.ts'
import { Decoding, type EncodedPart, Encoding } from './encoding.ts'
import { copiedLeaves } from './leaves.ts'
import type { Borrower } from './lent/borrower.ts'
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
export function encode(value: unknown, root: string, crossing: Crossing, within?: Encoding): Encoded {
  if (isPrimitiveThatCrosses(value)) return { value, special: false, transfer: nothingMoves }
  const scan = new Scan(root, crossing)
  return scan.undoing(() => {
    scan.run(value)
    if (!scan.special) return { value, special: false, transfer: scan.transfer }
    return rewritten(value, scan, scan.transfer, within ?? new MessageEncoding(crossing))
  })
}

/**
 * The same, for a value that is sent later: it is copied now, and what moves has moved. Whatever
 * its owner does with it meanwhile, it is sent as it was.
 * @throws SerializationError, PayloadTooLargeError
 */
export function encodeNow(value: unknown, root: string, crossing: Crossing, within?: Encoding): Encoded {
  if (typeof value !== 'object' || value === null) return encode(value, root, crossing)
  const scan = new Scan(root, crossing)
  return scan.undoing(() => {
    scan.run(value)
    const { leaves, transfer } = copiedLeaves(scan.leaves, scan.transfer)
    return rewritten(value, scan, transfer, within ?? new MessageEncodingNow(crossing), leaves)
  })
}

/** A message for that crossing, whose values are sent at once. */
export class MessageEncoding extends Encoding {
  /** Values in an error are never lent. */
  protected readonly crossing: Crossing

  constructor(crossing: Crossing) {
    super()
    this.crossing = { ...crossing, lends: false }
  }

  value(value: unknown, path: string): EncodedPart {
    return encode(value, path, this.crossing, this)
  }
}

/** The same for values that are sent later. */
export class MessageEncodingNow extends MessageEncoding {
  override value(value: unknown, path: string): EncodedPart {
    return encodeNow(value, path, this.crossing, this)
  }
}

/** The value with stand-ins for what is special in it. */
function rewritten(
  value: unknown,
  scan: Scan,
  transfer: Encoded['transfer'],
  encoding: Encoding,
  leaves?: ReadonlyMap<object, object>,
): Encoded {
  const { special, loans } = scan
  const rewriting = new Rewriting(encoding, scan, leaves)
  const copy = scan.placing(() => rewriting.copy(value))
  return loans.length === 0 ? { value: copy, special, transfer } : { value: copy, special, transfer, loans }
}

/**
 * Brings back what `encode` made of a value; `root` names it in errors. Ends of channels come to
 * the `borrower`.
 * @throws UnknownClassError, TaskVersionError or SerializationError for an instance of a shareable
 *   class that can't be made
 */
export function decode(value: unknown, special: boolean, root = 'result', borrower?: Borrower): unknown {
  if (!special) return value
  return new Reviving(new MessageDecoding({ borrower }), root).revive(value)
}

/**
 * Brings back the parts of a special value one by one, so that a part which can't be made here
 * fails alone.
 */
export function decodeParts(
  parts: readonly unknown[],
  root: string,
  borrower: Borrower | undefined,
): (at: number) => unknown {
  const reviving = new Reviving(new MessageDecoding({ borrower }), root)
  return at => reviving.revive(parts[at])
}

/** A message that is being read. */
export class MessageDecoding extends Decoding {
  constructor({ findClass, borrower }: Partial<Pick<Decoding, 'findClass' | 'borrower'>> = {}) {
    super(findClass, borrower)
  }

  value(value: unknown, special: boolean): unknown {
    return special ? new Reviving(this, 'result').revive(value) : value
  }
}

/**
 * Empties the sender's buffers after their bytes were copied, so that a moved value is gone on
 * every executor.
 */
export function detach(transfer: readonly Moved[]): void {
  for (const moved of transfer) {
    if (!(moved instanceof ArrayBuffer) || moved.detached) continue
    try {
      moved.transfer()
    } catch {} // A WebAssembly memory can't be detached; it was copied like the others.
  }
}

/** Whether these arguments cross as they are, as a few primitives do. */
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
