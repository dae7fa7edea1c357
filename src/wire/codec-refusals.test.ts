/** What can't cross is refused before anything is sent, with a path that leads to it. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { runInNewContext } from 'node:vm'
import { MessageChannel } from 'node:worker_threads'
import fc from 'fast-check'
import * as namespace from '../errors.ts'
import { PayloadTooLargeError, SerializationError } from '../errors.ts'
import { move } from '../task/transfer.ts'
import { type Crossing, encode } from './codec.ts'

const toThread: Crossing = { sharedMemory: true, maxPayloadBytes: 2 ** 28 }
const toProcess: Crossing = { sharedMemory: false, maxPayloadBytes: 2 ** 28 }

function refusal(value: unknown, crossing: Crossing = toThread): SerializationError {
  try {
    encode(value, 'args', crossing)
  } catch (error) {
    if (error instanceof SerializationError) return error
    throw error
  }
  assert.fail('It was not refused.')
}

test('a function is refused with its path, whatever its name does', () => {
  const { proxy, revoke } = Proxy.revocable(() => 1, {})
  revoke()
  const nameless = Object.defineProperty(() => 1, 'name', { value: Symbol('name') })
  for (const crossing of [toThread, toProcess])
    for (const fn of [proxy, nameless]) {
      const { path, message, code } = refusal([1, { then: [fn] }], crossing)
      assert.deepEqual([path, code], ['args[1].then[0]', 'ATONCE_SERIALIZATION'])
      assert.match(message, /^args\[1\]\.then\[0\] is a function\. Pass data/)
    }
})

class Point {
  x = 1
}

function detached<V extends ArrayBufferView<ArrayBuffer>>(view: V): V {
  view.buffer.transfer()
  return view
}

function args(..._: unknown[]): IArguments {
  // biome-ignore lint/complexity/noArguments: that is what it is about
  return arguments
}

const { port1, port2 } = new MessageChannel()
port1.close()

/** Each kind: what it is called in the message. */
const uncopyable: readonly (readonly [unknown, RegExp])[] = [
  [function named() {}, /is a function \(named\)\. Pass data/],
  [() => {}, /is a function\. /],
  [class Shape {}, /is a function \(Shape\)/],
  [Symbol('id'), /is a symbol \(Symbol\(id\)\)/],
  [
    new Point(),
    /is an instance of Point\. .*shareable\(import\.meta, Point\); or .*\{ \.\.\.point \}, and make the Point in the task/,
  ],
  [Object.create({ inherited: 1 }), /is an instance of /],
  [
    Object.create(Object.create(null)),
    /is an instance of a class without a name\. A copy would lose its class\. Pass a plain object: \{ \.\.\.it \}\.$/,
  ],
  [new (class Registry extends Map {})(), /is an instance of Registry/],
  [new (class Tags extends Set {})(), /is an instance of Tags/],
  [new (class Rows extends Array {})(), /is an instance of Rows/],
  [Object.setPrototypeOf([], null), /is an instance of /],
  [
    new (class Pixels extends Uint8Array {})(4),
    /is an instance of Pixels\. .*shareable\(import\.meta, Pixels, \{ pack, unpack \}\)/,
  ],
  [new (class Moment extends Date {})(), /is an instance of Moment/],
  [new (class Pattern extends RegExp {})('x'), /is an instance of Pattern/],
  [new (class Name extends String {})('x'), /is an instance of Name/],
  [Object(Symbol('boxed')), /is an instance of Symbol/],
  [Object.setPrototypeOf(new Map(), { __proto__: null, constructor: Map }), /is an instance of Map/],
  [new WeakMap(), /is an instance of WeakMap\. .*pass a Map/],
  [new WeakSet(), /is an instance of WeakSet/],
  [new WeakRef({}), /is an instance of WeakRef/],
  [Promise.resolve(1), /is an instance of Promise\. Await it first/],
  [(function* () {})(), /is an instance of Generator\. Collect it first: \[\.\.\.generator\]/],
  [(async function* () {})(), /is an instance of AsyncGenerator\. .*Array\.fromAsync/],
  [[].values(), /is an instance of Iterator\. Collect it first/],
  [Readable.from(['x']), /is an instance of Readable\. Read it first/],
  [setTimeout(() => {}).unref(), /is an instance of Timeout\. Start it in the task/],
  [readdirSync(import.meta.dirname, { withFileTypes: true })[0], /is an instance of Dirent\. Pass its name/],
  [new URL('http://localhost'), /is an instance of URL\. Pass url\.href/],
  [new AbortController().signal, /is an instance of AbortSignal\. Use executor\.with/],
  [new Proxy({ plain: 1 }, {}), /is an instance of Proxy/],
  [new Proxy([1], {}), /is an instance of Proxy/],
  [new Proxy(new Map(), {}), /is an instance of Proxy/],
  [Proxy.revocable({}, {}).proxy, /is an instance of Proxy/],
  [detached(new Uint8Array(8)), /was moved already: its buffer is empty/],
  [detached(Buffer.from(new ArrayBuffer(8))), /was moved already/],
  [detached(new Uint8Array(8)).buffer, /was moved already/],
  [port2, /is a MessagePort, which can only be moved\. Wrap it: move\(it\)/],
  [new ReadableStream(), /is a ReadableStream, which can only be moved\. Wrap it: move\(it\)/],
  [namespace, /is the namespace of a module\. Pass a plain object: \{ \.\.\.it \}/],
  [args(1), /is a function's arguments object\. Pass an array: \[\.\.\.arguments\]/],
  [new Intl.NumberFormat(), /is an instance of NumberFormat\. It belongs to the platform/],
  [
    new (class Secret {
      #x = 1
      x() {
        return this.#x
      }
    })(),
    /shareable\(import\.meta, Secret, \{ pack, unpack \}\)/,
  ],
  [
    new (class Blob {
      size = 1
    })(),
    /is an instance of Blob\. A copy would lose its class/,
  ],
  [runInNewContext('new (class Foreign { x = 1 })()'), /is an instance of Foreign/],
  [runInNewContext('() => 1'), /is a function/],
]

test('every kind that can’t be copied is refused by its name, with the cure', () => {
  for (const [value, message] of uncopyable) {
    const error = refusal(value)
    assert.match(error.message, message)
    assert.equal(error.path, 'args')
    assert.equal(error.code, 'ATONCE_SERIALIZATION')
    assert.ok(error.message.startsWith('args '))
  }
})

test('a WebAssembly.Memory crosses to threads if it is shared, and is refused by its path if not', () => {
  const { Memory } = (globalThis as unknown as { WebAssembly: { Memory: new (of: object) => object } })
    .WebAssembly
  assert.doesNotThrow(() => encode([new Memory({ initial: 1, maximum: 1, shared: true })], 'args', toThread))
  const { path, message } = refusal([{ of: new Memory({ initial: 1 }) }])
  assert.equal(path, 'args[0].of')
  assert.match(message, /is not shared\. Pass memory\.buffer\.slice\(\), or make/)
})

const anyKey = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('__proto__', 'class', 'a-b', '[0]', 'get("x")', '', 'ключ', 'quote"s', '\u0000atonce'),
)
/** Containers that an expression can lead into, from the outside in. */
const way = fc.array(fc.tuple(fc.constantFrom('array', 'holes', 'record', 'map'), anyKey, fc.nat(3)), {
  maxLength: 20,
})

