/**
 * The portable format brings what structured clone brings, and reads hostile bytes without harm.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { shareable } from '../../declared/shareable.ts'
import { PayloadTooLargeError, SerializationError } from '../../errors.ts'
import { decode, encode } from '../codec.ts'
import { crossing, traceOf } from '../fixtures/any-value.ts'
import { mark, tags, version } from './format.ts'
import { fromBytes } from './reader.ts'
import { toBytes } from './writer.ts'

const limits = { maxBytes: 2 ** 26 }

function across(value: unknown): unknown {
  const encoded = encode(value, 'args', { sharedMemory: false, maxPayloadBytes: 2 ** 26 })
  const { value: copy, special } = fromBytes(toBytes(encoded.value, encoded.special, limits), limits)
  return decode(copy, special)
}

function byClone(value: unknown): unknown {
  const encoded = encode(value, 'args', { sharedMemory: false, maxPayloadBytes: 2 ** 26 })
  return decode(structuredClone(encoded.value), encoded.special)
}

/** Reads bytes that may be anything: some value, or a RangeError. */
function survives(bytes: Uint8Array): boolean {
  try {
    fromBytes(bytes, limits)
    return true
  } catch (error) {
    assert.ok(error instanceof RangeError, String((error as Error).stack))
    return false
  }
}

test('whatever crosses arrives as by structured clone: equal, with the same sharing and circles', () => {
  fc.assert(
    fc.property(crossing, value => {
      const arrived = across(value)
      assert.deepEqual(traceOf(arrived), traceOf(value))
      assert.deepEqual(traceOf(arrived), traceOf(byClone(value)))
    }),
    { numRuns: 1_500 },
  )
})

test('whatever bytes there are, reading them ends in a RangeError or in some value', () => {
  let read = 0
  const tag = fc.oneof(fc.constantFrom(...Object.values(tags)), fc.nat(255), fc.nat(3))
  fc.assert(
    fc.property(fc.array(tag, { maxLength: 80 }), bytes => {
      if (survives(Uint8Array.of(mark, version, 0, ...bytes))) read += 1
    }),
    { numRuns: 20_000 },
  )
  assert.ok(read > 100, `${read} were read`)
})

test('of a true message, changed at any place or cut off anywhere, no more comes than some value or a RangeError', () => {
  fc.assert(
    fc.property(
      crossing,
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      (value, changes) => {
        const encoded = encode(value, 'args', { sharedMemory: false, maxPayloadBytes: 2 ** 26 })
        const bytes = toBytes(encoded.value, encoded.special, limits)
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte
        survives(bytes)
        survives(bytes.subarray(0, (changes[0]?.[0] ?? 0) % bytes.length))
      },
    ),
    { numRuns: 3_000 },
  )
})

test('a message is read from a window on a larger buffer, and nothing of it is kept', () => {
  const bytes = toBytes({ rows: new Float64Array([1, 2]), text: 'ж'.repeat(100) }, false, limits)
  const window = new Uint8Array(new ArrayBuffer(bytes.length + 7), 5, bytes.length)
  window.set(bytes)
  const { value } = fromBytes(window, limits)
  window.fill(0)
  assert.deepEqual(value, { rows: new Float64Array([1, 2]), text: 'ж'.repeat(100) })
})

test('a message that came in a Buffer is read as any other, and nothing of it is kept', () => {
  const value = { bytes: Uint8Array.of(1, 2, 3), numbers: Array.from({ length: 20 }, (_, n) => n / 2) }
  const bytes = toBytes(value, false, limits)
  const received = Buffer.concat([Buffer.from('before'), bytes, Buffer.from('behind')])
  const read = fromBytes(received.subarray(6, 6 + bytes.length), limits).value as typeof value
  received.fill(0)
  assert.deepEqual(read, value)
  assert.equal(read.bytes.buffer.byteLength, 3)
})

test('texts and numbers of every size arrive as they were', () => {
  for (const unit of ['a', 'ÿ', 'ж', '\ud800', '🙂'])
    for (const length of [0, 1, 15, 16, 17, 63, 64, 65, 127, 128, 16_384])
      assert.equal(across(unit.repeat(length)), unit.repeat(length))
  assert.equal(across(`${'a'.repeat(70)}ж`), `${'a'.repeat(70)}ж`)
  for (const number of [
    0,
    -0,
    127,
    128,
    -128,
    -129,
    2 ** 31 - 1,
    2 ** 31,
    -(2 ** 31),
    0.5,
    Number.NaN,
    1e308,
  ])
    assert.ok(Object.is(across(number), number))
  for (const big of [0n, -1n, 2n ** 64n, -(3n ** 500n)]) assert.equal(across(big), big)
  const numbers = [...Array(100).keys(), -0, Number.NaN, 0.1]
  assert.deepEqual(across(numbers), numbers)
  assert.deepEqual(
    across(Object.assign([...numbers], { name: 'n' })),
    Object.assign([...numbers], { name: 'n' }),
  )
})

