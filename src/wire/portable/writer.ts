/** Writes values in the portable format: format.ts. */
import { PayloadTooLargeError, SerializationError } from '../../errors.ts'
import { arrayIndex, namesOn } from '../own-names.ts'
import { tag as standInTag } from '../stand-in.ts'
import { portableError, portableStandIn } from './addresses.ts'
import {
  defaultDepth,
  fewNumbers,
  isLittleEndian,
  mark,
  mostShapes,
  type PortableLimits,
  swap,
  tags,
  version,
  viewNames,
} from './format.ts'

const { types } = process.getBuiltinModule('node:util')

const firstBytes = 1_024
/** Memory that the last writer is done with; a larger one is left to the collector. */
let spare: Memory | undefined
const mostSpareBytes = 1_024 * 1_024

interface Memory {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly view: DataView
}

function memoryOf(length: number): Memory {
  const bytes = new Uint8Array(length)
  return { bytes, view: new DataView(bytes.buffer) }
}

/**
 * The bytes of a value that `encode` has readied for another process; `special` says whether it
 * must be revived there.
 * @throws PayloadTooLargeError if they are more than `maxBytes`
 * @throws SerializationError for what no portable value is, and for nesting deeper than `maxDepth`
 */
export function toBytes(value: unknown, special: boolean, limits: PortableLimits): Uint8Array<ArrayBuffer> {
  return new PortableWriter(limits).write(value, special)
}

class PortableWriter {
  readonly #maxBytes: number
  readonly #maxDepth: number
  readonly #smaller: string | undefined
  readonly #numbers = new Map<object, number>()
  readonly #shapes: (readonly string[])[] = []
  #bytes: Uint8Array<ArrayBuffer>
  #view: DataView
  #at = 0
  #depth = 0
  /** Whether there may be stand-ins in it. */
  #special = false
  /** What errors, and the addresses of classes, became for the network. */
  readonly #readdressed = new Map<object, object>()

  constructor({ maxBytes, maxDepth = defaultDepth, smaller }: PortableLimits) {
    this.#maxBytes = maxBytes
    this.#smaller = smaller
    this.#maxDepth = maxDepth
    const { bytes, view } = spare ?? memoryOf(firstBytes)
    spare = undefined // Values may be written while one is.
    this.#bytes = bytes
    this.#view = view
  }

