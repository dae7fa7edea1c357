/** Copies a value with stand-ins for what is special in it. */
import { type ClassAddress, sharedClassOf, sharedClassOfProxy } from '../declared/shareable.ts'
import { isError } from '../thrown.ts'
import { isPlainRecord } from './class-of.ts'
import { define } from './define.ts'
import type { Encoding } from './encoding.ts'
import { encodeError } from './failure.ts'
import { type StandIn, tag } from './stand-in.ts'

const { types } = process.getBuiltinModule('node:util')

/** The findings of the scan. */
export interface Found {
  /** Whether there will be stand-ins in the copy. */
  readonly special: boolean
  /** What the instances of classes with `pack` were packed into. */
  readonly packed: ReadonlyMap<object, unknown>
  /** The arrays that have holes or names. */
  readonly uneven: ReadonlySet<object> | undefined
}

/** Copies the containers of one value; same objects stay same objects. */
export class Rewriting {
  readonly #encoding: Encoding
  readonly #found: Found
  readonly #leaves: ReadonlyMap<object, object> | undefined
  readonly #done = new Map<object, unknown>()
  /** Instances whose packed data is being copied. */
  readonly #within = new Set<object>()

  /**
   * `leaves` are the copies of buffers, views and dates; one without a copy is passed on as it is.
   */
  constructor(encoding: Encoding, found: Found, leaves?: ReadonlyMap<object, object>) {
    this.#encoding = encoding
    this.#found = found
    this.#leaves = leaves
  }

  /**
   * @throws CircularPack if the data of an instance leads back to the instance, which could not be
   * made of it
   */
  copy(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value
    if (this.#within.has(value)) throw new CircularPack(value)
    const before = this.#done.get(value)
    if (before !== undefined) return before
    if (Buffer.isBuffer(value) && Object.getPrototypeOf(value) === Buffer.prototype)
      return this.#note(value, bufferStandIn(value, this.#leaves?.get(value)))
    if (isError(value))
      return this.#note<StandIn>(value, { [tag]: 'Error', error: encodeError(value, this.#encoding) })
    if (Array.isArray(value) && Object.getPrototypeOf(value) === Array.prototype) return this.#array(value)
    const shared =
      sharedClassOf(Object.getPrototypeOf(value)) ??
      (this.#found.packed.has(value) ? sharedClassOfProxy(value) : undefined)
    if (shared !== undefined)
      return this.#found.packed.has(value)
        ? this.#pack(value, shared.address)
        : this.#entries(value, this.#note<Record<string, unknown>>(value, { [tag]: shared.address }))
    if (Array.isArray(value)) return this.#array(value)
    if (types.isMap(value)) {
      const copy = this.#note(value, new Map<unknown, unknown>())
      for (const [key, item] of value) copy.set(this.copy(key), this.copy(item))
      return copy
    }
    if (types.isSet(value)) {
      const copy = this.#note(value, new Set<unknown>())
      for (const item of value) copy.add(this.copy(item))
      return copy
    }
    if (!isPlainRecord(value)) return this.#note(value, this.#leaves?.get(value) ?? value)
    if (!this.#found.special || !Object.hasOwn(value, tag)) return this.#entries(value, this.#note(value, {}))
    const entries: [string, unknown][] = []
    const standIn = this.#note<StandIn>(value, { [tag]: 'Object', entries })
    for (const key of Object.keys(value))
      entries.push([key, this.copy((value as Record<string, unknown>)[key])])
    return standIn
  }

  #note<T>(value: object, copy: T): T {
    this.#done.set(value, copy)
    return copy
  }

  #array(array: readonly unknown[]): unknown[] {
    const { length } = array
    const copy: unknown[] = this.#note(array, new Array(length))
    if (this.#found.uneven?.has(array) !== true) {
      for (let index = 0; index < length; index += 1) copy[index] = this.copy(array[index])
      return copy
    }
    this.#entries(array, copy as unknown as Record<string, unknown>)
    return copy
  }

  #pack(value: object, of: ClassAddress): StandIn {
    const standIn = this.#note(value, { [tag]: 'Packed' as const, of, data: undefined as unknown })
    this.#within.add(value)
    standIn.data = this.copy(this.#found.packed.get(value))
    this.#within.delete(value)
    return standIn
  }

  /** Items and names of an array alike: what `Object.keys` lists. */
  #entries(from: object, to: Record<string, unknown>): Record<string, unknown> {
    for (const key of Object.keys(from)) define(to, key, this.copy((from as Record<string, unknown>)[key]))
    return to
  }
}

/** The data that an instance was packed into leads back to that instance. */
export class CircularPack extends Error {
  readonly instance: object

  constructor(instance: object) {
    super('The packed data leads back to the instance.')
    this.instance = instance
  }
}

/** `copy` is its bytes, if they were copied or taken. */
function bufferStandIn(buffer: Buffer, copy: object | undefined): StandIn {
  if (copy !== undefined) return { [tag]: 'Buffer', bytes: copy as Uint8Array }
  // A small Buffer is a view on a large pool, and the clone would copy the whole pool. Shared
  // memory stays shared.
  const { buffer: memory, byteOffset, byteLength } = buffer
  const asItIs = byteLength === memory.byteLength || types.isSharedArrayBuffer(memory)
  return {
    [tag]: 'Buffer',
    bytes: asItIs ? new Uint8Array(memory, byteOffset, byteLength) : new Uint8Array(buffer),
  }
}
