/**
 * Values that cross arrive equal, with the same sharing; by both ways of copying that atonce uses.
 */
import assert from 'node:assert/strict'
import { duplexPair } from 'node:stream'
import { after, test } from 'node:test'
import { runInNewContext } from 'node:vm'
import { MessageChannel, MessagePort } from 'node:worker_threads'
import fc from 'fast-check'
import { move } from '../task/transfer.ts'
import { type Crossing, decode, detach, encode } from './codec.ts'
import { define } from './define.ts'
import { crossing, traceOf } from './fixtures/any-value.ts'
import { PipeCaller } from './transport/pipe.ts'

const toThread: Crossing = { sharedMemory: true, maxPayloadBytes: 2 ** 28 }
const toProcess: Crossing = { sharedMemory: false, maxPayloadBytes: 2 ** 28 }

// ── the two ways ──

function byClone(value: unknown): unknown {
  const encoded = encode(value, 'args', toThread)
  const copy = structuredClone(encoded.value, { transfer: [...encoded.transfer] as ArrayBuffer[] })
  return decode(copy, encoded.special)
}

const [near, far] = duplexPair() as unknown as [Socketlike, Socketlike]
type Socketlike = ConstructorParameters<typeof PipeCaller>[0]
const arrivals: ((message: unknown) => void)[] = []
const nobody = { message() {}, done() {}, taken() {}, garbled() {}, closed() {} }
const sender = new PipeCaller(near, nobody, { maxFrameBytes: 2 ** 28 })
new PipeCaller(
  far,
  {
    ...nobody,
    message: message => arrivals.shift()?.(message),
    garbled: what => assert.fail(what),
  },
  { maxFrameBytes: 2 ** 28 },
)
after(() => sender.close())

async function byPipe(value: unknown): Promise<unknown> {
  const { value: plain, special, transfer } = encode(value, 'args', toProcess)
  const arrival = new Promise<unknown>(resolve => arrivals.push(resolve))
  sender.send(plain)
  detach(transfer)
  return decode(await arrival, special)
}

test('whatever crosses by structured clone arrives equal, with the same sharing and cycles', () => {
  fc.assert(
    fc.property(crossing, value => {
      const before = traceOf(value)
      assert.deepEqual(traceOf(byClone(value)), before)
      assert.deepEqual(traceOf(value), before, 'the value itself was changed')
    }),
    { numRuns: 500 },
  )
})

test('whatever crosses by pipe arrives equal, with the same sharing and cycles', async () => {
  await fc.assert(
    fc.asyncProperty(crossing, async value => {
      assert.deepEqual(traceOf(await byPipe(value)), traceOf(value))
    }),
    { numRuns: 500 },
  )
})

test('a value without anything special is handed on as it is, not rebuilt', () => {
  const value = { rows: [[1, 2], new Map([['a', new Set([3n])]]), new Float64Array(2), new Date(0)] }
  assert.equal(encode(value, 'args', toThread).value, value)
  assert.equal(encode(value, 'args', toThread).special, false)
})

// ── the borders of it ──

test('a key named __proto__ is only data, before and after', () => {
  const value: unknown = JSON.parse('{"__proto__": {"polluted": true}, "special": 1}')
  define(value as Record<string, unknown>, 'error', new Error('makes it special'))
  const copy = byClone(value) as { polluted?: boolean }
  assert.equal(copy.polluted, undefined)
  assert.deepEqual(Object.keys(copy), ['__proto__', 'special', 'error'])
  assert.equal(Object.getPrototypeOf(copy), Object.prototype)
})

test('a record that looks like one of the codec’s own stand-ins stays a record', () => {
  const tag = '\u0000atonce'
  for (const forged of [
    { [tag]: 'Buffer', bytes: new Uint8Array(3) },
    { [tag]: 'Error', error: { classes: ['TypeError'], message: 'forged' } },
    { [tag]: 'Object', entries: [['a', { [tag]: 'Buffer' }]] },
    { [tag]: undefined },
  ]) {
    assert.deepEqual(byClone([forged]), [forged])
    const special = [forged, Buffer.from('special'), { inside: forged }]
    assert.deepEqual(traceOf(byClone(special)), traceOf(special))
  }
})

test('a record without a prototype, or of another realm, arrives as a plain record', () => {
  const bare = Object.assign(Object.create(null), { a: 1, error: new Error('special') })
  assert.equal(Object.getPrototypeOf(byClone(bare)), Object.prototype)
  assert.equal((byClone(bare) as typeof bare).a, 1)
  const foreign: unknown = runInNewContext('({ list: [1, new Map([[new Date(0), /x/g]])], at: { b: 2n } })')
  assert.deepEqual(byClone(foreign), { list: [1, new Map([[new Date(0), /x/g]])], at: { b: 2n } })
})

test('what is put on an array by name crosses as an item of it does, however long the array is', async () => {
  for (const length of [1, 96, 97, 5_000]) {
    const found = Object.assign(
      Array.from({ length }, (_, at) => at),
      {
        index: 3,
        groups: { year: '2026' },
        bytes: Buffer.from('hi'),
        failed: Object.assign(new TypeError('t'), { code: 'E1' }),
        '-1': 'below',
        '4294967295': 'no index',
        constructor: 'mine',
      },
    )
    Object.defineProperty(found, '__proto__', { value: new Date(5), enumerable: true })
    for (const copy of [byClone(found) as typeof found, (await byPipe(found)) as typeof found]) {
      assert.deepEqual(Object.keys(copy), Object.keys(found))
      assert.equal(Object.getPrototypeOf(copy), Array.prototype)
      assert.deepEqual(
        [copy.index, copy.groups, copy['-1'], copy.constructor],
        [3, { year: '2026' }, 'below', 'mine'],
      )
      assert.ok(Buffer.isBuffer(copy.bytes))
      assert.deepEqual([copy.failed.constructor, copy.failed.code], [TypeError, 'E1'])
      assert.deepEqual(Object.getOwnPropertyDescriptor(copy, '__proto__')?.value, new Date(5))
    }
  }
})

