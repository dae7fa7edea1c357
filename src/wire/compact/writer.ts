/** Writes values in the compact format: format.ts. */
import { markedToMove } from '../../task/transfer.ts'
import { placeOfClass, placeOfWhole } from '../whole-view.ts'
import { largestViewBytes, longestText, mostObjects, mostParts, tags } from './format.ts'

const { types } = process.getBuiltinModule('node:util')

/** Knows shared memory by numbers, as the reader does. */
export interface NumberedMemories {
  /** Undefined if the reader does not know it. */
  numberOf(memory: SharedArrayBuffer): number | undefined
}

/** Writes values one after the other into a piece of memory, which may be shared. */
export class CompactWriter {
  #bytes: Uint8Array
  #view: DataView
  #at = 0
  #end = 0
  readonly #seen: object[] = []
  /**
   * The names of the records in this value, each list once: rows of a table are written without
   * theirs.
   */
  readonly #shapes: (readonly string[])[] = []

  readonly #memories: NumberedMemories | undefined

  constructor(bytes: Uint8Array, memories?: NumberedMemories) {
    this.#bytes = bytes
    this.#memories = memories
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
    this.release()
  }

  /**
   * Releases the objects of the last value, which would otherwise be kept until the next one.
   */
  release(): void {
    if (this.#seen.length > 0) this.#seen.length = 0 // Setting the length is expensive, even of an empty array.
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

  /**
   * Writes the value. Returns false if the format does not take it, or there is no room; what was
   * written is void then.
   */
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
    if (length > longestText || this.#at + 3 + 2 * length > this.#end) return false
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
    // Own names come in order, indexes first: when the last of `count` names is the last index,
    // there is no hole and no other name.
    const names = Object.keys(array)
    if (names.length !== count || (count > 0 && names[count - 1] !== String(count - 1))) return false
    this.#bytes[this.#at++] = tags.array
    this.#bytes[this.#at++] = count
    for (let index = 0; index < count; index += 1) if (!this.#part(array, index)) return false
    return true
  }

  #record(record: Record<string, unknown>): boolean {
    if (Object.getPrototypeOf(record) !== Object.prototype)
      return types.isSharedArrayBuffer(record) && this.#memory(record)
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
    if (types.isSharedArrayBuffer(buffer)) return this.#memoryView(array, buffer)
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

  #memory(memory: SharedArrayBuffer): boolean {
    const number = this.#numberOf(memory)
    if (number === undefined || this.#at + 5 > this.#end) return false
    this.#bytes[this.#at++] = tags.memory
    this.int32(number)
    return true
  }

  #memoryView(view: ArrayBufferView, memory: SharedArrayBuffer): boolean {
    const place = placeOfClass(view)
    if (place < 0 || this.#at + 22 > this.#end) return false
    const number = this.#numberOf(memory)
    if (number === undefined) return false
    this.#bytes[this.#at++] = tags.memoryView
    this.#bytes[this.#at++] = place
    this.int32(number)
    this.float64(view.byteOffset)
    this.float64((view as NodeJS.TypedArray).length)
    return true
  }

  /** Not of memory that can grow: a view on it may grow with it. */
  #numberOf(memory: SharedArrayBuffer): number | undefined {
    if (Object.getPrototypeOf(memory) !== SharedArrayBuffer.prototype || memory.growable) return undefined
    return this.#memories?.numberOf(memory)
  }

  #part(whole: object, key: string | number): boolean {
    let part: unknown
    try {
      part = (whole as Record<string | number, unknown>)[key]
    } catch {
      return false // A getter has thrown: the codec says which.
    }
    return this.value(part)
  }
}

function areSame(one: readonly string[], other: readonly string[]): boolean {
  if (one.length !== other.length) return false
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return false
  return true
}