  write(value: unknown, special: boolean): Uint8Array<ArrayBuffer> {
    this.#special = special
    for (const byte of [mark, version, special ? 1 : 0]) this.#byte(byte)
    this.#value(value)
    if (this.#at > this.#maxBytes) throw this.#tooLarge(this.#at)
    const memory = this.#bytes
    // What would not be kept, and is nearly full, is given away as it is.
    if (memory.length > mostSpareBytes && this.#at > memory.length / 2) return memory.subarray(0, this.#at)
    if (memory.length <= mostSpareBytes) spare = { bytes: memory, view: this.#view }
    return memory.slice(0, this.#at)
  }

  #tooLarge(bytes: number): PayloadTooLargeError {
    return new PayloadTooLargeError(bytes, this.#maxBytes, this.#smaller)
  }

  #value(value: unknown): void {
    switch (typeof value) {
      case 'number':
        return this.#number(value)
      case 'string':
        return this.#text(value)
      case 'boolean':
        return this.#byte(value ? tags.true : tags.false)
      case 'undefined':
        return this.#byte(tags.undefined)
      case 'bigint':
        return this.#bigint(value)
      case 'object':
        return value === null ? this.#byte(tags.null) : this.#object(value)
      default:
        throw new SerializationError('value', `value holds a ${typeof value}, which no bytes stand for.`)
    }
  }

  #number(value: number): void {
    const isInt = (value | 0) === value && (value !== 0 || 1 / value > 0)
    this.#need(9)
    if (!isInt) {
      this.#bytes[this.#at++] = tags.float64
      this.#view.setFloat64(this.#at, value, true)
      this.#at += 8
    } else if (value >= -128 && value < 128) {
      this.#bytes[this.#at++] = tags.int8
      this.#view.setInt8(this.#at++, value)
    } else {
      this.#bytes[this.#at++] = tags.int32
      this.#view.setInt32(this.#at, value, true)
      this.#at += 4
    }
  }

  #bigint(value: bigint): void {
    this.#byte(tags.bigint)
    this.#byte(value < 0n ? 1 : 0)
    this.#text((value < 0n ? -value : value).toString(16))
  }

  #text(text: string): void {
    const { length } = text
    this.#need(9 + 2 * length)
    const start = this.#at
    const bytes = this.#bytes
    bytes[this.#at++] = tags.latin1
    this.#count(length)
    let at = this.#at
    if (length > 64) return this.#longText(text, start)
    for (let unit = 0; unit < length; unit += 1) {
      const code = text.charCodeAt(unit)
      if (code > 255) return this.#wideText(text, start)
      bytes[at++] = code
    }
    this.#at = at
  }

  /**
   * Written as if it had one byte for each unit, and read again: two copies of memory are faster
   * than a look at each unit.
   */
  #longText(text: string, start: number): void {
    const from = this.#at
    const buffer = Buffer.from(this.#bytes.buffer)
    const end = from + buffer.write(text, from, 'latin1')
    if (buffer.toString('latin1', from, end) !== text) return this.#wideText(text, start)
    this.#at = end
  }

  #wideText(text: string, start: number): void {
    this.#bytes[start] = tags.utf16
    if (text.length > 64) this.#at += Buffer.from(this.#bytes.buffer).write(text, this.#at, 'utf16le')
    else
      for (let unit = 0; unit < text.length; unit += 1, this.#at += 2)
        this.#view.setUint16(this.#at, text.charCodeAt(unit), true)
  }

  #object(value: object): void {
    const number = this.#numbers.get(value)
    if (number !== undefined) {
      this.#byte(tags.seen)
      return this.#count(number)
    }
    this.#numbers.set(value, this.#numbers.size)
    if (ArrayBuffer.isView(value)) this.#viewOn(value)
    else if (types.isArrayBuffer(value)) this.#memory(value)
    else if (types.isDate(value)) this.#date(value)
    else if (types.isRegExp(value)) this.#regexp(value)
    else if (types.isBoxedPrimitive(value)) this.#boxed(value)
    else this.#container(value)
  }

  #container(value: object): void {
    this.#depth += 1
    if (this.#depth > this.#maxDepth)
      throw new SerializationError('value', `value is nested more than ${this.#maxDepth} levels deep.`)
    if (Array.isArray(value)) this.#array(value)
    else if (types.isMap(value)) this.#map(value)
    else if (types.isSet(value)) this.#set(value)
    else this.#record(value as Record<string, unknown>)
    this.#depth -= 1
  }

  #array(array: readonly unknown[]): void {
    const { length } = array
    if (length >= fewNumbers && this.#tryNumbers(array)) return
    const keys = Object.keys(array)
    if (keys.length !== length || (length > 0 && keys[length - 1] !== String(length - 1)))
      return this.#uneven(array, keys)
    this.#byte(tags.array)
    this.#count(length)
    for (let index = 0; index < length; index += 1) this.#value(array[index])
  }

