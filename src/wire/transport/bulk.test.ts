/**
 * Copies that move: the other side gets what the platform's copy would have given, and the sender
 * keeps its own.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withBulkCopied } from './bulk.ts'

const large = 65_536
const plain = { kind: 'run', special: false } as const

/** What arrives with bulk copies, and what arrives without. */
function bothWays(message: object): [arrived: object, expected: object] {
  const expected = structuredClone(message)
  const bulk = withBulkCopied(message)
  assert.ok(bulk !== undefined)
  return [structuredClone(bulk.message, { transfer: bulk.transfer }), expected]
}

/** What a value is, so that two can be compared fast. */
function described(value: unknown): unknown {
  const buffer = ArrayBuffer.isView(value) ? value.buffer : (value as ArrayBuffer)
  const offset = ArrayBuffer.isView(value) ? value.byteOffset : 0
  return [Object.getPrototypeOf(value), offset, Buffer.from(buffer as ArrayBuffer).toString('base64')]
}

test('arrays of all classes, and buffers, arrive as by the platform’s copy, and stay with the sender', () => {
  const buffer = Uint8Array.from({ length: large }, (_, index) => (index * 7) % 251).buffer
  const arrays = [
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
  ].map(Class => new Class(buffer.slice(0)))
  for (const value of [buffer, ...arrays]) {
    const before = described(value)
    for (const [at, kind] of (['run', 'help', 'run', 'help'] as const).entries()) {
      const args = [1, 'two', null, undefined].with(at, value as never)
      const [arrived, expected] = bothWays({ ...plain, kind, args }) as { args: unknown[] }[]
      assert.deepEqual(described(arrived?.args[at]), described(expected?.args[at]))
      assert.deepEqual(Object.keys(arrived ?? {}), Object.keys(expected ?? {}))
    }
    assert.deepEqual(described(value), before)
  }
})

test('a chunk’s numbers are copied like an argument', () => {
  const args = Float64Array.from({ length: 10_000 }, (_, index) => index / 3)
  const [arrived, expected] = bothWays({ ...plain, args }) as { args: Float64Array }[]
  assert.deepEqual(described(arrived?.args), described(expected?.args))
})

test('whatever shares, stretches, is small, special, or has a class of its own is left to the platform', () => {
  class Own extends Float64Array {}
  const whole = new Float64Array(large / 8)
  const left: object[] = [
    { ...plain, args: [whole, whole] },
    { ...plain, args: [whole, {}] },
    { ...plain, args: [{ whole }] },
    { ...plain, args: [whole.subarray(1)] },
    { ...plain, args: [new Float64Array(large / 8 - 1)] },
    { ...plain, args: [new Float64Array(new ArrayBuffer(2 * large), 8, large / 8)] },
    { ...plain, args: [new Float64Array(new SharedArrayBuffer(large))] },
    { ...plain, args: [new SharedArrayBuffer(large)] },
    { ...plain, args: [new ArrayBuffer(large, { maxByteLength: 2 * large })] },
    { ...plain, args: [new Uint8Array(new ArrayBuffer(large, { maxByteLength: 2 * large }))] },
    { ...plain, args: [new DataView(new ArrayBuffer(large))] },
    { ...plain, args: [Buffer.alloc(large)] },
    { ...plain, args: [new Own(large / 8)] },
    { ...plain, args: [Object.setPrototypeOf(new Int32Array(large / 4), Float64Array.prototype)] },
    { ...plain, args: [1, 'x'.repeat(large)] },
    { ...plain, special: true, args: [whole] },
    { ...plain, stores: [{ ref: 1, value: whole, special: false }], args: [whole] },
    { kind: 'nest', special: false, args: [whole] },
    { kind: 'done', special: false, value: whole },
  ]
  for (const message of left)
    assert.equal(withBulkCopied(message), undefined, JSON.stringify(Object.keys(message)))
  assert.equal(withBulkCopied(7), undefined)
  assert.equal(withBulkCopied(null), undefined)
})

test('numbers that are not numbers keep their bits', () => {
  const bits = new BigUint64Array(large / 8).fill(0x7ff8_0000_dead_beefn)
  const value = new Float64Array(bits.buffer)
  const bulk = withBulkCopied({ ...plain, args: [value] })
  assert.ok(bulk !== undefined)
  const [copy] = (bulk.message as { args: [Float64Array] }).args
  assert.deepEqual(described(new BigUint64Array(copy.buffer)), described(bits))
})