class Money {
  cents = 5
}
class Sealed {
  readonly #x: number
  constructor(x: number) {
    this.#x = x
  }
  static {
    shareable(import.meta, Sealed, { pack: sealed => sealed.#x, unpack: x => new Sealed(x) })
  }
  get x(): number {
    return this.#x
  }
}
shareable(import.meta, Money)

test('instances of shareable classes arrive with their class, by stand-ins', () => {
  const money = new Money()
  const [one, again, sealed] = across([money, money, new Sealed(7)]) as [Money, Money, Sealed]
  assert.ok(one instanceof Money && one === again)
  assert.ok(sealed instanceof Sealed && sealed.x === 7)
})

test('names that assigning would misuse are only data', () => {
  const value = JSON.parse(
    '{"__proto__":{"polluted":1},"constructor":1,"toString":2,"rows":[{"__proto__":3}]}',
  )
  const copy = across(value) as Record<string, unknown>
  assert.deepEqual(Object.keys(copy), Object.keys(value))
  assert.equal(Object.getPrototypeOf(copy), Object.prototype)
  assert.equal((copy as { polluted?: number }).polluted, undefined)
  const list = Object.defineProperty([1], '__proto__', { value: 5, enumerable: true })
  assert.equal(Object.getPrototypeOf(across(list)), Array.prototype)
})

test('nesting ends where the scan ends, in every container, on both sides', () => {
  const wraps: ((inner: unknown) => unknown)[] = [
    inner => [inner],
    inner => ({ inner }),
    inner => new Map([[1, inner]]),
    inner => new Set([inner]),
    inner => Object.assign([1], { inner }),
  ]
  for (const wrap of wraps) {
    let value: unknown = [new Uint8Array(4), Object(1), new Date(0)]
    for (let depth = 1; depth < 1_000; depth += 1) value = wrap(value)
    assert.deepEqual(traceOf(across(value)), traceOf(value))
    for (let depth = 0; depth < 200; depth += 1) value = wrap(value)
    assert.throws(() => toBytes(value, false, limits), SerializationError)
    const deep = toBytes(value, false, { ...limits, maxDepth: 2_000 })
    assert.throws(() => fromBytes(deep, limits), RangeError)
  }
})

test('a length or a count that is beyond the bytes makes nothing', () => {
  const huge = [0xff, 0xff, 0xff, 0x7f]
  for (const tag of [
    tags.array,
    tags.numbers,
    tags.record,
    tags.map,
    tags.set,
    tags.buffer,
    tags.latin1,
    tags.utf16,
  ])
    assert.equal(survives(Uint8Array.of(mark, version, 0, tag, ...huge)), false)
  assert.equal(survives(Uint8Array.of(mark, version, 0, tags.growable, ...huge, 0x7f, 0)), false)
  // Nothing but holes, where the engine would keep room for each.
  const sparse = fromBytes(Uint8Array.of(mark, version, 0, tags.uneven, 0xff, 0xff, 0xff, 0x0e, 0), limits)
  assert.equal((sparse.value as unknown[]).length, 31_457_279)
})

test('what is too large is refused on the side that writes and on the side that reads', () => {
  const small = { maxBytes: 1_000 }
  for (const value of [
    'x'.repeat(1_001),
    new Uint8Array(1_000),
    Array.from({ length: 600 }, () => ({})),
    [1n << 9_000n],
  ])
    assert.throws(() => toBytes(value, false, small), PayloadTooLargeError)
  assert.throws(
    () => toBytes(new ArrayBuffer(1, { maxByteLength: 2_000 }), false, small),
    PayloadTooLargeError,
  )
  assert.equal(toBytes(new Uint8Array(900), false, small).length < 1_000, true)
  assert.throws(() => fromBytes(toBytes('x'.repeat(2_000), false, limits), small), RangeError)
})

test('what no bytes stand for is refused, never written as something else', () => {
  for (const value of [
    () => {},
    Symbol('x'),
    new (class Point {})(),
    new Uint8Array(new SharedArrayBuffer(1)),
    new WeakMap(),
  ])
    assert.throws(() => toBytes([value], false, limits), SerializationError)
})

test('bytes of another version, or with more behind them, are refused', () => {
  const bytes = toBytes(1, false, limits)
  assert.throws(() => fromBytes(Uint8Array.of(mark, version + 1, 0, tags.null), limits), /of version 2/)
  assert.throws(() => fromBytes(Uint8Array.of(...bytes, 0), limits), /bytes behind the value/)
  assert.throws(() => fromBytes(Uint8Array.of(0, ...bytes), limits), RangeError)
  assert.throws(() => fromBytes(new Uint8Array(0), limits), RangeError)
})
