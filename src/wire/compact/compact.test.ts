/**
 * What the compact format takes comes back as the codec would bring it; whatever else it refuses.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { move } from '../../task/transfer.ts'
import { decode, encode } from '../codec.ts'
import { typedArrayClasses } from '../whole-view.ts'
import { CompactReader } from './reader.ts'
import { CompactWriter } from './writer.ts'

const room = 65_536
const refused = Symbol('refused')

/** The value after its journey, or `refused`. */
function throughBytes(value: unknown, at = 0, end = room): unknown {
  const bytes = new Uint8Array(new SharedArrayBuffer(room))
  const writer = new CompactWriter(bytes)
  writer.begin(at, end)
  if (!writer.value(value)) return refused
  assert.ok(writer.at <= end, `it wrote up to ${writer.at}, beyond ${end}`)
  const reader = new CompactReader(bytes)
  reader.begin(at)
  return reader.value()
}

function throughCodec(value: unknown): unknown {
  const encoded = encode(value, 'value', { sharedMemory: true, maxPayloadBytes: 2 ** 28 })
  return decode(structuredClone(encoded.value), encoded.special)
}

function refuses(value: unknown, what: string): void {
  assert.equal(throughBytes(value), refused, what)
  assert.equal(throughBytes([value]), refused, `${what}, in an array`)
  assert.equal(throughBytes({ part: value }), refused, `${what}, in a record`)
}

const text = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('', 'ÿ', 'Ā', '\ud800', 'x\udc00', '🙂'.repeat(20), 'a'.repeat(512), 'ж'.repeat(512)),
)
const scalar = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom(0, -0, Number.NaN, 2 ** 31, 2 ** 31 - 1, -(2 ** 31), -(2 ** 31) - 1, 1e308, 5e-324),
  fc.boolean(),
  fc.constantFrom(undefined, null),
  text,
)
const key = fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom('0', '-1', '7', 'constructor', 'ключ', ''))
const { plain } = fc.letrec<{ plain: unknown }>(tie => ({
  plain: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.array(tie('plain'), { maxLength: 4 }),
    fc.dictionary(key, tie('plain'), { maxKeys: 4, noNullPrototype: true }),
  ),
}))

/** Says of a key that the codec keeps for itself. */
function hasOwnName(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(
    ([name, part]) => name === '__proto__' || name.startsWith('\0') || hasOwnName(part),
  )
}

function objectsIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return Object.values(value).reduce<number>((sum, part) => sum + objectsIn(part), 1)
}

test('a small plain value comes back as it was, and as the codec would bring it', () => {
  fc.assert(
    fc.property(plain, value => {
      const copy = throughBytes(value)
      if (hasOwnName(value) || objectsIn(value) > 64) return assert.equal(copy, refused)
      assert.deepStrictEqual(copy, value)
      assert.deepStrictEqual(copy, throughCodec(value))
      assert.equal(Object.is(copy, -0), Object.is(value, -0))
      if (typeof value === 'object' && value !== null) {
        assert.notEqual(copy, value)
        assert.deepEqual(Reflect.ownKeys(copy as object), Reflect.ownKeys(value), 'in the same order')
      }
    }),
    { numRuns: 3_000 },
  )
})

test('records with the same names are written without them, and come back with their own', () => {
  const row = (n: number) => ({ count: n, item: `item ${n}`, price: n / 7 })
  const list = (length: number): unknown => (length === 0 ? null : { value: length, next: list(length - 1) })
  const other = { item: 'x', count: 1, price: 2 } // The same names in another order.
  const values = [
    Array.from({ length: 20 }, (_, n) => row(n)),
    list(20),
    [row(1), other, row(2), other.item, { ...other }, { count: 1 }, {}, {}, row(3)],
    { a: { a: { a: { b: 1 } } }, b: [{ b: 2 }, { a: 3 }] },
  ]
  for (const value of values) {
    const copy = throughBytes(value)
    assert.deepStrictEqual(copy, value)
    assert.equal(JSON.stringify(copy), JSON.stringify(value), 'in the same order')
  }
  assert.ok(bytesOf(values[0]) < 2 * bytesOf(Array.from({ length: 20 }, (_, n) => Object.values(row(n)))))
})

/** How many bytes the value takes. */
function bytesOf(value: unknown): number {
  const writer = new CompactWriter(new Uint8Array(room))
  writer.begin(0, room)
  assert.ok(writer.value(value))
  return writer.at
}

test('one reader reads many names and texts of every length, each as it was', () => {
  const bytes = new Uint8Array(room)
  const writer = new CompactWriter(bytes)
  const reader = new CompactReader(bytes)
  for (let length = 0; length <= 512; length += 1) {
    for (const unit of ['a', 'ÿ', 'ж']) {
      const text = Array.from({ length }, (_, at) =>
        String.fromCharCode(unit.charCodeAt(0) + (at % 20)),
      ).join('')
      const value = { [text.slice(0, 40)]: text, [`${length} ${unit}`]: length, [`x${length % 7}y`]: unit }
      for (let time = 0; time < 2; time += 1) {
        writer.begin(3, room)
        assert.ok(writer.value(value))
        reader.begin(3)
        assert.deepStrictEqual(reader.value(), value)
      }
    }
  }
})