test('the path is an expression that leads to what is refused', () => {
  fc.assert(
    fc.property(way, fc.constantFrom(...uncopyable), (steps, [culprit, message]) => {
      const args = steps.reduceRight<unknown>(wrap, culprit)
      const error = refusal([args])
      assert.match(error.message, message)
      assert.equal(new Function('args', `return ${error.path}`)([args]), culprit, error.path)
    }),
    { numRuns: 300 },
  )
})

function wrap(part: unknown, [kind, key, before]: [string, string, number]): unknown {
  const others = Array.from({ length: before }, (_, at) => ({ at, harmless: [new Date(at)] }))
  if (kind === 'map') return new Map<unknown, unknown>([...others.entries(), [key, part]])
  if (kind === 'record') return Object.fromEntries<unknown>([...others.entries(), [key, part]])
  const array: unknown[] = kind === 'array' ? [...others] : new Array(before)
  array.push(part, 'after')
  return array
}

test('what is put on an array by name is looked at as its items are: refused by its path, and counted', () => {
  for (const length of [0, 1, 96, 97, 5_000]) {
    const list = () => Array.from({ length }, (_, at) => at) as unknown[]
    assert.equal(refusal([Object.assign(list(), { user: new Point() })]).path, 'args[0].user')
    assert.equal(refusal([Object.assign(list(), { '-1': () => {} })]).path, 'args[0]["-1"]')
    const small: Crossing = { sharedMemory: true, maxPayloadBytes: 1_000 }
    const large = Object.assign(list(), { big: new Uint8Array(100_000) })
    assert.throws(() => encode(large, 'args', small), PayloadTooLargeError)
    const throwing = Object.defineProperty(list(), 'now', {
      enumerable: true,
      get() {
        throw new RangeError('no clock')
      },
    })
    assert.equal((refusal([throwing]).cause as Error).message, 'no clock')
  }
})

