/** Puts the real things back in place of their stand-ins. */
import {
  findSharedClass,
  type OwnPacking,
  type SharedClass,
  sharedClassOfProxy,
} from '../declared/shareable.ts'
import { SerializationError } from '../errors.ts'
import { describeThrown, inShort, isError } from '../thrown.ts'
import { isPlainRecord } from './class-of.ts'
import { define } from './define.ts'
import type { Decoding } from './encoding.ts'
import { decodeError } from './failure.ts'
import { type InstanceStandIn, type StandIn, tag } from './stand-in.ts'

const { types } = process.getBuiltinModule('node:util')

/**
 * Revives the parts of one message, in the freshly made copy itself; same objects stay same
 * objects.
 */
export class Reviving {
  readonly #decoding: Decoding
  readonly #root: string
  readonly #done = new Map<object, unknown>()
  /** Instances that `unpack` has not made yet. */
  readonly #within = new Set<object>()
  /** What could not be revived, and why. If another value shares such a part, it fails too. */
  readonly #failed = new Map<object, unknown>()

  /** `root` names the message in errors, as `args`. */
  constructor(decoding: Decoding, root: string) {
    this.#decoding = decoding
    this.#root = root
  }

  /**
   * @throws UnknownClassError, TaskVersionError, SerializationError for an instance that can't be
   * made here
   */
  revive(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value
    if (this.#done.has(value)) return this.#again(value)
    this.#done.set(value, value)
    try {
      // Few stack frames for each level: a thousand levels must not overflow the stack.
      if (Array.isArray(value)) {
        for (const key of Object.keys(value)) {
          const item = this.revive(value[key as unknown as number])
          if (key === '__proto__') define(value as unknown as Record<string, unknown>, key, item)
          else value[key as unknown as number] = item
        }
        return value
      }
      if (isPlainRecord(value)) {
        if (!Object.hasOwn(value, tag)) return this.#entries(value as Record<string, unknown>)
        const standIn = value as StandIn | InstanceStandIn
        if (typeof standIn[tag] === 'object') return this.#instance(standIn as InstanceStandIn)
        if (standIn[tag] === 'Packed') return this.#unpacked(standIn as PackedStandIn)
        return this.#real(standIn as StandIn)
      }
      return this.#collection(value)
    } catch (error) {
      this.#failed.set(value, error)
      throw error
    }
  }

  #again(value: object): unknown {
    if (this.#failed.has(value)) throw this.#failed.get(value)
    if (this.#within.has(value))
      throw this.#unmade(value, 'the data for its unpack() holds the instance itself')
    return this.#done.get(value)
  }

  #entries(record: Record<string, unknown>): unknown {
    for (const key of Object.keys(record)) define(record, key, this.revive(record[key]))
    return record
  }

  #collection(value: object): unknown {
    if (types.isMap(value)) {
      const entries = [...value]
      value.clear()
      for (const [key, item] of entries) value.set(this.revive(key), this.revive(item))
    } else if (types.isSet(value)) {
      const items = [...value]
      value.clear()
      for (const item of items) value.add(this.revive(item))
    }
    return value
  }

  #real(standIn: StandIn): unknown {
    switch (standIn[tag]) {
      case 'Buffer': {
        const { buffer, byteOffset, byteLength } = standIn.bytes
        return this.#note(standIn, Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength))
      }
      case 'Error':
        return this.#note(standIn, decodeError(standIn.error, this.#decoding))
      case 'Object': {
        const real = this.#note<Record<string, unknown>>(standIn, {})
        for (const [key, item] of standIn.entries) define(real, key, this.revive(item))
        return real
      }
      default:
        throw new TypeError(`A stand-in for ${standIn[tag]}.`) // Forged.
    }
  }

  #instance(own: InstanceStandIn): object {
    const { prototype, packing } = findSharedClass(own[tag])
    if (packing !== undefined) throw new TypeError('An instance that was not packed, of a class that packs.') // Forged.
    const instance = this.#note(own, Object.create(prototype) as Record<string, unknown>)
    for (const name of Object.keys(own)) {
      if (name === tag) continue
      const value = this.revive(own[name])
      // Never through a setter of the class. Assigning is faster, where it makes an own property.
      if (name in instance) Object.defineProperty(instance, name, { ...ownData, value })
      else instance[name] = value
    }
    return instance
  }

  #unpacked(standIn: PackedStandIn): object {
    const shared = findSharedClass(standIn.of)
    this.#within.add(standIn)
    const data = this.revive(standIn.data)
    this.#within.delete(standIn)
    let made: unknown
    try {
      made = unpackIn(this.#decoding, shared, data)
    } catch (cause) {
      throw this.#unmade(
        standIn,
        `its unpack() threw ${isError(cause) ? inShort(cause) : describeThrown(cause)}`,
        { cause },
      )
    }
    if (isInstance(made, shared)) return this.#note(standIn, made)
    throw this.#unmade(
      standIn,
      `its unpack() returned ${describeThrown(made)}, which is not an instance of the class`,
    )
  }

  #unmade(standIn: object, why: string, options?: ErrorOptions): SerializationError {
    const { name } = (standIn as PackedStandIn).of
    return new SerializationError(
      this.#root,
      `${this.#root} has an instance of ${name} that can't be made on this side: ${why}.`,
      options,
    )
  }

  #note<T>(standIn: object, real: T): T {
    this.#done.set(standIn, real)
    return real
  }
}

/**
 * Only the library's own classes are given the message; a user's `unpack` might do anything with
 * it.
 */
function unpackIn(decoding: Decoding, { packing, isOwn }: SharedClass, data: unknown): unknown {
  if (packing === undefined) throw new TypeError('A packed instance, of a class that does not pack.') // Forged.
  return isOwn ? (packing as OwnPacking<object, unknown>).unpack(data, decoding) : packing.unpack(data)
}

type PackedStandIn = Extract<StandIn, { readonly [tag]: 'Packed' }>

const ownData = { enumerable: true, configurable: true, writable: true } as const

function isInstance(made: unknown, shared: SharedClass): made is object {
  if (typeof made !== 'object' || made === null) return false
  if (sharedClassOfProxy(made) === shared) return true
  try {
    return Object.prototype.isPrototypeOf.call(shared.prototype, made)
  } catch {
    return false // A proxy whose trap throws.
  }
}
