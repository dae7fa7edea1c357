/** Instances of shareable classes, through the codec. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MessageChannel, MessagePort } from 'node:worker_threads'
import { type PackCrossing, shareable } from '../declared/shareable.ts'
import { PayloadTooLargeError, SerializationError } from '../errors.ts'
import { move } from '../task/transfer.ts'
import { type Crossing, decode, encode } from './codec.ts'
import { tag } from './stand-in.ts'

const toThread: Crossing = { sharedMemory: true, maxPayloadBytes: 2 ** 20 }
const toProcess: Crossing = { sharedMemory: false, maxPayloadBytes: 2 ** 20 }

function across<T>(value: T, crossing = toThread): T {
  const encoded = encode(value, 'args', crossing)
  const copy = structuredClone(encoded.value, { transfer: [...encoded.transfer] as ArrayBuffer[] })
  return decode(copy, encoded.special, 'args') as T
}

function refusal(value: unknown, crossing = toThread): SerializationError {
  try {
    encode(value, 'args', crossing)
  } catch (error) {
    if (error instanceof SerializationError) return error
    throw error
  }
  return assert.fail('It was not refused.')
}

class Point {
  x = 1
  set setter(_: unknown) {
    throw new Error('A setter of the class ran.')
  }
}
shareable(import.meta, Point)

/** Whatever a test wants of its hooks. */
class Free {
  readonly pack: (crossing: PackCrossing) => unknown
  data: unknown

  constructor(pack: (crossing: PackCrossing) => unknown) {
    this.pack = pack
  }
}
shareable(import.meta, Free, {
  pack: (free, crossing) => free.pack(crossing),
  unpack: data => Object.assign(new Free(() => data), { data }),
})

test('own properties are data: no setter of the class runs, and __proto__ is a name like others', () => {
  const point = new Point()
  for (const name of ['setter', '__proto__', 'constructor'])
    Object.defineProperty(point, name, { value: { of: name }, enumerable: true })
  const back = across(point)
  assert.equal(Object.getPrototypeOf(back), Point.prototype)
  assert.deepEqual(Object.entries(back), Object.entries(point))
})

test('a subclass is not shareable by its superclass', () => {
  class Point3 extends Point {}
  assert.match(
    refusal({ at: new Point3() }).message,
    /args\.at is an instance of Point3\. Its superclass Point is shareable; declare the subclass too/,
  )
})

test('what an instance can’t bring along is refused by its path', () => {
  const refused: readonly (readonly [object, string, RegExp])[] = [
    [Object.assign(new Point(), { on() {} }), 'args[0].on', /is a function/],
    [Object.assign(new Point(), { [Symbol('s')]: 1 }), 'args[0][Symbol(s)]', /is named by a symbol/],
    [
      Object.defineProperty(new Point(), 'hidden', { value: 1 }),
      'args[0].hidden',
      /is not enumerable, and would not be copied/,
    ],
    [
      Object.assign(new Point(), { [tag]: 1 }),
      `args[0][${JSON.stringify(tag)}]`,
      /is kept for atonce itself/,
    ],
    [
      Object.defineProperty(new Point(), 'of', { get: () => assert.fail('It was read.'), enumerable: true }),
      'args[0].of',
      /is a getter that throws/,
    ],
    [new Free(() => ({ deep: [() => {}] })), 'args[0], packed.deep[0]', /is a function/],
    [new Free(() => Promise.resolve()), 'args[0], packed', /Await it first/],
    [new Proxy(new Point(), {}), 'args[0]', /Proxy/],
  ]
  for (const [value, path, message] of refused) {
    const error = refusal([value])
    assert.equal(error.path, path)
    assert.match(error.message, message)
  }
})