test('a path through keys and items that no expression leads to says so in words', () => {
  const fn = () => {}
  assert.equal(refusal(new Map([[fn, 1]])).path, 'args.keys()')
  assert.equal(refusal(new Map([[1, [fn]]])).path, 'args.values()[0]')
  assert.equal(refusal({ tags: new Set([fn]) }).path, 'args.tags.values()')
  assert.equal(refusal([{ [Symbol('hidden')]: 1 }]).path, 'args[0][Symbol(hidden)]')
  assert.match(refusal([{ [Symbol('hidden')]: 1 }]).message, /is named by a symbol, which is not copied/)
})

test('a getter that throws is named by its path, with what it threw as the cause', () => {
  const thrown = new Error('not now')
  const get = () => {
    throw thrown
  }
  for (const holder of [{ a: 1, lazy: 0 }, [0, 0]]) {
    const key = Array.isArray(holder) ? 1 : 'lazy'
    const error = refusal([Object.defineProperty(holder, key, { get, enumerable: true })])
    assert.equal(error.path, Array.isArray(holder) ? 'args[0][1]' : 'args[0].lazy')
    assert.equal(error.cause, thrown)
  }
})

test('a value nested 200,000 levels deep is refused, whatever it is nested in', () => {
  for (const nest of [
    (inner: unknown) => ({ inner }),
    (inner: unknown) => [inner],
    (inner: unknown) => new Map([['inner', inner]]),
    (inner: unknown) => new Set([inner]),
  ]) {
    let value: unknown = 1
    for (let depth = 0; depth < 200_000; depth += 1) value = nest(value)
    const error = refusal(value)
    assert.match(error.message, /is nested more than 1000 levels deep\. Flatten it/)
    assert.ok(error.path.length < 300, error.path)
    assert.match(error.path, /^args.*….*$/)
  }
})

test('a long chain of links is refused, though each link stands near the surface of the value', () => {
  const links = Array.from({ length: 20_000 }, () => ({}) as { next?: object })
  links.forEach((link, at) => {
    const next = links[at + 1]
    if (next !== undefined) link.next = next
  })
  assert.match(refusal(links).message, /nested more than 1000 levels deep/)
  assert.match(refusal(new Map([['links', links]])).path, /^args\.get\("links"\)\[0\]\.next\.next/)
  // The platform would come to each link from the one before it: there is no depth in that.
  encode([...links].reverse(), 'args', toThread)
})

