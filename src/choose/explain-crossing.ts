/**
 * What becomes of each part of a value on its way to a worker: copied, moved, shared or refused.
 *
 *     value ─▶ parts (containers are entered) ─▶ each part alone through the scan that guards real
 *     messages, its marks put back ─▶ parts that are only copied are told as one
 */
import { shown } from '../checks.ts'
import { sharedClassOf } from '../declared/shareable.ts'
import { OptionError, SerializationError } from '../errors.ts'
import type { Model } from '../executor/stats.ts'
import { runtime } from '../runtime/runtime.ts'
import { isBuiltIn } from '../wire/class-of.ts'
import { encode } from '../wire/codec.ts'
import type { Crossing } from '../wire/crossing.ts'
import { declareEnds } from '../wire/lent/lend.ts'
import { itemOf, keyOfMap, pathOf, type Step } from '../wire/path.ts'
import { Scan } from '../wire/scan.ts'

const { constants } = process.getBuiltinModule('node:buffer')
const v8 = process.getBuiltinModule('node:v8')
const { types } = process.getBuiltinModule('node:util')

/** What becomes of one part. */
export interface PartCrossing {
  /** Where it stands, as `value.rows[3].pixels`. */
  readonly path: string
  /** Of a lock, and of the end of a channel, which both sides use: shared. */
  readonly how: 'copied' | 'moved' | 'shared' | 'refused'
  /** How many bytes are copied for it; 0 if none are. */
  readonly bytes: number
  /**
   * What one copy of it took here, written and read, in milliseconds; 0 where nothing is copied.
   * Timed once, so it is an estimate.
   */
  readonly ms: number
  /** Of a refused part: what it is, and what to do instead. */
  readonly why: string | undefined
}

/** What becomes of a value. */
export interface CrossingExplained {
  readonly model: CrossingModel
  /** Whether nothing is refused. */
  readonly crosses: boolean
  /** Of all parts together. */
  readonly bytes: number
  readonly ms: number
  /** In the order of the walk; a part that is only copied is told with all that is in it. */
  readonly parts: readonly PartCrossing[]
}

/** The models whose crossing can be explained. */
export type CrossingModel = Extract<Model, 'coroutines' | 'threads' | 'processes'>

const models: readonly CrossingModel[] = ['coroutines', 'threads', 'processes']
/** Deeper parts are told as one with the part that they are in. */
const deepest = 100
/** So many copied parts of one container are told one by one. */
const mostApart = 8

/**
 * Says what becomes of a value as an argument, path by path: which parts are copied, moved or
 * shared, and which are refused, all of them and not only the first. Sends nothing: what is marked
 * by `move()` stays marked. Walks the whole value and copies it once to see what that takes, so it
 * costs about as much as sending it; for tests and for looking, not for each call.
 *
 * @throws OptionError if the model is none
 * @example
 *     explainCrossing({ name: 'a', pixels: move(pixels), done() {} }, 'threads').parts
 *     // value.name copied · value.pixels moved · value.done refused: is a function …
 */
export function explainCrossing(value: unknown, model: CrossingModel): CrossingExplained {
  if (!models.includes(model))
    throw new OptionError(`explainCrossing(value, model) takes ${models.join(', ')}; it got ${shown(model)}.`)
  declareEnds()
  const parts =
    model === 'coroutines'
      ? [{ path: 'value', how: 'shared', bytes: 0, ms: 0, why: undefined } as const]
      : new Explaining(model === 'threads').partsOf(value, [])
  return {
    model,
    crosses: parts.every(({ how }) => how !== 'refused'),
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    ms: parts.reduce((sum, { ms }) => sum + ms, 0),
    parts,
  }
}

class Explaining {
  readonly #crossing: Crossing
  readonly #seen = new Set<object>()

  constructor(sharedMemory: boolean) {
    this.#crossing = { sharedMemory, maxPayloadBytes: constants.MAX_LENGTH, lends: 'looking' }
  }

