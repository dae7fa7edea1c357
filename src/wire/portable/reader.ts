/** Reads values in the portable format, and believes nothing: format.ts. */
import { define } from '../define.ts'
import {
  defaultDepth,
  isLittleEndian,
  mark,
  mostShapes,
  type PortableLimits,
  swap,
  tags,
  version,
  viewNames,
} from './format.ts'

/** Beyond such a gap V8 keeps an array's items in a table, and its length costs nothing. */
const largestGap = 1_024

/**
 * The value in the bytes, and whether it must be revived.
 * @throws RangeError if they are none of the format, or more than the limits allow
 */
export function fromBytes(bytes: Uint8Array, limits: PortableLimits): { value: unknown; special: boolean } {
  if (bytes.length > limits.maxBytes)
    throw new RangeError(`A value of ${bytes.length} bytes, where ${limits.maxBytes} are allowed.`)
  return new PortableReader(bytes, limits).read()
}

/** The names of a record, and whether assigning them defines them. */
interface Shape {
  readonly names: readonly string[]
  readonly isPlain: boolean
}

class PortableReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #madeBuffer: Buffer | undefined
  readonly #maxBytes: number
  readonly #maxDepth: number
  readonly #objects: (object | undefined)[] = []
  readonly #shapes: Shape[] = []
  #at = 0
  #depth = 0

  constructor(bytes: Uint8Array, { maxBytes, maxDepth = defaultDepth }: PortableLimits) {
    // A Buffer's slice() is a window on the same memory; what is read must be a copy.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#maxBytes = maxBytes
    this.#maxDepth = maxDepth
  }

  read(): { value: unknown; special: boolean } {
    if (this.#byte() !== mark) throw new RangeError('These bytes are no portable value.')
    const written = this.#byte()
    if (written !== version)
      throw new RangeError(`A portable value of version ${written}, where ${version} is read.`)
    const special = this.#byte()
    if (special > 1) throw new RangeError('A flag is neither set nor clear.')
    const value = this.#value()
    if (this.#at !== this.#bytes.length) throw new RangeError('There are bytes behind the value.')
    return { value, special: special === 1 }
  }

  #value(): unknown {
    const tag = this.#byte()
    switch (tag) {
      case tags.undefined:
        return undefined
      case tags.null:
        return null
      case tags.true:
        return true
      case tags.false:
        return false
      case tags.int8:
        return this.#view.getInt8(this.#skip(1))
      case tags.int32:
        return this.#view.getInt32(this.#skip(4), true)
      case tags.float64:
        return this.#view.getFloat64(this.#skip(8), true)
      case tags.latin1:
      case tags.utf16:
        return this.#text(tag)
      case tags.bigint:
        return this.#bigint()
      case tags.seen:
        return this.#seen()
      default:
        return this.#object(tag)
    }
  }

  #object(tag: number): object {
    switch (tag) {
      case tags.numbers:
        return this.#numbers()
      case tags.date:
        return this.#note(new Date(this.#view.getFloat64(this.#skip(8), true)))
      case tags.regexp:
        return this.#regexp()
      case tags.boxed:
        return this.#boxed()
      case tags.buffer:
        return this.#note(this.#copied(this.#count(1), undefined))
      case tags.growable: {
        const maxByteLength = this.#number()
        return this.#note(this.#copied(this.#count(1), maxByteLength))
      }
      case tags.view:
        return this.#viewOn()
      default:
        return this.#container(tag)
    }
  }

  #container(tag: number): object {
    this.#depth += 1
    if (this.#depth > this.#maxDepth)
      throw new RangeError(`The value is nested more than ${this.#maxDepth} levels deep.`)
    const container = this.#filled(tag)
    this.#depth -= 1
    return container
  }

  #filled(tag: number): object {
    switch (tag) {
      case tags.array:
        return this.#array()
      case tags.uneven:
        return this.#uneven()
      case tags.record:
        return this.#record(this.#newShape())
      case tags.alike:
        return this.#record(this.#knownShape())
      case tags.map:
        return this.#map()
      case tags.set:
        return this.#set()
      default:
        throw new RangeError(`The tag ${tag} stands for nothing.`)
    }
  }

  #array(): unknown[] {
    const count = this.#count(1)
    const array: unknown[] = this.#note([])
    for (let index = 0; index < count; index += 1) array.push(this.#value())
    return array
  }

  #numbers(): number[] {
    const count = this.#count(8)
    const from = this.#skip(8 * count)
    const bytes = this.#bytes.slice(from, this.#at)
    if (!isLittleEndian) swap(bytes, 8)
    const numbers = new Float64Array(bytes.buffer)
    const array: number[] = []
    for (let index = 0; index < count; index += 1) array.push(numbers[index] as number)
    return this.#note(array)
  }

  #uneven(): unknown[] {
    const length = this.#number()
    if (length > 2 ** 32 - 1) throw new RangeError('An array is longer than arrays can be.')
    const count = this.#count(2)
    const array: unknown[] = this.#note([])
    if (length > largestGap) {
      array[length - 1] = undefined
      delete array[length - 1]
    } else array.length = length
    for (let left = count; left > 0; left -= 1) {
      const key = this.#value()
      if (typeof key === 'number') {
        if (!Number.isInteger(key) || key < 0 || key >= length)
          throw new RangeError('An item stands beyond its array.')
        array[key] = this.#value()
      } else if (typeof key === 'string' && key !== 'length') {
        define(array as unknown as Record<string, unknown>, key, this.#value())
        if (array.length !== length) throw new RangeError('An item stands beyond its array.')
      } else throw new RangeError('What names an item is not a name.')
    }
    return array
  }

  #newShape(): Shape {
    const count = this.#count(3)
    const names: string[] = []
    for (let left = count; left > 0; left -= 1) names.push(this.#name())
    const shape = { names, isPlain: names.every(name => !(name in Object.prototype)) }
    if (this.#shapes.length < mostShapes) this.#shapes.push(shape)
    return shape
  }

  #name(): string {
    const tag = this.#byte()
    if (tag !== tags.latin1 && tag !== tags.utf16) throw new RangeError('A name is not text.')
    return this.#text(tag)
  }

  #knownShape(): Shape {
    const shape = this.#shapes[this.#number()]
    if (shape === undefined) throw new RangeError('There was no such record before.')
    return shape
  }

  #record({ names, isPlain }: Shape): Record<string, unknown> {
    const record: Record<string, unknown> = this.#note({})
    if (isPlain) for (const name of names) record[name] = this.#value()
    else for (const name of names) define(record, name, this.#value())
    return record
  }

  #map(): Map<unknown, unknown> {
    const count = this.#count(2)
    const map = this.#note(new Map<unknown, unknown>())
    for (let left = count; left > 0; left -= 1) map.set(this.#value(), this.#value())
    return map
  }

  #set(): Set<unknown> {
    const count = this.#count(1)
    const set = this.#note(new Set<unknown>())
    for (let left = count; left > 0; left -= 1) set.add(this.#value())
    return set
  }

  #regexp(): RegExp {
    const [source, flags] = [this.#name(), this.#name()]
    try {
      return this.#note(new RegExp(source, flags))
    } catch {
      throw new RangeError('The source of a regular expression is none.')
    }
  }

  #boxed(): object {
    const number = this.#reserve()
    const value = this.#leaf()
    if (value === null || value === undefined || typeof value === 'object')
      throw new RangeError('What is boxed is not a primitive.')
    return this.#fill(number, Object(value) as object)
  }

  /** What stands in a view or a box, which is none of these: so they nest no deeper. */
  #leaf(): unknown {
    const tag = this.#bytes[this.#at]
    if (tag === tags.view || tag === tags.boxed) throw new RangeError('A view or a box holds another.')
    return this.#value()
  }

  #copied(count: number, maxByteLength: number | undefined): ArrayBuffer {
    const from = this.#skip(count)
    if (maxByteLength === undefined) return this.#bytes.slice(from, this.#at).buffer as ArrayBuffer
    if (maxByteLength < count || maxByteLength > this.#maxBytes)
      throw new RangeError('A buffer may grow to less than it is, or to more than the limit.')
    const buffer = new ArrayBuffer(count, { maxByteLength })
    new Uint8Array(buffer).set(this.#bytes.subarray(from, this.#at))
    return buffer
  }

  #viewOn(): ArrayBufferView {
    const name = viewNames[this.#byte()]
    const View = name === undefined ? undefined : (globalThis as unknown as Views)[name]
    if (View === undefined) throw new RangeError('There is no such view here.')
    const byteOffset = this.#number()
    const byteLength = this.#number()
    const number = this.#reserve()
    const buffer = this.#leaf()
    if (!(buffer instanceof ArrayBuffer)) throw new RangeError('What a view is on is not a buffer.')
    const unitBytes = View.BYTES_PER_ELEMENT ?? 1
    if (
      byteLength % unitBytes !== 0 ||
      byteOffset % unitBytes !== 0 ||
      byteOffset + byteLength > buffer.byteLength
    )
      throw new RangeError('A view does not fit its buffer.')
    return this.#fill(number, new View(buffer, byteOffset, byteLength / unitBytes))
  }

  #text(tag: number): string {
    const unitBytes = tag === tags.utf16 ? 2 : 1
    const count = this.#count(unitBytes)
    const from = this.#skip(count * unitBytes)
    if (unitBytes === 2) return this.#buffer.toString('utf16le', from, this.#at)
    if (count > 16) return this.#buffer.toString('latin1', from, this.#at)
    let text = ''
    for (let at = from; at < this.#at; at += 1) text += String.fromCharCode(this.#bytes[at] as number)
    return text
  }

  /** The same bytes as a Buffer, which makes texts of them; made for the first long one. */
  get #buffer(): Buffer {
    const { buffer, byteOffset, byteLength } = this.#bytes
    this.#madeBuffer ??= Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength)
    return this.#madeBuffer
  }

  #bigint(): bigint {
    const isNegative = this.#byte() === 1
    const digits = this.#name()
    if (!/^[0-9a-f]+$/.test(digits)) throw new RangeError('The digits of a bigint are none.')
    const value = BigInt(`0x${digits}`)
    return isNegative ? -value : value
  }

  #seen(): object {
    const object = this.#objects[this.#number()]
    if (object === undefined) throw new RangeError('There was no such object before.')
    return object
  }

  #note<T extends object>(object: T): T {
    this.#objects.push(object)
    return object
  }

  #reserve(): number {
    return this.#objects.push(undefined) - 1
  }

  #fill<T extends object>(number: number, object: T): T {
    this.#objects[number] = object
    return object
  }

  #byte(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) throw new RangeError('The value ends before its end.')
    this.#at += 1
    return byte
  }

  /** Goes over so many bytes, which must be there; returns where they begin. */
  #skip(bytes: number): number {
    const from = this.#at
    if (bytes > this.#bytes.length - from) throw new RangeError('The value ends before its end.')
    this.#at = from + bytes
    return from
  }

  /** How many there are of what takes at least so many bytes each. */
  #count(leastBytes: number): number {
    const count = this.#number()
    if (count * leastBytes > this.#bytes.length - this.#at)
      throw new RangeError('A count is beyond the bytes.')
    return count
  }

  #number(): number {
    let number = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#byte()
      number += (byte & 127) * scale
      if (number > Number.MAX_SAFE_INTEGER) throw new RangeError('A count is too large.')
      if (byte < 128) return number
      if (scale > 2 ** 49) throw new RangeError('A count is too long.')
    }
  }
}

type Views = Readonly<
  Record<
    string,
    | {
        new (buffer: ArrayBuffer, byteOffset: number, length: number): ArrayBufferView
        BYTES_PER_ELEMENT?: number
      }
    | undefined
  >
>
