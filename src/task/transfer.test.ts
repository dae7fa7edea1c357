/** `move()`: what can be moved, and what a mark means. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import { SerializationError } from '../errors.ts'
import { type Movable, markedToMove, move, takeMark, takeMarks } from './transfer.ts'

test('move returns the value itself, and marks it', () => {
  const { port1 } = new MessageChannel()
  port1.close()
  const bytes = new Uint8Array(4)
  for (const [value, moved] of [
    [bytes, bytes.buffer],
    [new ArrayBuffer(4), undefined],
    [new DataView(bytes.buffer), bytes.buffer],
    [Buffer.from(bytes.buffer), bytes.buffer],
    [port1, undefined],
  ] as const) {
    assert.equal(markedToMove(value), undefined)
    assert.equal(move(value as Movable), value)
    assert.equal(markedToMove(value), moved ?? value)
    assert.equal(takeMark(value), moved ?? value)
    assert.equal(takeMark(value), undefined)
  }
})

test('a mark is on the value, not on others that share its buffer', () => {
  const memory = new ArrayBuffer(4)
  const [one, other] = [move(new Uint8Array(memory)), new Uint8Array(memory)]
  assert.equal(takeMark(other), undefined)
  assert.equal(takeMark(one), memory)
})

test('marking twice is marking once', () => {
  const bytes = new Uint8Array(1)
  move(move(bytes))
  assert.equal(takeMark(bytes), bytes.buffer)
  assert.equal(takeMark(bytes), undefined)
})

test('what can’t be moved is refused when it is marked, with the reason', () => {
  for (const value of ['text', 5, null, undefined, {}, [], new Map(), new SharedArrayBuffer(4)]) {
    assert.throws(
      () => move(value as unknown as Movable),
      (error: unknown) =>
        error instanceof SerializationError &&
        error.path === 'move(…)' &&
        /takes an ArrayBuffer, a typed array or a MessagePort/.test(error.message),
    )
  }
  assert.throws(
    () => move(new Int32Array(new SharedArrayBuffer(4)) as unknown as Movable),
    SerializationError,
  )
  const gone = new Uint8Array(4)
  gone.buffer.transfer()
  assert.throws(() => move(gone), /was moved already/)
  const pooled = Buffer.from('small')
  assert.throws(() => move(pooled), /Node shares between small Buffers\. Copy it first: move\(new Uint8Array/)
  assert.equal(move(new Uint8Array(pooled)).length, 5)
})

test('the marks in a value that is passed on as it is are taken, wherever they stand', () => {
  const marked = Array.from({ length: 6 }, () => move(new Uint8Array(1)))
  const value: unknown[] = [
    marked[0],
    { a: marked[1], deep: [{ b: marked[2] }] },
    new Map([[marked[3], new Set([marked[4]])]]),
    Object.assign(new Error('with'), { bytes: marked[5] }),
  ]
  value.push(value)
  takeMarks(value)
  for (const bytes of marked) assert.equal(takeMark(bytes), undefined)
})

test('looking for marks runs no getter, and goes as deep as the value', () => {
  const outstanding = move(new Uint8Array(1))
  let deep: unknown = outstanding
  for (let depth = 0; depth < 200_000; depth += 1) deep = { deep }
  const get = () => assert.fail('a getter was run')
  takeMarks([
    Object.defineProperty({}, 'lazy', { get, enumerable: true }),
    new Proxy({}, { ownKeys: get }),
    deep,
  ])
  assert.equal(takeMark(outstanding), undefined)
})