test('a record like one that was not there before is none of the format', () => {
  const bytes = new Uint8Array(room)
  const writer = new CompactWriter(bytes)
  writer.begin(0, room)
  assert.ok(writer.value([{ a: 1 }, { a: 2 }]))
  const alike = bytes.indexOf(11)
  const reader = new CompactReader(bytes)
  for (const number of [1, 255]) {
    bytes[alike + 1] = number
    reader.begin(0)
    assert.throws(() => reader.value(), RangeError)
  }
  bytes[alike + 1] = 0
  reader.begin(0)
  assert.deepEqual(reader.value(), [{ a: 1 }, { a: 2 }])
  reader.begin(alike)
  assert.throws(() => reader.value(), RangeError, 'what was read before is forgotten')
})

test('values follow each other without a gap, and each is read where it was written', () => {
  fc.assert(
    fc.property(fc.array(plain, { maxLength: 8 }), fc.nat(3), (values, offset) => {
      const bytes = new Uint8Array(new ArrayBuffer(room + 1), 1) // A view that does not begin with its buffer.
      const writer = new CompactWriter(bytes)
      writer.begin(offset, room)
      const taken: unknown[] = []
      for (const value of values) {
        writer.begin(writer.at, room)
        const { at } = writer
        if (writer.value(value)) taken.push(value)
        else writer.begin(at, room)
      }
      writer.int32(-5)
      writer.float64(0.1)
      writer.byte(200)
      const reader = new CompactReader(bytes)
      reader.begin(offset)
      for (const value of taken) assert.deepStrictEqual(reader.value(), value)
      assert.deepEqual([reader.int32(), reader.float64(), reader.byte()], [-5, 0.1, 200])
    }),
  )
})

test('with any end, the value comes whole or is refused, and not a byte beyond the end is touched', () => {
  const enough = 1_500 // More than the longest of them needs.
  const values = [
    new Float64Array(9),
    '',
    'text',
    'ж'.repeat(300),
    7,
    0.5,
    [1, [2, { three: 'x' }]],
    { a: undefined, b: [null] },
  ]
  for (const value of values) {
    let accepted = false
    for (let end = 0; end <= enough; end += 1) {
      const bytes = new Uint8Array(enough + 64).fill(0xee)
      const writer = new CompactWriter(bytes)
      writer.begin(0, end)
      if (writer.value(value)) {
        accepted = true
        const reader = new CompactReader(bytes)
        reader.begin(0)
        assert.deepStrictEqual(reader.value(), value)
      } else assert.ok(!accepted, 'more room is never worse')
      assert.ok(
        bytes.subarray(end).every(byte => byte === 0xee),
        `${inspect(value)} up to ${end}`,
      )
    }
    assert.ok(accepted)
  }
})

test('the limits: 512 units of text, 64 parts, 64 objects', () => {
  for (const unit of ['x', 'ж']) {
    assert.equal(throughBytes(unit.repeat(512)), unit.repeat(512))
    refuses(unit.repeat(513), 'a long text')
  }
  assert.deepEqual(throughBytes({ ['k'.repeat(512)]: 1 }), { ['k'.repeat(512)]: 1 })
  refuses({ ['k'.repeat(513)]: 1 }, 'a long name')
  const parts = Array.from({ length: 65 }, (_, at) => at)
  assert.deepEqual(throughBytes(parts.slice(1)), parts.slice(1))
  refuses(parts, 'many items')
  const record = Object.fromEntries(parts.map(part => [`k${part}`, part]))
  refuses(record, 'many entries')
  delete record['k0']
  assert.deepEqual(throughBytes(record), record)
  const nested = (objects: number): unknown => (objects === 1 ? [] : [nested(objects - 1)])
  assert.deepEqual(throughBytes(nested(64)), nested(64))
  assert.equal(throughBytes(nested(65)), refused)
})

test('an object that is there twice, or inside of itself, is left to the codec, which keeps that', () => {
  const shared = { a: 1 }
  assert.equal(throughBytes([shared, shared]), refused)
  assert.equal(throughBytes({ one: shared, two: [shared] }), refused)
  const round: unknown[] = []
  round.push(round)
  assert.equal(throughBytes(round), refused)
  const link: Record<string, unknown> = {}
  link['self'] = link
  assert.equal(throughBytes(link), refused)
  assert.deepEqual(throughBytes([{ a: 1 }, { a: 1 }]), [{ a: 1 }, { a: 1 }], 'equal is not the same')
})

