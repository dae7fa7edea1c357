/** What a chunk is on its way comes back as it was. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isPackedResults, type Packed, pack, unpacked, unpackedAt } from './packed.ts'

const numbers = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(-0, 0, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, -(2 ** 31), 2 ** 53, 5e-324),
)
const others = fc.oneof(
  fc.string(),
  fc.bigInt(),
  fc.constantFrom(undefined, null, true),
  fc.constant({ a: 1 }),
)

/**
 * Lists of integers, of numbers, and of all sorts, each with a stranger now and then: few, and
 * many.
 */
const lists = fc
  .tuple(
    fc.constantFrom<fc.Arbitrary<unknown>>(fc.integer(), numbers, fc.oneof(numbers, others)),
    fc.array(fc.tuple(fc.nat(300), fc.oneof(numbers, others)), { maxLength: 2 }),
  )
  .chain(([kind, strangers]) =>
    fc.array(kind, { maxLength: 300, size: 'max' }).map(list => {
      for (const [at, stranger] of strangers) if (at < list.length) list[at] = stranger
      return list
    }),
  )

const same = (left: readonly unknown[], right: readonly unknown[]): void => {
  assert.equal(left.length, right.length)
  for (const [at, value] of left.entries())
    assert.ok(Object.is(value, right[at]), `${at}: ${String(right[at])}`)
}

const eachOf = (packed: Packed): unknown[] =>
  Array.from({ length: packed.length }, (_, at) => unpackedAt(packed, at))

test('whatever is packed comes back as it was, one by one and all at once', () => {
  fc.assert(
    fc.property(lists, list => {
      const packed = pack(list)
      same(eachOf(packed), list)
      const reply = { values: packed, special: [], longestMs: 0 }
      assert.ok(isPackedResults(reply, list.length))
      same(unpacked(reply).values, list)
    }),
    { numRuns: 500 },
  )
})

test('what any typed array holds comes back as the array gives it', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.float64Array(),
        fc.float32Array(),
        fc.int32Array(),
        fc.uint32Array(),
        fc.uint8ClampedArray(),
        fc.bigInt64Array(),
      ),
      typed => same(eachOf(typed), Array.from<unknown>(typed as Iterable<unknown>)),
    ),
  )
})

test('many integers of 32 bits travel as such, other numbers as doubles, few numbers and anything else as they are', () => {
  const many = Array.from({ length: 100 }, (_, n) => n - 50)
  assert.ok(pack(many) instanceof Int32Array)
  for (const number of [0.5, -0, Number.NaN, 2 ** 31, Number.NEGATIVE_INFINITY])
    assert.ok(pack([...many, number]) instanceof Float64Array, String(number))
  for (const list of [
    many.slice(0, 10),
    [...many, '1'],
    [...many, 1n],
    [...many, undefined],
    [...many, new Number(1)],
  ])
    assert.equal(pack(list), list)
  assert.equal(pack(new Array(100)).constructor, Array)
})
