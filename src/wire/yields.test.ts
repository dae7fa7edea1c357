/**
 * What a generator yields, from one side to the other: every value as it was when it was yielded,
 * in order.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SerializationError } from '../errors.ts'
import { move } from '../task/transfer.ts'
import { decode } from './codec.ts'
import { isFromWorker } from './from-worker.ts'
import type { YieldedMessage, YieldedOneMessage } from './messages.ts'
import { YieldWriter, yieldedValues } from './yields.ts'

type Message = YieldedMessage | YieldedOneMessage

/** A writer, and what has arrived of it, copied as the platform does. */
function wired({ maxPayloadBytes = 1_000_000 } = {}) {
  const messages: Message[] = []
  const writer = new YieldWriter(1, { sharedMemory: true, maxPayloadBytes }, (message, transfer) => {
    messages.push(structuredClone(message, { transfer: [...transfer] as ArrayBuffer[] }))
  })
  const values = () =>
    messages.flatMap(message => {
      assert.ok(isFromWorker(message))
      return message.kind === 'yielded' ? yieldedValues(message) : [decode(message.value, message.special)]
    })
  return { writer, messages, values }
}

test('values of every kind arrive as they were, in the order they were yielded', () => {
  const anything = fc.oneof(
    fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true }),
    fc.integer(),
    fc.string({ maxLength: 2_000, size: 'max' }),
    fc.constant(-0),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(anything, fc.boolean()), { maxLength: 60, size: 'max' }), sent => {
      const { writer, values } = wired()
      for (const [value, flushes] of sent) {
        writer.add(value, 10)
        if (flushes) writer.flush()
      }
      writer.flush()
      assert.deepEqual(
        values(),
        sent.map(([value]) => value),
      )
    }),
    { numRuns: 200 },
  )
})

test('an object that is yielded again and again arrives each time as it was then', () => {
  const { writer, values } = wired()
  const small = { n: 0 }
  const large = { n: 0, when: new Date(0) }
  for (let n = 0; n < 5; n += 1) {
    small.n = large.n = n
    writer.add(small, 10)
    writer.add(large, 10)
  }
  writer.flush()
  assert.deepEqual(
    values().map(value => (value as { n: number }).n),
    [0, 0, 1, 1, 2, 2, 3, 3, 4, 4],
  )
})

test('small values, long texts and bigints share messages, which never grow without end', () => {
  const { writer, messages, values } = wired()
  const sent = Array.from({ length: 20_000 }, (_, n) =>
    n % 100 === 0 ? 'x'.repeat(600) : n % 50 === 0 ? 7n : n,
  )
  for (const value of sent) writer.add(value, 10)
  writer.flush()
  assert.deepEqual(values(), sent)
  assert.ok(messages.length < 40, `${messages.length} messages`)
  for (const message of messages) assert.ok(message.kind === 'yielded' && message.bytes.length <= 16_384)
})

test('a large value counts for several, but never for more than there is', () => {
  const { writer } = wired()
  assert.equal(writer.add(1, 100), 1)
  assert.equal(writer.add(new Uint8Array(1_000), 100), 1)
  assert.equal(writer.add(new Uint8Array(65_536), 100), 5)
  assert.equal(writer.add({ name: 'x', bytes: new Uint8Array(65_536) }, 100), 5)
  assert.equal(writer.add('x'.repeat(40_000), 100), 3)
  assert.equal(writer.add(new Uint8Array(65_536), 2), 2)
})

test('a value that can not cross is named by its place in the stream; those before it were sent', () => {
  const { writer, values } = wired()
  writer.add(1, 10)
  writer.add('two', 10)
  assert.throws(
    () => writer.add({ rows: [() => {}] }, 10),
    (error: Error) => error instanceof SerializationError && error.path === 'yielded[2].rows[0]',
  )
  assert.deepEqual(values(), [1, 'two'])
})

test('a moved buffer moves, and is counted before it is gone', () => {
  const { writer, values } = wired()
  const bytes = new Uint8Array(65_536).fill(7)
  assert.equal(writer.add(move(bytes), 100), 5)
  assert.equal(bytes.length, 0)
  assert.deepEqual(values(), [new Uint8Array(65_536).fill(7)])
})

test('bytes that are not values are refused', () => {
  const bytes = new Uint8Array([255, 1, 2])
  assert.throws(() => yieldedValues({ kind: 'yielded', seq: 1, count: 1, bytes, loose: [] }), RangeError)
  const none = new Uint8Array()
  assert.throws(
    () => yieldedValues({ kind: 'yielded', seq: 1, count: 1e9, bytes: none, loose: [] }),
    RangeError,
  )
  for (const index of [-1, 1, 0.5, Number.NaN]) {
    const loose = [{ index, value: 5 }]
    const one = new Uint8Array(1)
    assert.throws(() => yieldedValues({ kind: 'yielded', seq: 1, count: 1, bytes: one, loose }), RangeError)
  }
})