test('another process gets no shared memory, and is told where it was', () => {
  const memory = new SharedArrayBuffer(8)
  for (const value of [memory, new Int32Array(memory), Buffer.from(memory), new DataView(memory)]) {
    const error = refusal({ deep: [value] }, toProcess)
    assert.equal(error.path, 'args.deep[0]')
    assert.match(error.message, /another process shares no memory with this one\..*threads\(\)/)
  }
  // The types of WebAssembly come with those of browsers, which this project does without.
  const { Memory, Module } = (globalThis as any).WebAssembly
  const wasm = new Memory({ initial: 1, maximum: 1, shared: true })
  const module = new Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))
  for (const value of [wasm, module]) {
    assert.match(refusal([value], toProcess).message, /is a WebAssembly\./)
    encode([value], 'args', toThread)
  }
  const { port1: port } = new MessageChannel()
  assert.match(refusal(move(port), toProcess).message, /is a MessagePort, which goes to no other process/)
  port.close()
})

test('a buffer that was detached after it was marked is refused', () => {
  const bytes = move(new Uint8Array(8))
  bytes.buffer.transfer()
  assert.match(refusal([bytes]).message, /args\[0\] was moved already/)
})

test('a payload is refused as soon as it passes the limit, with what it has and what it may have', () => {
  const small: Crossing = { sharedMemory: true, maxPayloadBytes: 2_000 }
  for (const value of [
    'x'.repeat(2_001),
    ['x'.repeat(1_100), { second: 'x'.repeat(1_100) }],
    new Uint8Array(2_001),
    Buffer.alloc(2_001),
    new ArrayBuffer(2_001),
    new Map([['x'.repeat(1_100), 'x'.repeat(1_100)]]),
    Array.from({ length: 3 }, () => new Float64Array(100)),
  ]) {
    assert.throws(
      () => encode(value, 'args', small),
      (error: unknown) =>
        error instanceof PayloadTooLargeError &&
        error.payloadBytes > 2_000 &&
        error.limitBytes === 2_000 &&
        error.message.includes('raise maxPayloadBytes'),
    )
  }
  encode('x'.repeat(2_000), 'args', small)
  encode(new Uint8Array(2_000), 'args', small)
})

test('what was put on a Date, a Map, a Set or a RegExp is refused: the platform would drop it', () => {
  const values = [new Date(0), new Map(), new Set(), /x/].map(value => Object.assign(value, { note: 1 }))
  for (const value of values) {
    const { path, message } = refusal([value])
    assert.equal(path, 'args[0].note')
    assert.match(message, /was put on a (Date|Map|Set|RegExp), and would not be copied/)
  }
})

test('what was to be moved in a refused value is still to be moved in the next', () => {
  const bytes = move(Uint8Array.of(1, 2))
  refusal([bytes, () => {}])
  assert.deepEqual(encode([bytes], 'args', toThread).transfer, [bytes.buffer])
})

test('a name that reads as a number is looked at like any other, on a list with holes too', () => {
  for (const name of ['', ' ', '01', '1.0', '0x1', '1e0', '+1', '-0'])
    for (const list of [[1, 2], Object.assign(new Array(3), { 0: 1, 2: 3 })]) {
      const { path } = refusal(Object.assign(list, { [name]: () => {} }))
      assert.equal(path, `args[${JSON.stringify(name)}]`)
    }
})

test('a property of a list that is named by a symbol is refused, as one of a record is', () => {
  for (const value of [Object.assign([1, 2], { [Symbol('tag')]: 1 }), { [Symbol('tag')]: 1 }]) {
    const error = refusal([value])
    assert.equal(error.path, 'args[0][Symbol(tag)]')
    assert.match(error.message, /is named by a symbol, which is not copied/)
  }
  const hidden = Object.defineProperty([1, 2], Symbol('own'), { value: 1, enumerable: false })
  assert.deepEqual(encode(hidden, 'args', toThread).value, [1, 2])
})