test('a pack that throws refuses the value by its path, whatever it throws', () => {
  const hostile = {
    get message(): string {
      throw new Error('again')
    },
    toString(): string {
      throw new Error('and again')
    },
  }
  for (const thrown of [new Error('not today'), null, hostile, Object.create(null)]) {
    const error = refusal([
      new Free(() => {
        throw thrown
      }),
    ])
    assert.equal(error.path, 'args[0]')
    assert.match(error.message, /an instance of Free that can't be sent: /)
    assert.equal(error.cause, thrown)
  }
})

test('an instance is packed once for each message, and is one on the other side, however often it is met', () => {
  let packed = 0
  const free = new Free(() => ++packed)
  const [one, map] = across([free, new Map([[free, [free]]])] as const)
  assert.equal(packed, 1)
  assert.ok(one instanceof Free)
  assert.equal(map.get(one)?.[0], one)
})

test('packed data may hold instances; data that leads back to its own instance is refused', () => {
  const inner = new Free(() => new Point())
  const outer = across(new Free(() => ({ inner })))
  assert.ok((outer.data as { inner: Free }).inner.data instanceof Point)
  const holder: { free?: Free } = {}
  holder.free = new Free(() => ({ holder }))
  // From the holder there is a way: the instance is made of a holder that is not filled yet.
  const back = across(holder)
  assert.equal((back.free as Free & { data: { holder: unknown } }).data.holder, back)
  assert.match(refusal([holder.free]).message, /^args\[0\] was packed into data that leads back to itself/)
  const self: Free = new Free(() => self)
  assert.match(refusal(self).message, /leads back to itself/)
})

test('what pack makes counts for the size of the message', () => {
  assert.throws(() => encode(new Free(() => new Uint8Array(2 ** 21)), 'args', toThread), PayloadTooLargeError)
})

test('pack may hand over buffers and ports, by transfer() or by move(), and is told what is shared', () => {
  const buffers = [new ArrayBuffer(8), new ArrayBuffer(16)] as const
  const [handed, moved] = across([
    new Free(crossing => {
      crossing.transfer(buffers[0])
      return new Uint8Array(buffers[0])
    }),
    new Free(({ sharedMemory }) => [sharedMemory, move(buffers[1])]),
  ]) as [Free, Free]
  assert.equal((handed.data as Uint8Array).length, 8)
  assert.deepEqual(moved.data, [true, new ArrayBuffer(16)])
  const { port1, port2 } = new MessageChannel()
  const port = across(
    new Free(crossing => {
      crossing.transfer(port2)
      return port2
    }),
  ).data
  assert.ok(port instanceof MessagePort)
  assert.deepEqual(
    buffers.map(buffer => buffer.detached),
    [true, true],
  )
  port1.close()
})

test('shared memory inside of an instance is refused where there is none', () => {
  const shared = new Free(() => new SharedArrayBuffer(8))
  assert.ok(across(shared).data instanceof SharedArrayBuffer)
  assert.match(refusal(shared, toProcess).message, /shares no memory/)
})

test('a part that two values share and that can’t be made fails in both, and others arrive', async () => {
  const { decodeParts } = await import('./codec.ts')
  class Fragile {
    at = 1
    static {
      shareable(import.meta, Fragile, {
        pack: () => 1,
        unpack(): Fragile {
          throw new RangeError('broken')
        },
      })
    }
  }
  const fragile = { deep: [new Fragile()] }
  const { value } = encode([fragile, new Point(), [fragile]], 'args', toThread)
  const part = decodeParts(structuredClone(value) as unknown[], 'args', undefined)
  assert.throws(() => part(0), /unpack\(\) threw/)
  assert.ok(part(1) instanceof Point)
  assert.throws(() => part(2), /unpack\(\) threw/)
})

test('a forged message makes no instance by another way than the class allows', () => {
  const { value } = encode([new Free(() => 1), new Point()], 'result', toThread)
  const [free, point] = structuredClone(value) as [{ of: unknown }, Record<string, unknown>]
  for (const forged of [
    { [tag]: free.of, data: 'without unpack' },
    { [tag]: 'Packed', of: point[tag], data: 1 },
    { [tag]: 'Packed', of: undefined },
    { [tag]: { module: 5, name: {}, position: '0' } },
    { [tag]: null },
    { [tag]: 7 },
    { [tag]: 'Nothing' },
  ])
    assert.throws(() => decode(forged, true), Error, JSON.stringify(forged))
  assert.equal(({} as { polluted?: unknown }).polluted, undefined)
})
