/**
 * What a chunk is on its way: inputs there, results back. Numbers travel as one typed array.
 *
 *     caller's side                                  far side (worker/chunk-call.ts)
 *     ── inputs: a list, or a typed array ────────▶  calls the task for each
 *     ◀── PackedResults, if every call succeeded ──
 *     ◀── a list of outcomes, if one failed ───────
 *
 * A list of numbers costs the platform's clone some 30 ns for each, a typed array less than 1 ns.
 * Numbers that are all integers of 32 bits travel as such, any others as doubles. A double holds
 * every number of JavaScript, so nothing is lost: −0, NaN and the infinities stay what they are.
 */
import { AtonceError } from '../../errors.ts'
import { parameterCount } from '../../task/arity.ts'
import type { OutcomeRun } from '../../task/results.ts'
import { move } from '../../task/transfer.ts'
import { decode } from '../../wire/codec.ts'

const { types } = process.getBuiltinModule('node:util')

/** Any built-in typed array. */
export type TypedArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array

/** Values in a row, as they travel. */
export type Packed = readonly unknown[] | TypedArray

/** The results of a chunk whose calls all succeeded. */
export interface PackedResults {
  readonly values: Packed
  /** The places of the values that must be revived. */
  readonly special: readonly number[]
  /** What the longest call took. */
  readonly longestMs: number
}

/** Fewer numbers are cheaper as a list. */
const worthPacking = 64
/** From here on moving a buffer is cheaper than copying it. */
const worthMovingBytes = 16 * 1024

/**
 * Whether `map` gives the task its inputs as they are; any other task takes tuples of arguments.
 * Both sides ask this.
 */
export function takesItems(task: Function): boolean {
  return parameterCount(task) === 1
}

/** The values as one typed array, if there are many and all are numbers; otherwise as they are. */
export function pack(values: readonly unknown[]): Packed {
  if (values.length < worthPacking || typeof values[0] !== 'number') return values
  return packIntegers(values) ?? packNumbers(values) ?? values
}

function packIntegers(values: readonly unknown[]): Int32Array | undefined {
  const packed = new Int32Array(values.length)
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at]
    if (!isInteger32(value)) return undefined
    packed[at] = value
  }
  return packed
}

function packNumbers(values: readonly unknown[]): Float64Array | undefined {
  const packed = new Float64Array(values.length)
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at]
    if (typeof value !== 'number') return undefined
    packed[at] = value
  }
  return packed
}

/** −0 is none. */
function isInteger32(value: unknown): value is number {
  return typeof value === 'number' && Object.is(value | 0, value)
}

/**
 * Hands a large typed array over instead of copying it, unless it is on shared memory, where
 * neither is needed.
 */
export function moving(values: Packed): Packed {
  if (!ArrayBuffer.isView(values) || values.byteLength < worthMovingBytes) return values
  return values.buffer instanceof ArrayBuffer
    ? move(values as TypedArray & ArrayBufferView<ArrayBuffer>)
    : values
}

/** One of the packed values, as it was. */
export function unpackedAt(values: Packed, at: number): unknown {
  const value: unknown = values[at]
  return typeof value === 'number' && ArrayBuffer.isView(values) ? slim(value) : value
}

/**
 * All packed values, as they were; one that can't be made here fails alone. The reply's own list is
 * used.
 */
export function unpacked({ values: packed, special }: PackedResults): OutcomeRun<unknown> {
  const values = listOf(packed)
  const failures = new Map<number, unknown>()
  for (const at of special) {
    try {
      values[at] = decode(values[at], true)
    } catch (error) {
      if (!(error instanceof AtonceError)) throw error
      values[at] = undefined
      failures.set(at, error)
    }
  }
  return failures.size === 0 ? { values } : { values, failures }
}

function listOf(packed: Packed): unknown[] {
  if (!ArrayBuffer.isView(packed)) return packed as unknown[]
  const values = listFor(packed.length)
  if (packed instanceof Int32Array) for (let at = 0; at < packed.length; at += 1) values[at] = packed[at]
  else for (let at = 0; at < packed.length; at += 1) values[at] = unpackedAt(packed, at)
  return values
}

/**
 * A list to be filled from its beginning. One that has its length takes a third of the time of one
 * that grows; beyond some tens of millions V8 would make a hash table of it. Not
 * `new Array(count)`: compiled code has that only for small lists, and is thrown away at the first
 * large one.
 */
export function listFor(count: number): unknown[] {
  const list: unknown[] = []
  if (count <= 2 ** 24) list.length = count
  return list
}

/** Whether a worker's reply is what it should be for so many inputs. */
export function isPackedResults(reply: unknown, count: number): reply is PackedResults {
  if (typeof reply !== 'object' || reply === null) return false
  const { values, special, longestMs } = reply as Partial<Record<keyof PackedResults, unknown>>
  return (
    (Array.isArray(values) || types.isInt32Array(values) || types.isFloat64Array(values)) &&
    values.length === count &&
    Array.isArray(special) &&
    special.every(at => Number.isInteger(at) && at >= 0 && at < count) &&
    Number.isFinite(longestMs) &&
    (longestMs as number) >= 0
  )
}

/**
 * The bytes of buffers and texts among the values, as far as they are seen without a search; judged
 * by some of them.
 */
export function visibleBytes(values: Packed): number {
  if (ArrayBuffer.isView(values)) return values.byteLength
  const step = Math.ceil(values.length / 64)
  let bytes = 0
  for (let at = 0; at < values.length; at += step) bytes += bytesOf(values[at])
  return bytes * step
}

function bytesOf(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return value.byteLength
  if (!Array.isArray(value)) return 0
  let bytes = 0
  for (let at = 0; at < Math.min(value.length, 8); at += 1)
    bytes += Array.isArray(value[at]) ? 0 : bytesOf(value[at])
  return bytes
}

/**
 * A whole number read from a double is one for the compiler too: V8 keeps it as a small integer,
 * and the task's `n % d` is not a division of doubles, which costs ten times as much. −0 stays a
 * double, as no integer can hold it.
 */
function slim(value: number): number {
  const whole = value | 0
  return whole === value && (whole !== 0 || Object.is(value, 0)) ? whole : value
}
