/** Numbers on memory that all threads see. */

import { checkWhole, shown } from '../checks.ts'
import { shareable } from '../declared/shareable.ts'
import { OptionError } from '../errors.ts'
import { urlOfCaller } from '../runtime/call-site.ts'
import { needsSharedMemory } from './needs-shared-memory.ts'
import { watchMemory, watchView } from './watched.ts'

/** The typed array of each kind of number. */
export interface NumberViews {
  i8: Int8Array
  u8: Uint8Array
  i16: Int16Array
  u16: Uint16Array
  i32: Int32Array
  u32: Uint32Array
  f32: Float32Array
  f64: Float64Array
}

/** How a number lies in shared memory. */
export type NumberKind = keyof NumberViews
/** A typed array of that kind. */
export type NumberView<K extends NumberKind> = NumberViews[K]

export interface NumberArray<V> {
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): V
  readonly BYTES_PER_ELEMENT: number
}

export const numberArrays: { readonly [K in NumberKind]: NumberArray<NumberViews[K]> } = {
  i8: Int8Array,
  u8: Uint8Array,
  i16: Int16Array,
  u16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
  f32: Float32Array,
  f64: Float64Array,
}

/**
 * `length` numbers that all threads see: reading and writing `view` is as fast as any typed array,
 * and no lock at all. Two threads that write to one element, or read while another writes, need a
 * lock, or `Atomics` on `view`.
 *
 * @throws OptionError
 * @example
 *     const squares = SharedArray.from('f64', [1, 4, 9])
 *     await pool.run(takeRoots, squares)
 *     squares.view[1] // 2
 */
export class SharedArray<K extends NumberKind = 'f64'> {
  readonly kind: K
  /** The numbers themselves. */
  readonly view: NumberView<K>

  constructor(kind: K, length: number, view?: NumberView<K>) {
    const made = Object.hasOwn(numberArrays, kind) ? numberArrays[kind] : undefined
    if (made === undefined)
      throw new OptionError(
        `new SharedArray(kind, length) takes one of ${Object.keys(numberArrays).join(', ')}; it got ${shown(kind)}.`,
      )
    this.kind = kind
    this.view = view ?? this.#newView(made as NumberArray<NumberView<K>>, length)
  }

  #newView(made: NumberArray<NumberView<K>>, length: number): NumberView<K> {
    const buffer = sharedBytes('new SharedArray(kind, length)', length, made.BYTES_PER_ELEMENT)
    watchMemory(buffer, length, length)
    const named = `element # of a SharedArray of ${this.kind}`
    return watchView(new made(buffer), { firstCell: 0, perCell: 1, named, firstNumber: 0 })
  }

  /** One with these numbers. */
  static from<K extends NumberKind>(kind: K, numbers: ArrayLike<number>): SharedArray<K> {
    const array = new SharedArray(kind, numbers.length)
    array.view.set(numbers)
    return array
  }

  get length(): number {
    return this.view.length
  }

  [Symbol.iterator](): ArrayIterator<number> {
    return this.view[Symbol.iterator]()
  }

  static {
    // Bundled to CommonJS, there is no import.meta.
    shareable(import.meta?.url ?? urlOfCaller(undefined), SharedArray, {
      pack(array: SharedArray<NumberKind>, crossing) {
        needsSharedMemory(crossing, 'SharedArray')
        return { kind: array.kind, view: array.view }
      },
      unpack: ({ kind, view }: { kind: NumberKind; view: NumberView<NumberKind> }) =>
        new SharedArray<NumberKind>(kind, 0, view),
    })
  }
}

/** Shared memory for so many things of a size. @throws OptionError if there can't be so much */
export function sharedBytes(call: string, count: number, bytesEach: number): SharedArrayBuffer {
  checkWhole(call, count, 0)
  try {
    return new SharedArrayBuffer(count * bytesEach)
  } catch (cause) {
    throw new OptionError(
      `${call}: ${count} of ${bytesEach} bytes each are more than this platform gives at once. Take several, or a smaller kind of number.`,
      { cause },
    )
  }
}
