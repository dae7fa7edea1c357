/**
 * A copy of a small plain value in one walk, where `scan` and `rewrite` take two.
 *
 * It takes what the compact format takes (compact/format.ts): primitives, and small arrays and
 * plain records of them and of typed arrays that are all of their buffers, each object once.
 * Any other value is left to those two, which copy it with more care or say why it can't be copied.
 */
import { markedToMove } from '../task/transfer.ts'
import { tag } from './stand-in.ts'
import { placeOfWhole, type TypedArrayClass, typedArrayClasses } from './whole-view.ts'

const { types } = process.getBuiltinModule('node:util')

/** With more objects, finding repeated ones costs more than the scan. */
const mostObjects = 64
const mostParts = 64

/** What `PlainCopy.of` returns for a value that it does not take. */
export const notPlain: unique symbol = Symbol('not plain')

export class PlainCopy {
  readonly #met: object[] = []
  readonly #mostUnits: number
  #units = 0

  /** `mostUnits`: the most units of text and bytes of arrays in a value. */
  constructor(mostUnits: number) {
    this.#mostUnits = mostUnits
  }

  of(value: object): unknown {
    this.#units = 0
    try {
      return this.#object(value)
    } catch {
      return notPlain // A getter has thrown: the scan says which.
    } finally {
      this.#met.length = 0
    }
  }

  #part(value: unknown): unknown {
    switch (typeof value) {
      case 'number':
      case 'boolean':
      case 'undefined':
      case 'bigint':
        return value
      case 'string':
        this.#units += value.length
        return this.#units > this.#mostUnits ? notPlain : value
      case 'object':
        return value === null ? null : this.#object(value)
      default:
        return notPlain
    }
  }

  #object(value: object): unknown {
    const met = this.#met
    if (met.length >= mostObjects || met.includes(value) || types.isProxy(value)) return notPlain
    met.push(value)
    if (Array.isArray(value)) return this.#array(value)
    return ArrayBuffer.isView(value) ? this.#view(value) : this.#record(value as Record<string, unknown>)
  }

  #view(view: ArrayBufferView): unknown {
    const { buffer, byteLength } = view
    this.#units += byteLength
    if (this.#units > this.#mostUnits) return notPlain
    const place = placeOfWhole(view)
    if (place < 0 || this.#met.includes(buffer) || markedToMove(view) || markedToMove(buffer)) return notPlain
    this.#met.push(buffer)
    return new (typedArrayClasses[place] as TypedArrayClass)(view as never)
  }

  #array(array: readonly unknown[]): unknown {
    const { length } = array
    if (length > mostParts || Object.getPrototypeOf(array) !== Array.prototype) return notPlain
    // Own names come in order, indexes first: if the last of `length` names is the last index,
    // there is no hole and no other name.
    const names = Object.keys(array)
    if (names.length !== length || (length > 0 && names[length - 1] !== String(length - 1))) return notPlain
    const copy: unknown[] = []
    for (let index = 0; index < length; index += 1) {
      const part = this.#part(array[index])
      if (part === notPlain) return notPlain
      copy.push(part)
    }
    return Object.getOwnPropertySymbols(array).length > 0 ? notPlain : copy
  }

  #record(record: Record<string, unknown>): unknown {
    if (Object.getPrototypeOf(record) !== Object.prototype) return notPlain
    const names = Object.keys(record)
    if (names.length > mostParts || Object.getOwnPropertySymbols(record).length > 0) return notPlain
    const copy: Record<string, unknown> = {}
    for (const name of names) {
      if (name === '__proto__' || name === tag) return notPlain
      const part = this.#part(record[name])
      if (part === notPlain) return notPlain
      copy[name] = part
    }
    return copy
  }
}
