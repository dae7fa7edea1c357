/** Typed arrays that are just their bytes: of a built-in class, and all of a plain buffer. */

export type TypedArrayClass = {
  new (from: never, byteOffset?: never, length?: never): NodeJS.TypedArray
  readonly prototype: object
  readonly BYTES_PER_ELEMENT: number
}

/** A class goes by its place in this list between two threads or processes of one program. */
export const typedArrayClasses: readonly TypedArrayClass[] = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
]

const placeOf = new Map<unknown, number>(typedArrayClasses.map((of, place) => [of.name, place]))

/** Tells an array's true class, whatever prototype it was given. */
const nameOfClass = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get as () => string | undefined

/** The place of the array's class in `typedArrayClasses`; -1 for a subclass and a `DataView`. */
export function placeOfClass(view: ArrayBufferView): number {
  const place = placeOf.get(nameOfClass.call(view)) ?? -1
  return Object.getPrototypeOf(view) === typedArrayClasses[place]?.prototype ? place : -1
}

/**
 * The same, but -1 also where the buffer is more than the array: a window on a larger one, shared,
 * resizable, or detached.
 */
export function placeOfWhole(view: ArrayBufferView): number {
  return isWholeBuffer(view.buffer, view.byteLength) ? placeOfClass(view) : -1
}

/** Whether the buffer is a plain one of the given size that has not moved. */
export function isWholeBuffer(buffer: ArrayBufferLike, bytes: number): buffer is ArrayBuffer {
  return (
    buffer.byteLength === bytes &&
    Object.getPrototypeOf(buffer) === ArrayBuffer.prototype &&
    !(buffer as ArrayBuffer).resizable &&
    !(buffer as ArrayBuffer).detached
  )
}
