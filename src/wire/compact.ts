/**
 * Small plain values ⇄ bytes, without the platform's serializer, whose fixed cost is some microseconds.
 *
 *     value = tag, then: int32 4 bytes · float64 8 bytes · text: length (2 bytes), 1 or 2 bytes for each unit ·
 *             array: count (1 byte), values · record: count (1 byte), names, values ·
 *             record like the n-th one with names in this value: n (1 byte), values ·
 *             typed array: class (1 byte), length in bytes (2 bytes), its bytes
 *
 * It takes what is surely kept by a copy: primitives, and small arrays and plain records of them and of typed arrays that are all
 * of their buffers, each object once.
 * Whatever it does not take is left to the codec, which refuses it with its reason or copies it with more care. So a
 * caller can always try this first.
 */
import { markedToMove } from '../task/transfer.ts'
import { placeOfWhole, type TypedArrayClass, typedArrayClasses } from './whole-view.ts'

const { types } = process.getBuiltinModule('node:util')

const tags = {
  undefined: 0,
  null: 1,
  true: 2,
  false: 3,
  int: 4,
  float: 5,
  latin1: 6,
  utf16: 7,
  array: 8,
  record: 9,
  view: 10,
  alike: 11,
} as const

/** The longest text, the largest typed array, the most parts of one array or record, the most objects in one value. */
const longestText = 512
const largestViewBytes = 1_536
const mostParts = 64
const mostObjects = 24
/** The most bytes that one scalar takes: a text of two bytes for each unit, with tag and length. */
const largestScalarBytes = 3 + 2 * longestText

/** Writes values one after the other into a piece of memory, which may be shared. */
export class CompactWriter {
  #bytes: Uint8Array
  #view: DataView
  #at = 0
  #end = 0
  readonly #seen: object[] = []
  /** The names of the records in this value, each list once: rows of a table are written without theirs. */
  readonly #shapes: (readonly string[])[] = []

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Where the next byte goes. */
  get at(): number {
    return this.#at
  }

