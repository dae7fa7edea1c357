/**
 * Any value that crosses ⇄ bytes that are safe to read whoever has sent them.
 *
 *     encode (wire/codec.ts) ─▶ PortableWriter ─▶ bytes ─┊─▶ PortableReader ─▶ decode (wire/codec.ts)
 *
 *     bytes   = mark (1 byte) · version (1 byte) · whether to revive (1 byte) · value
 *     value   = tag (1 byte), then
 *               int8 1 byte · int32 4 · float64 8 · text: count, 1 or 2 bytes for each unit · bigint: sign, text of hex digits ·
 *               array: count, values · numbers: count, 8 bytes for each · uneven array: length, count, (key, value) for each ·
 *               record: count, names, values · record like the n-th: n, values · map: count, (key, value) · set: count, values ·
 *               date: 8 bytes · regexp: source, flags · boxed: a primitive · buffer: count, its bytes ·
 *               buffer that may grow: most bytes, count, bytes · view: class, offset, length, a buffer · seen: number of the object
 *     count   = 7 bits to a byte, the lowest first, the last with its highest bit clear
 *
 * All numbers are little-endian. Objects are numbered as they begin, so that what is shared stays
 * shared and circles close.
 *
 * V8's own format says as much, but V8 does not promise that reading hostile bytes is safe. Here
 * nothing is believed: each count is checked against the bytes that are left, so that what is made
 * takes some hundred bytes for each byte at the most; nesting is bounded; names are defined, never
 * assigned; no class, no function and no module is named. What instances of shareable classes and
 * errors are rewritten to is plain data to this format (stand-in.ts).
 */

export const mark = 0xa7
export const version = 1

export const tags = {
  undefined: 0,
  null: 1,
  true: 2,
  false: 3,
  int8: 4,
  int32: 5,
  float64: 6,
  latin1: 7,
  utf16: 8,
  bigint: 9,
  array: 10,
  numbers: 11,
  uneven: 12,
  record: 13,
  alike: 14,
  map: 15,
  set: 16,
  date: 17,
  regexp: 18,
  boxed: 19,
  buffer: 20,
  growable: 21,
  view: 22,
  seen: 23,
} as const

/** What one value may be at most; the same on both sides. */
export interface PortableLimits {
  /** The most bytes that are written, or read; and what a buffer may grow to. */
  readonly maxBytes: number
  /** The deepest nesting, of stand-ins too. Default 1,100: the scan lets 1,000 pass. */
  readonly maxDepth?: number
  /** What to do about more bytes. */
  readonly smaller?: string
}

export const defaultDepth: number = 1_100

/** Views by their place in this list, which only grows: it is a part of the format. */
export const viewNames = [
  'DataView',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'Float16Array',
] as const

/** Fewer numbers are as short one by one, and smaller. */
export const fewNumbers: number = 8

/** How many records' names are remembered, to be written once. */
export const mostShapes: number = 64

/** Whether this machine keeps numbers as the format does. */
export const isLittleEndian: boolean = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

/** Turns the numbers in a piece of memory round, where the machine keeps them the other way. */
export function swap(bytes: Uint8Array, unitBytes: number): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (unitBytes === 2) buffer.swap16()
  else if (unitBytes === 4) buffer.swap32()
  else if (unitBytes === 8) buffer.swap64()
}