  /** Says whether all of it was numbers, and nothing else on it. */
  #tryNumbers(array: readonly unknown[]): boolean {
    for (const item of array) if (typeof item !== 'number') return false
    if (namesOn(array).length > 0) return false
    this.#byte(tags.numbers)
    this.#count(array.length)
    const numbers = new Float64Array(array.length)
    for (let index = 0; index < array.length; index += 1) numbers[index] = array[index] as number
    const bytes = new Uint8Array(numbers.buffer)
    if (!isLittleEndian) swap(bytes, 8)
    this.#append(bytes)
    return true
  }

  #uneven(array: readonly unknown[], keys: readonly string[]): void {
    this.#byte(tags.uneven)
    this.#count(array.length)
    this.#count(keys.length)
    for (const key of keys) {
      const index = arrayIndex(key)
      if (index !== undefined && index < array.length) this.#number(index)
      else this.#text(key)
      this.#value(array[key as unknown as number])
    }
  }

  #record(record: Record<string, unknown>): void {
    const prototype = Object.getPrototypeOf(record)
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
      throw new SerializationError('value', 'value holds an instance of a class, which no bytes stand for.')
    const names = Object.keys(record)
    const known = this.#shapes.findLastIndex(shape => areSame(shape, names))
    if (known >= 0) {
      this.#byte(tags.alike)
      this.#count(known)
    } else {
      this.#byte(tags.record)
      this.#count(names.length)
      for (const name of names) this.#text(name)
      if (this.#shapes.length < mostShapes) this.#shapes.push(names)
    }
    const sent = this.#special ? this.#addressed(record) : record
    for (const name of names) this.#value(sent[name])
  }

  /** A stand-in with the address that its class has on the network. */
  #addressed(record: Record<string, unknown>): Record<string, unknown> {
    if (Object.hasOwn(record, standInTag)) return portableStandIn(record, this.#readdressed)
    return record['kind'] === 'error' ? portableError(record, this.#readdressed) : record
  }

  #map(map: ReadonlyMap<unknown, unknown>): void {
    this.#byte(tags.map)
    this.#count(map.size)
    for (const [key, value] of map) {
      this.#value(key)
      this.#value(value)
    }
  }

  #set(set: ReadonlySet<unknown>): void {
    this.#byte(tags.set)
    this.#count(set.size)
    for (const item of set) this.#value(item)
  }

  #date(date: Date): void {
    this.#need(9)
    this.#bytes[this.#at++] = tags.date
    this.#view.setFloat64(this.#at, Date.prototype.getTime.call(date), true)
    this.#at += 8
  }

  #regexp(pattern: RegExp): void {
    this.#byte(tags.regexp)
    this.#text(pattern.source)
    this.#text(pattern.flags)
  }

  #boxed(box: object): void {
    this.#byte(tags.boxed)
    this.#value(box.valueOf())
  }

  #memory(buffer: ArrayBuffer): void {
    if (buffer.detached) throw new SerializationError('value', 'value holds a buffer that was moved already.')
    if (buffer.resizable) {
      if (buffer.maxByteLength > this.#maxBytes) throw this.#tooLarge(buffer.maxByteLength)
      this.#byte(tags.growable)
      this.#count(buffer.maxByteLength)
    } else this.#byte(tags.buffer)
    this.#count(buffer.byteLength)
    this.#append(new Uint8Array(buffer))
  }

  #viewOn(view: ArrayBufferView): void {
    const name = types.isDataView(view) ? 'DataView' : nameOfClass.call(view)
    const place = (viewNames as readonly (string | undefined)[]).indexOf(name)
    if (place < 0 || !types.isArrayBuffer(view.buffer))
      throw new SerializationError('value', 'value holds a view on memory that is shared.')
    this.#byte(tags.view)
    this.#byte(place)
    this.#count(view.byteOffset)
    this.#count(view.byteLength)
    this.#value(view.buffer)
  }

  #append(bytes: Uint8Array): void {
    this.#need(bytes.length)
    this.#bytes.set(bytes, this.#at)
    this.#at += bytes.length
  }

  #byte(value: number): void {
    if (this.#at === this.#bytes.length) this.#need(1)
    this.#bytes[this.#at++] = value
  }

  #count(value: number): void {
    this.#need(8)
    let left = value
    while (left > 127) {
      this.#bytes[this.#at++] = (left % 128) | 128
      left = Math.floor(left / 128)
    }
    this.#bytes[this.#at++] = left
  }

  /**
   * Room for so much more; counts and texts ask for more than they take, so the limit is exact only
   * at the end.
   */
  #need(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return
    if (this.#at > this.#maxBytes || (bytes > 1_024 && this.#at + bytes / 2 > this.#maxBytes))
      throw this.#tooLarge(this.#at + bytes)
    // What comes after a large buffer is small most times: twice its room would be in vain.
    const grown = new Uint8Array(Math.max(this.#at + bytes + firstBytes, 2 * this.#bytes.length))
    grown.set(this.#bytes.subarray(0, this.#at))
    this.#bytes = grown
    this.#view = new DataView(grown.buffer)
  }
}

/** Tells a typed array's true class, whatever prototype it was given. */
const nameOfClass = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get as () => string | undefined

function areSame(one: readonly string[], other: readonly string[]): boolean {
  if (one.length !== other.length) return false
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return false
  return true
}