  /** Begins to write at `at`, up to `end`. */
  begin(at: number, end: number): void {
    this.#at = at
    this.#end = end
    if (this.#seen.length > 0) this.#seen.length = 0 // Dear, even where there is nothing to do.
    if (this.#shapes.length > 0) this.#shapes.length = 0
  }

  int32(value: number): void {
    this.#view.setInt32(this.#at, value, true)
    this.#at += 4
  }

  float64(value: number): void {
    this.#view.setFloat64(this.#at, value, true)
    this.#at += 8
  }

  byte(value: number): void {
    this.#bytes[this.#at++] = value
  }

  /** Writes the value, or returns false if it is none for this format or there is no room; what was written is void then. */
  value(value: unknown): boolean {
    if (this.#at + 9 > this.#end) return false
    switch (typeof value) {
      case 'number':
        if ((value | 0) === value && (value !== 0 || 1 / value > 0)) {
          this.#bytes[this.#at++] = tags.int
          this.int32(value)
        } else {
          this.#bytes[this.#at++] = tags.float
          this.float64(value)
        }
        return true
      case 'string':
        return this.#text(value)
      case 'boolean':
        this.#bytes[this.#at++] = value ? tags.true : tags.false
        return true
      case 'undefined':
        this.#bytes[this.#at++] = tags.undefined
        return true
      case 'object':
        if (value === null) {
          this.#bytes[this.#at++] = tags.null
          return true
        }
        return this.#object(value)
      default:
        return false
    }
  }

  /** Writes an array that atonce has made itself: without holes and without other names. */
  list(values: readonly unknown[]): boolean {
    const count = values.length
    if (count > mostParts || this.#at + 2 > this.#end) return false
    this.#bytes[this.#at++] = tags.array
    this.#bytes[this.#at++] = count
    for (let index = 0; index < count; index += 1) if (!this.value(values[index])) return false
    return true
  }

  #text(text: string): boolean {
    const { length } = text
    if (length > longestText || this.#at + largestScalarBytes > this.#end) return false
    const start = this.#at
    const bytes = this.#bytes
    let at = start + 3
    for (let unit = 0; unit < length; unit += 1) {
      const code = text.charCodeAt(unit)
      if (code > 255) return this.#wideText(text, start)
      bytes[at++] = code
    }
    bytes[start] = tags.latin1
    this.#view.setUint16(start + 1, length, true)
    this.#at = at
    return true
  }

  #wideText(text: string, start: number): boolean {
    this.#bytes[start] = tags.utf16
    this.#view.setUint16(start + 1, text.length, true)
    this.#at = start + 3
    for (let unit = 0; unit < text.length; unit += 1, this.#at += 2)
      this.#view.setUint16(this.#at, text.charCodeAt(unit), true)
    return true
  }

  #object(value: object): boolean {
    if (this.#seen.length >= mostObjects || this.#seen.includes(value) || types.isProxy(value)) return false
    this.#seen.push(value)
    if (Array.isArray(value)) return this.#array(value)
    return ArrayBuffer.isView(value)
      ? this.#typedArray(value)
      : this.#record(value as Record<string, unknown>)
  }

  #array(array: readonly unknown[]): boolean {
    const count = array.length
    if (count > mostParts || Object.getPrototypeOf(array) !== Array.prototype) return false
    // Own names come in order, indexes first: when the last of `count` names is the last index, there is no hole and no
    // other name.
    const names = Object.keys(array)
    if (names.length !== count || (count > 0 && names[count - 1] !== String(count - 1))) return false
    this.#bytes[this.#at++] = tags.array
    this.#bytes[this.#at++] = count
    for (let index = 0; index < count; index += 1) if (!this.#part(array, index)) return false
    return true
  }

  #record(record: Record<string, unknown>): boolean {
    if (Object.getPrototypeOf(record) !== Object.prototype) return false
    const keys = Object.keys(record)
    if (keys.length > mostParts || Object.getOwnPropertySymbols(record).length > 0) return false
    if (this.#at + 2 > this.#end || !this.#names(keys)) return false
    for (const key of keys) if (!this.#part(record, key)) return false
    return true
  }

  #names(keys: readonly string[]): boolean {
    const known = this.#shapes.findLastIndex(shape => areSame(shape, keys))
    if (known >= 0) {
      this.#bytes[this.#at++] = tags.alike
      this.#bytes[this.#at++] = known
      return true
    }
    this.#shapes.push(keys)
    this.#bytes[this.#at++] = tags.record
    this.#bytes[this.#at++] = keys.length
    for (const key of keys) {
      if (key === '__proto__' || key.charCodeAt(0) === 0) return false // The codec's own business.
      if (!this.#text(key)) return false
    }
    return true
  }

  #typedArray(array: ArrayBufferView): boolean {
    const { buffer, byteLength } = array
    if (byteLength > largestViewBytes || this.#at + 4 + byteLength > this.#end) return false
    const place = placeOfWhole(array)
    if (place < 0 || markedToMove(array) !== undefined || this.#seen.includes(buffer)) return false
    this.#seen.push(buffer)
    this.#bytes[this.#at++] = tags.view
    this.#bytes[this.#at++] = place
    this.#view.setUint16(this.#at, byteLength, true)
    this.#bytes.set(new Uint8Array(buffer), this.#at + 2)
    this.#at += 2 + byteLength
    return true
  }

  #part(whole: object, key: string | number): boolean {
    let part: unknown
    try {
      part = (whole as Record<string | number, unknown>)[key]
    } catch {
      return false // A getter that throws: the codec says which.
    }
    return this.value(part)
  }
}

function areSame(one: readonly string[], other: readonly string[]): boolean {
  if (one.length !== other.length) return false
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return false
  return true
}

/** Names are short and few, and come again and again. */
const knownNames = 128
const longestKnownName = 24
/** From so many units on, the platform makes a text of bytes faster than a loop does. */
const longText = 24

/** Reads what a CompactWriter wrote. */
export class CompactReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  /** The same bytes as a Buffer, which makes texts of them; made for the first long one. */
  #buffer: Buffer | undefined
  #at = 0
  readonly #shapes: (readonly string[])[] = []
  /** Names that were read before, each at the place that its length and two of its letters give it. */
  readonly #names = new Array<string | undefined>(knownNames).fill(undefined)

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  begin(at: number): void {
    this.#at = at
  }

  int32(): number {
    const value = this.#view.getInt32(this.#at, true)
    this.#at += 4
    return value
  }

  float64(): number {
    const value = this.#view.getFloat64(this.#at, true)
    this.#at += 8
    return value
  }

  byte(): number {
    return this.#bytes[this.#at++] as number
  }

  /** @throws RangeError if the bytes are none of this format */
  value(): unknown {
    if (this.#shapes.length > 0) this.#shapes.length = 0
    return this.#value()
  }

  #value(): unknown {
    switch (this.byte()) {
      case tags.undefined:
        return undefined
      case tags.null:
        return null
      case tags.true:
        return true
      case tags.false:
        return false
      case tags.int:
        return this.int32()
      case tags.float:
        return this.float64()
      case tags.latin1:
        return this.#text(1)
      case tags.utf16:
        return this.#text(2)
      case tags.array: {
        const count = this.byte()
        const array = new Array<unknown>(count)
        for (let index = 0; index < count; index += 1) array[index] = this.#value()
        return array
      }
      case tags.record: {
        const names: string[] = []
        this.#shapes.push(names)
        for (let count = this.byte(); count > 0; count -= 1) names.push(this.#name())
        return this.#record(names)
      }
      case tags.alike: {
        const names = this.#shapes[this.byte()]
        if (names === undefined) throw new RangeError('There was no such record before.')
        return this.#record(names)
      }
      case tags.view:
        return this.#typedArray()
      default:
        throw new RangeError('These bytes are no compact value.')
    }
  }

  #typedArray(): NodeJS.TypedArray {
    const Class: TypedArrayClass | undefined = typedArrayClasses[this.byte()]
    const byteLength = this.#view.getUint16(this.#at, true)
    const from = this.#at + 2
    this.#at = from + byteLength
    if (Class === undefined || byteLength % Class.BYTES_PER_ELEMENT !== 0 || this.#at > this.#bytes.length)
      throw new RangeError('These bytes are no typed array.')
    const copy = new Uint8Array(byteLength)
    copy.set(this.#bytes.subarray(from, this.#at))
    return Class === Uint8Array ? copy : new Class(copy.buffer as never)
  }

  #record(names: readonly string[]): Record<string, unknown> {
    const record: Record<string, unknown> = {}
    for (const name of names) record[name] = this.#value()
    return record
  }

  /** A text that is the same object each time, if it is a short one: so the platform need not look it up. */
  #name(): string {
    const bytes = this.#bytes
    const start = this.#at + 3
    const length = bytes[this.#at] === tags.latin1 ? this.#view.getUint16(this.#at + 1, true) : 0
    if (length === 0 || length > longestKnownName) return this.#value() as string
    const end = start + length
    const place = ((bytes[start] as number) * 7 + (bytes[end - 1] as number) * 31 + length) & (knownNames - 1)
    const known = this.#names[place]
    if (known?.length === length) {
      let at = start
      while (at < end && known.charCodeAt(at - start) === bytes[at]) at += 1
      if (at === end) {
        this.#at = end
        return known
      }
    }
    const name = this.#value() as string
    this.#names[place] = name
    return name
  }

  #text(unitBytes: 1 | 2): string {
    const length = this.#view.getUint16(this.#at, true)
    const from = this.#at + 2
    this.#at = from + length * unitBytes
    if (this.#at > this.#bytes.length) throw new RangeError('These bytes are no text.')
    if (length >= longText) {
      this.#buffer ??= Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length)
      return this.#buffer.toString(unitBytes === 1 ? 'latin1' : 'utf16le', from, this.#at)
    }
    return unitBytes === 1 ? latin1Text(this.#bytes, from, this.#at) : this.#wideText(from, length)
  }

  #wideText(from: number, length: number): string {
    let text = ''
    for (let unit = 0; unit < length; unit += 1)
      text += String.fromCharCode(this.#view.getUint16(from + 2 * unit, true))
    return text
  }
}

/** Several letters at a time: each time makes a string. */
function latin1Text(bytes: Uint8Array, from: number, end: number): string {
  const unit = (at: number): number => bytes[at] as number
  let text = ''
  let at = from
  for (; at + 8 <= end; at += 8)
    text += String.fromCharCode(
      unit(at),
      unit(at + 1),
      unit(at + 2),
      unit(at + 3),
      unit(at + 4),
      unit(at + 5),
      unit(at + 6),
      unit(at + 7),
    )
  if (at + 4 <= end) {
    text += String.fromCharCode(unit(at), unit(at + 1), unit(at + 2), unit(at + 3))
    at += 4
  }
  for (; at < end; at += 1) text += String.fromCharCode(unit(at))
  return text
}