test('what was seen in one value is not held against the next', () => {
  const bytes = new Uint8Array(room)
  const writer = new CompactWriter(bytes)
  const shared = { a: 1 }
  for (let round = 0; round < 30; round += 1) {
    writer.begin(0, room)
    assert.ok(writer.value([shared]))
  }
})

test('whatever a copy would change is refused', () => {
  class Point {
    x = 1
  }
  class List extends Array<number> {}
  const withGetter = Object.defineProperty({}, 'hidden', { value: 1, enumerable: false })
  assert.deepEqual(throughBytes(withGetter), {}, 'what no copy takes along is not a reason')
  const strange: Record<string, unknown> = {
    'a class instance': new Point(),
    'a subclass of Array': List.of(1),
    'a record without prototype': Object.create(null),
    'a record of another realm': runInNewContext('({ a: 1 })'),
    'an array of another realm': runInNewContext('[1]'),
    'a Date': new Date(0),
    'a Map': new Map(),
    'a Set': new Set(),
    'an Error': new Error('x'),
    'a RegExp': /x/,
    'a typed array that was given another prototype': Object.setPrototypeOf(
      new Uint8Array(1),
      Int8Array.prototype,
    ),
    'a window on a larger buffer': new Uint8Array(new ArrayBuffer(2), 1),
    'a typed array on shared memory': new Int32Array(new SharedArrayBuffer(4)),
    'a typed array on a buffer that can grow': new Uint8Array(new ArrayBuffer(1, { maxByteLength: 2 })),
    'a typed array that has moved': emptied(new Uint8Array(1)),
    'a typed array that is to be moved': move(new Uint8Array(1)),
    'a typed array of another realm': runInNewContext('new Uint8Array(1)'),
    'a DataView': new DataView(new ArrayBuffer(1)),
    'a buffer': new ArrayBuffer(1),
    'a shared buffer': new SharedArrayBuffer(4),
    'a Buffer': Buffer.from('x'),
    'a boxed number': Object(1),
    'a promise': Promise.resolve(),
    'a bigint': 1n,
    'a function': () => {},
    'a symbol': Symbol('x'),
    'a name that is a symbol': { [Symbol('x')]: 1 },
    'the name __proto__': JSON.parse('{"__proto__":1}'),
    'a name that the codec keeps for itself': { '\0atonce': 'Error' },
    'a proxy of a record': new Proxy({ a: 1 }, {}),
    'a proxy of an array': new Proxy([1], {}),
  }
  for (const [what, value] of Object.entries(strange)) refuses(value, what)
})

function emptied(array: Uint8Array<ArrayBuffer>): Uint8Array {
  structuredClone(array, { transfer: [array.buffer] })
  return array
}

test('typed arrays of all classes come back with a buffer of their own', () => {
  const bytes = Uint8Array.from({ length: 1_536 }, (_, at) => (at * 7) % 251)
  for (const Class of typedArrayClasses) {
    for (const length of [0, 8, 64, 1_536]) {
      const array = new Class(bytes.slice(0, length).buffer as never)
      const copy = throughBytes(array) as NodeJS.TypedArray
      assert.deepEqual(copy, array)
      assert.equal(copy.buffer.byteLength, length)
      assert.ok(copy.buffer instanceof ArrayBuffer && copy.buffer !== array.buffer)
      const among = throughBytes([1, { array }, 'x']) as [number, { array: NodeJS.TypedArray }, string]
      assert.deepEqual(among, [1, { array }, 'x'])
    }
  }
  refuses(new Uint8Array(1_537), 'a large one')
  const { buffer } = bytes
  refuses([new Uint8Array(buffer), new Uint8Array(buffer)], 'two on one buffer')
})

test('an array with a hole, or with names of its own, is refused', () => {
  // biome-ignore lint/suspicious/noSparseArray: that is what it is about
  refuses([1, , 3], 'a hole')
  refuses(new Array(3), 'nothing but holes')
  refuses(Object.assign([1, 2], { name: 'x' }), 'a name')
  // As many names as items, so that counting them is not enough.
  // biome-ignore lint/suspicious/noSparseArray: that is what it is about
  refuses(Object.assign([1, , 3], { name: 'x' }), 'a hole and a name')
})

test('a getter that throws is left to the codec, which says where it is', () => {
  const throwing = {
    enumerable: true,
    get() {
      throw new RangeError('from the getter')
    },
  }
  refuses(Object.defineProperty({}, 'x', throwing), 'in a record')
  refuses(Object.defineProperty([1], '0', throwing), 'in an array')
})

test('bytes that are none of the format end in a RangeError or in some value, never in a loop', () => {
  let errors = 0
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 0, maxLength: 64 }), garbage => {
      const reader = new CompactReader(garbage)
      reader.begin(0)
      try {
        reader.value()
      } catch (error) {
        assert.ok(error instanceof RangeError, String(error))
        errors += 1
      }
    }),
    { numRuns: 2_000 },
  )
  assert.ok(errors > 100)
})
