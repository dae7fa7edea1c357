/** `move()`: what can be moved, and what a mark means. */
import assert from 'node:assert/strict'
import { open } from 'node:fs/promises'
import { test } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import { SerializationError } from '../errors.ts'
import { dropMark, holdsMarks, type Movable, markedToMove, move, takeMark } from './transfer.ts'

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

test('a mark on a view is on no other view; a mark on the buffer is on all of its views', () => {
  const memory = new ArrayBuffer(4)
  const [one, other] = [move(new Uint8Array(memory)), new Uint8Array(memory)]
  assert.equal(markedToMove(other), undefined)
  assert.equal(takeMark(one), memory)
  move(memory)
  for (const view of [one, other]) assert.equal(markedToMove(view), memory)
  assert.equal(takeMark(memory), memory)
  assert.equal(markedToMove(one), undefined)
})

test('web streams and open files can be moved, unless they are in use or gone', async () => {
  const file = await open(import.meta.filename)
  for (const handle of [new ReadableStream(), new WritableStream(), new TransformStream(), file]) {
    assert.equal(move(handle), handle)
    assert.equal(takeMark(handle), handle)
  }
  await file.close()
  const read = new ReadableStream()
  read.getReader()
  const through = new TransformStream()
  through.writable.getWriter()
  for (const locked of [read, through]) assert.throws(() => move(locked), /a stream that is locked/)
  assert.throws(() => move(file), /a file that is closed/)
  const ReadableStream2 = class ReadableStream extends (globalThis.ReadableStream as new () => object) {}
  class FileHandle {
    fd = 1
  }
  for (const other of [new ReadableStream2(), new FileHandle(), new Proxy(read, {})] as Movable[])
    assert.throws(() => move(other), SerializationError)
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
        /takes an ArrayBuffer, a typed array, a MessagePort, a web stream or a FileHandle/.test(
          error.message,
        ),
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

test('a value that is passed on as it is loses its mark; what stands inside of it is not looked for', () => {
  const marked = move(new Uint8Array(1))
  const inside = move(new Uint8Array(1))
  const get = () => assert.fail('it was looked into')
  for (const value of [marked, [inside], new Proxy([inside], { ownKeys: get, get }), 5, null]) dropMark(value)
  assert.equal(takeMark(marked), undefined)
  assert.equal(takeMark(inside), inside.buffer)
})

test('marks are found wherever they stand in what is sent, by no getter, however deep; else in the values themselves', () => {
  const bytes = move(new Uint8Array(1))
  let deep: unknown = bytes
  for (let depth = 0; depth < 200_000; depth += 1) deep = { deep }
  const get = () => assert.fail('a getter was run')
  const lazy = Object.defineProperty({}, 'lazy', { get, enumerable: true })
  const holders = [
    bytes,
    { a: bytes, deep: [{ b: 1 }] },
    new Map([[bytes, 1]]),
    new Map([[1, new Set([bytes])]]),
    Object.assign(new Error('with'), { bytes }),
    deep,
  ]
  for (const holder of holders) {
    assert.equal(holdsMarks([lazy, new Proxy({}, { ownKeys: get }), holder], true), true)
    assert.equal(holdsMarks([lazy, holder], false), holder === bytes)
  }
  takeMark(bytes)
  assert.equal(holdsMarks(holders, true), false)
})
