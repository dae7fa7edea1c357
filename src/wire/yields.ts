/**
 * What a generator yields ⇄ messages: many small plain values in one, anything else in one of its
 * own.
 *
 *     small and plain    ─▶ written into the batch at once, as compact bytes ─▶ yielded { count, bytes, loose }
 *     long text, bigint  ─▶ can't change: noted beside the bytes             ─▶ yielded
 *     anything else      ─▶ flush, then the codec                            ─▶ yieldedOne { value, weight }
 *
 * A value is copied when it is yielded, not when its message leaves: a generator may yield the same
 * object again and again, changed each time.
 */
import { type Crossing, type Encoded, encode } from './codec.ts'
import { CompactReader } from './compact/reader.ts'
import { CompactWriter } from './compact/writer.ts'
import type { LooseValue, YieldedMessage, YieldedOneMessage } from './messages.ts'

const { types } = process.getBuiltinModule('node:util')

/** The most bytes of one batch, and the room that its last value may need. */
const batchBytes = 16_384
const largestValueBytes = 2_048
/** A value in a message of its own counts as one value per this many bytes. */
const bytesPerWeight = 16_384
/** The longest texts that travel with others, all together. */
const looseLength = 32_768

/** Sends a message, with what moves; throws what the platform throws when it can't copy. */
export type SendYields = (message: YieldedMessage | YieldedOneMessage, transfer: Encoded['transfer']) => void

/** The sending side, of one stream. */
export class YieldWriter {
  readonly #seq: number
  readonly #crossing: Crossing
  readonly #send: SendYields
  readonly #root: string
  readonly #bytes = new Uint8Array(batchBytes)
  readonly #writer = new CompactWriter(this.#bytes)
  readonly #mostBytes: number
  #at = 0
  #count = 0
  #loose: LooseValue[] = []
  #looseLength = 0
  #yielded = 0

  /** `root` names the values in errors. */
  constructor(seq: number, crossing: Crossing, send: SendYields, root = 'yielded') {
    this.#seq = seq
    this.#root = root
    this.#crossing = crossing
    this.#send = send
    this.#mostBytes = Math.min(batchBytes - largestValueBytes, crossing.maxPayloadBytes)
  }

  /**
   * Takes the next value, and sends it at once if it needs a message of its own. Returns its
   * weight, at most `mostWeight`.
   * @throws SerializationError, PayloadTooLargeError; the values before it were sent
   */
  add(value: unknown, mostWeight: number): number {
    this.#yielded += 1
    this.#writer.begin(this.#at, this.#at + largestValueBytes)
    if (this.#writer.value(value) || this.#addLoose(value)) {
      this.#at = this.#writer.at
      this.#count += 1
      if (this.#at >= this.#mostBytes || this.#looseLength >= looseLength) this.flush()
      return 1
    }
    this.flush()
    const encoded = encode(value, `${this.#root}[${this.#yielded - 1}]`, this.#crossing)
    const weight = Math.min(mostWeight, 1 + Math.floor(visibleBytes(value) / bytesPerWeight))
    this.#send(
      { kind: 'yieldedOne', seq: this.#seq, value: encoded.value, special: encoded.special, weight },
      encoded.transfer,
    )
    return weight
  }

  /** Sends what has gathered. */
  flush(): void {
    if (this.#count === 0) return
    const message: YieldedMessage = {
      kind: 'yielded',
      seq: this.#seq,
      count: this.#count,
      bytes: this.#bytes.slice(0, this.#at),
      loose: this.#loose,
    }
    this.#at = this.#count = this.#looseLength = 0
    this.#loose = []
    this.#send(message, [])
  }

  #addLoose(value: unknown): boolean {
    const length =
      typeof value === 'string' ? value.length : typeof value === 'bigint' ? 8 : Number.POSITIVE_INFINITY
    if (length > Math.min(bytesPerWeight, this.#crossing.maxPayloadBytes)) return false
    this.#loose.push({ index: this.#count, value })
    this.#looseLength += length
    this.#writer.begin(this.#at, this.#at + largestValueBytes)
    return this.#writer.value(undefined)
  }
}

/**
 * The values of a batch.
 * @throws RangeError if it is none
 */
export function yieldedValues({ count, bytes, loose }: YieldedMessage): unknown[] {
  const reader = new CompactReader(bytes)
  reader.begin(0)
  const values: unknown[] = []
  for (let left = count; left > 0; left -= 1) values.push(reader.value())
  for (const { index, value } of loose) {
    if (!(index in values)) throw new RangeError('A value stands at no place of its batch.')
    values[index] = value
  }
  return values
}

/** The bytes of buffers and texts in the value, as far as they are seen at a glance. */
function visibleBytes(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (ArrayBuffer.isView(value) || types.isArrayBuffer(value)) return value.byteLength
  if (typeof value !== 'object' || value === null) return 0
  if (Array.isArray(value)) return 8 * value.length
  let bytes = 0
  for (const part of Object.values(Object.getOwnPropertyDescriptors(value))) {
    const inner: unknown = part.value
    if (typeof inner === 'string') bytes += inner.length
    else if (ArrayBuffer.isView(inner) || types.isArrayBuffer(inner)) bytes += inner.byteLength
    else if (Array.isArray(inner)) bytes += 8 * inner.length
  }
  return bytes
}