  partsOf(value: unknown, steps: readonly Step[]): PartCrossing[] {
    const path = pathOf('value', [...steps])
    if (typeof value === 'object' && value !== null) {
      if (this.#seen.has(value)) return [] // Copied once, however often it stands there.
      this.#seen.add(value)
    }
    const whole = this.#alone(value, path)
    if (whole.how === 'copied' && !this.#holdsMore(value)) return [copied(value, path, this.#crossing)]
    const inner = steps.length < deepest ? innerOf(value) : undefined
    if (inner === undefined) return [whole.how === 'copied' ? copied(value, path, this.#crossing) : whole]
    const parts = together(
      path,
      inner.map(([step, part]) => this.partsOf(part, [...steps, step])),
    )
    // What is refused for itself and not for a part of it: a name put on a Map, a symbol.
    return whole.how === 'refused' && parts.every(({ how }) => how !== 'refused') ? [...parts, whole] : parts
  }

  /** What the guard of real messages says of it; the marks that it takes are put back. */
  #alone(value: unknown, path: string): PartCrossing {
    const none = { path, bytes: 0, ms: 0, why: undefined }
    const scan = new Scan(path, this.#crossing)
    try {
      scan.undoing(() => {
        scan.run(value)
        throw putBack
      })
    } catch (error) {
      if (error instanceof SerializationError)
        return { ...none, path: error.path, how: 'refused', why: error.message }
      if (error !== putBack) throw error
    }
    if (isShared(value) || this.#isWindow(value, scan)) return { ...none, how: 'shared' }
    return { ...none, how: scan.transfer.length > 0 && this.#crossing.sharedMemory ? 'moved' : 'copied' }
  }

  /** Whether it is the end of a channel, a lock, or else packed as what both sides look at. */
  #isWindow(value: unknown, scan: Scan): boolean {
    const packed = scan.packed.get(value as object)
    return packed !== undefined && (scan.loans.length > 0 || this.#holdsMore(packed))
  }

  /** Whether something in it is not copied, though the whole of it crosses. */
  #holdsMore(value: unknown): boolean {
    const pending = [value]
    const seen = new Set<unknown>()
    for (const at of pending) {
      if (typeof at !== 'object' || at === null || seen.has(at)) continue
      seen.add(at)
      if (isShared(at) || isPacked(at)) return true
      for (const [, part] of innerOf(at) ?? []) pending.push(part)
    }
    return false
  }
}

/** Thrown so that a scan puts back the marks that it has taken. */
const putBack = new Error('put back')

/** The parts of a container that is copied part by part; undefined of what is one part. */
function innerOf(value: unknown): (readonly [Step, unknown])[] | undefined {
  if (typeof value !== 'object' || value === null || types.isProxy(value) || ArrayBuffer.isView(value))
    return undefined
  if (types.isMap(value) && isBuiltIn(value, 'Map'))
    return [...value].flatMap(([key, item]) => [
      [keyOfMap, key] as const,
      [typeof key === 'string' ? { get: key } : itemOf, item] as const,
    ])
  if (types.isSet(value) && isBuiltIn(value, 'Set')) return [...value].map(item => [itemOf, item] as const)
  const prototype = Object.getPrototypeOf(value)
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return undefined
  return Object.entries(Object.getOwnPropertyDescriptors(value))
    .filter(([, { enumerable, get }]) => enumerable === true && get === undefined)
    .map(([key, { value: part }]) => [Array.isArray(value) && /^\d+$/.test(key) ? Number(key) : key, part])
}

/** Whether its class says itself what is sent of it: that may be shared. */
function isPacked(value: object): boolean {
  return !types.isProxy(value) && sharedClassOf(Object.getPrototypeOf(value))?.packing !== undefined
}

function isShared(value: unknown): boolean {
  const memory = ArrayBuffer.isView(value) ? value.buffer : value
  return (
    types.isSharedArrayBuffer(memory) ||
    Object.prototype.toString.call(memory) === '[object WebAssembly.Memory]'
  )
}

/** Of a long list, the parts that are only copied are told as one. */
function together(path: string, parts: readonly PartCrossing[][]): PartCrossing[] {
  const plain = parts.filter(([first, ...more]) => first?.how === 'copied' && more.length === 0)
  if (plain.length <= mostApart) return parts.flat()
  const sum = (of: 'bytes' | 'ms') => plain.reduce((all, [part]) => all + (part as PartCrossing)[of], 0)
  const rest = { path: `${path} (${plain.length} other parts)`, bytes: sum('bytes'), ms: sum('ms') }
  return [...parts.filter(part => !plain.includes(part)).flat(), { ...rest, how: 'copied', why: undefined }]
}

/** Copies it once, to see how much and how long. */
function copied(value: unknown, path: string, crossing: Crossing): PartCrossing {
  const plain = encodedTrial(value, path, crossing)
  const from = runtime().now()
  let bytes = 0
  try {
    const written = v8.serialize(plain)
    v8.deserialize(written)
    bytes = written.byteLength
  } catch {
    // What only the platform's own messages carry, such as a key: its size can't be told.
  }
  return { path, how: 'copied', bytes, ms: runtime().now() - from, why: undefined }
}

/** As it would be given to the platform; marked buffers count as copied here, and stay marked. */
function encodedTrial(value: unknown, path: string, crossing: Crossing): unknown {
  const scan = new Scan(path, crossing)
  let encoded = value
  try {
    scan.undoing(() => {
      if (scan.run(value).special) encoded = encode(value, path, crossing).value
      throw putBack
    })
  } catch (error) {
    if (error !== putBack) throw error
  }
  return encoded
}
