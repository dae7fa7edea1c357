/**
 * Small plain values ⇄ bytes, without the platform's serializer, whose fixed cost is some
 * microseconds.
 *
 *     value = tag, then: int32 4 bytes · float64 8 bytes · text: length (2 bytes), 1 or 2 bytes for each unit ·
 *             array: count (1 byte), values · record: count (1 byte), names, values ·
 *             record like the n-th one with names in this value: n (1 byte), values ·
 *             typed array: class (1 byte), length in bytes (2 bytes), its bytes ·
 *             shared memory: number (4 bytes) · typed array on it: class, number, offset and length (8 bytes each)
 *
 * It takes only values that surely stay the same in a copy: primitives; small arrays and plain
 * records of them and of typed arrays that fill their buffers, each object once; and shared memory
 * that the other side knows by a number. All else is left to the codec, which copies it with more
 * care or says why it can't. So this can always be tried first.
 */

export const tags = {
  undefined: 0,
  null: 1,
  true: 2,
  false: 3,
  int: 4,
  float: 5,
  latin1: 6,
  utf16: 7,
  array: 8,
  record: 9,
  view: 10,
  alike: 11,
  memory: 12,
  memoryView: 13,
} as const

/**
 * The longest text, the largest typed array, the most parts of one array or record, the most
 * objects in one value.
 */
export const longestText: number = 512
export const largestViewBytes: number = 1_536
export const mostParts: number = 64
export const mostObjects: number = 64
