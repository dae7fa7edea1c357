/** Reads values in the compact format: format.ts. */
import { type TypedArrayClass, typedArrayClasses } from '../whole-view.ts'
import { tags } from './format.ts'

/** Knows shared memory by numbers, as the writer does. */
export interface KnownMemories {
  /** @throws RangeError if there is none of this number */
  get(number: number): SharedArrayBuffer
}

const noMemories: KnownMemories = {
  get(number) {
    throw new RangeError(`There is no shared memory ${number}.`)
  },
}

/** Names are short and few, and recur. */
const knownNames = 128
const longestKnownName = 24
/** From this length on, the platform decodes a text faster than a loop. */
const longText = 24

const objectPrototype = Object.prototype
const { hasOwnProperty: hasOwn } = objectPrototype

/** Without a prototype: a `get` on one would turn it into an accessor. */
function ownProperty(value: unknown): PropertyDescriptor {
  return {
    __proto__: null,
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  } as PropertyDescriptor
}

/** Reads what a CompactWriter wrote. */
export class CompactReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  /** The same bytes as a Buffer, which makes texts of them; made for the first long one. */
  #buffer: Buffer | undefined
  #at = 0
  readonly #shapes: (readonly string[])[] = []
  /**
   * Those with a name that `Object.prototype` has too: to assign to it would meet a setter, or a
   * frozen property.
   */
  readonly #shadowing = new Set<readonly string[]>()
  /**
   * Names that were read before, each at the place that its length and two of its letters give it.
   */
  readonly #names: (string | undefined)[] = []

  readonly #memories: KnownMemories

  constructor(bytes: Uint8Array, memories: KnownMemories = noMemories) {
    this.#bytes = bytes
    this.#memories = memories
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Where the next part is read. */
  get at(): number {
    return this.#at
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
    if (this.#shadowing.size > 0) this.#shadowing.clear()
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
        let shadows = false
        for (let count = this.byte(); count > 0; count -= 1) {
          const name = this.#name()
          names.push(name)
          // Looked up each time: the program may extend or freeze `Object.prototype` at any time.
          if (hasOwn.call(objectPrototype, name)) shadows = true
        }
        if (shadows) this.#shadowing.add(names)
        return this.#record(names)
      }
      case tags.alike: {
        const names = this.#shapes[this.byte()]
        if (names === undefined) throw new RangeError('There was no such record before.')
        return this.#record(names)
      }
      case tags.view:
        return this.#typedArray()
      case tags.memory:
        return this.#memories.get(this.int32())
      case tags.memoryView:
        return this.#memoryView()
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

  #memoryView(): NodeJS.TypedArray {
    const Class: TypedArrayClass | undefined = typedArrayClasses[this.byte()]
    if (Class === undefined) throw new RangeError('These bytes are no view on shared memory.')
    const memory = this.#memories.get(this.int32())
    const byteOffset = this.float64()
    return new Class(memory as never, byteOffset as never, this.float64() as never)
  }

  #record(names: readonly string[]): Record<string, unknown> {
    const record: Record<string, unknown> = {}
    if (this.#shadowing.size > 0 && this.#shadowing.has(names))
      for (const name of names) Object.defineProperty(record, name, ownProperty(this.#value()))
    // Assigning is faster, where it makes an own property.
    else for (const name of names) record[name] = this.#value()
    return record
  }

  /**
   * A text that is the same object each time, if it is a short one: so the platform need not look
   * it up.
   */
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