test('an array of a few items in a length of billions crosses at once', () => {
  const sparse: unknown[] = []
  sparse[4_000_000_000] = new Error('far out')
  const copy = byClone(sparse) as unknown[]
  assert.equal(copy.length, 4_000_000_001)
  assert.deepEqual(Object.keys(copy), ['4000000000'])
  assert.ok(copy[4_000_000_000] instanceof Error)
})

test('a small Buffer brings its own bytes, not the pool that it is a window on', () => {
  const small = Buffer.from('secret neighbours stay here')
  assert.ok(small.buffer.byteLength > small.byteLength)
  const copy = byClone([small]) as [Buffer]
  assert.ok(Buffer.isBuffer(copy[0]))
  assert.equal(copy[0].buffer.byteLength, small.byteLength)
  assert.deepEqual(copy[0], small)
})

test('what lies on a SharedArrayBuffer is the same memory on the other thread, a Buffer too', () => {
  const memory = new SharedArrayBuffer(8)
  const [shared, view, buffer] = byClone([memory, new Int32Array(memory, 4), Buffer.from(memory, 2, 4)]) as [
    SharedArrayBuffer,
    Int32Array,
    Buffer,
  ]
  view[0] = 0x0a0b0c0d
  assert.deepEqual([...new Uint8Array(memory)], [0, 0, 0, 0, 0x0d, 0x0c, 0x0b, 0x0a])
  assert.deepEqual([...buffer], [0, 0, 0x0d, 0x0c])
  assert.equal(shared.byteLength, 8)
})

test('several views on one large buffer count once', () => {
  const memory = new ArrayBuffer(1_000)
  const views = Array.from({ length: 50 }, () => new Uint8Array(memory))
  encode(views, 'args', { sharedMemory: true, maxPayloadBytes: 1_000 })
})

test('the nesting that crosses by scan crosses by both ways of copying, special or not', async () => {
  for (const inner of [1, new Error('special')]) {
    let value: unknown = inner
    for (let depth = 0; depth < 999; depth += 1) value = { value }
    assert.deepEqual(traceOf(byClone(value)), traceOf(value))
    assert.deepEqual(traceOf(await byPipe(value)), traceOf(value))
  }
})

// ── known limits: the platform’s clone loses these ──

test('lastIndex, and properties put on a typed array, do not cross', () => {
  const pattern = Object.assign(/x/g, { lastIndex: 5 })
  assert.equal((byClone(pattern) as RegExp).lastIndex, 0)
  const view = Object.assign(Uint8Array.of(1), { note: 'lost' })
  assert.deepEqual(byClone(view), Uint8Array.of(1))
})

test('a getter’s value crosses, the getter does not', () => {
  const copy = byClone({
    get now() {
      return 5
    },
  })
  assert.deepEqual(Object.getOwnPropertyDescriptor(copy, 'now'), {
    value: 5,
    writable: true,
    enumerable: true,
    configurable: true,
  })
})

// ── moving ──

test('a moved buffer arrives with its bytes and leaves the sender’s empty', async () => {
  for (const [way, send] of [['clone', byClone] as const, ['pipe', byPipe] as const]) {
    const pixels = Uint8Array.of(1, 2, 3)
    const copy = (await send([move(pixels)])) as [Uint8Array]
    assert.deepEqual([...copy[0]], [1, 2, 3], way)
    assert.equal(pixels.byteLength, 0, way)
    assert.ok(pixels.buffer.detached, way)
  }
})

test('a moved Buffer arrives as a Buffer', () => {
  const whole = Buffer.from(Uint8Array.of(7, 8).buffer)
  const [copy] = byClone([move(whole)]) as [Buffer]
  assert.ok(Buffer.isBuffer(copy))
  assert.deepEqual([...copy], [7, 8])
  assert.equal(whole.length, 0)
})

test('two moved views on one buffer move it once', () => {
  const memory = new ArrayBuffer(8)
  const views = [move(new Uint8Array(memory)), move(new Uint16Array(memory)), move(memory)]
  assert.deepEqual(encode(views, 'args', toThread).transfer, [memory])
})

test('a mark counts for one message', () => {
  const bytes = new Uint8Array(4)
  move(bytes)
  assert.equal(encode([bytes], 'args', toThread).transfer.length, 1)
  assert.equal(encode([bytes], 'args', toThread).transfer.length, 0)
})

test('what moves does not count against maxPayloadBytes', () => {
  const large = new Uint8Array(10_000)
  assert.equal(encode(move(large), 'args', { ...toThread, maxPayloadBytes: 100 }).transfer.length, 1)
})

test('the memory of a WebAssembly instance, moved where it is copied, stays with its owner', async () => {
  // The types of WebAssembly come with those of browsers, which this project does without.
  const { Memory } = (globalThis as any).WebAssembly
  const memory: { buffer: ArrayBuffer } = new Memory({ initial: 1 })
  const copy = (await byPipe([move(memory.buffer)])) as [ArrayBuffer]
  assert.deepEqual([copy[0].byteLength, memory.buffer.byteLength], [65_536, 65_536])
})

test('a moved MessagePort arrives, and works', async () => {
  const { port1, port2 } = new MessageChannel()
  const copy = byClone({ port: move(port1) }) as { port: MessagePort }
  assert.ok(copy.port instanceof MessagePort)
  const heard = new Promise(resolve => copy.port.once('message', resolve))
  port2.postMessage('through')
  assert.equal(await heard, 'through')
  port2.close()
})
