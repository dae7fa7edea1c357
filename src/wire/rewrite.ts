/** Copies a value with stand-ins for what is special in it. */
import { type ClassAddress, sharedClassOf } from '../declared/shareable.ts'
import { isRecord } from './class-of.ts'
import { type Encode, encodeError, isError } from './failure.ts'
import { define, type StandIn, tag } from './stand-in.ts'

const { types } = process.getBuiltinModule('node:util')

/** Copies the containers of one value; same objects stay same objects. */
export class Rewriting {
  readonly #encode: Encode
  readonly #packed: ReadonlyMap<object, unknown>
  readonly #done = new Map<object, unknown>()
  /** Instances whose packed data is being copied. */
  readonly #within = new Set<object>()

  /** `packed` holds what the instances of classes with `pack` were packed into. */
  constructor(encode: Encode, packed: ReadonlyMap<object, unknown>) {
    this.#encode = encode
    this.#packed = packed
  }

  /** @throws CircularPack if the data of an instance leads back to the instance, which could not be made of it */
  copy(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value
    if (this.#within.has(value)) throw new CircularPack(value)
    const before = this.#done.get(value)
    if (before !== undefined) return before
    if (Buffer.isBuffer(value) && Object.getPrototypeOf(value) === Buffer.prototype)
      return this.#note(value, bufferStandIn(value))
    if (isError(value))
      return this.#note<StandIn>(value, { [tag]: 'Error', error: encodeError(value, this.#encode) })
    if (Array.isArray(value) && Object.getPrototypeOf(value) === Array.prototype) return this.#array(value)
    const shared = sharedClassOf(Object.getPrototypeOf(value))
    if (shared !== undefined)
      return this.#packed.has(value)
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
    if (!isRecord(value)) return this.#note(value, value)
    if (!Object.hasOwn(value, tag)) return this.#entries(value, this.#note(value, {}))
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
    const copy: unknown[] = this.#note(array, new Array(array.length))
    this.#entries(array, copy as unknown as Record<string, unknown>)
    return copy
  }

  #pack(value: object, of: ClassAddress): StandIn {
    const standIn = this.#note(value, { [tag]: 'Packed' as const, of, data: undefined as unknown })
    this.#within.add(value)
    standIn.data = this.copy(this.#packed.get(value))
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

function bufferStandIn(buffer: Buffer): StandIn {
  // A small Buffer is a window on a large pool; the clone would copy the whole pool. Shared memory stays shared.
  const { buffer: memory, byteOffset, byteLength } = buffer
  const asItIs = byteLength === memory.byteLength || types.isSharedArrayBuffer(memory)
  return {
    [tag]: 'Buffer',
    bytes: asItIs ? new Uint8Array(memory, byteOffset, byteLength) : new Uint8Array(buffer),
  }
}
