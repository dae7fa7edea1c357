/** A value that is hard to copy crosses, as an argument, as a result, or thrown. */
import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { runInNewContext } from 'node:vm'
import { markAsUntransferable } from 'node:worker_threads'
import { byModel, type Expectation, either, refuses, rejects, resolves, throws } from '../expect.ts'
import type { Row } from '../row.ts'
import { deepObject } from '../tasks/faults.ts'

/** Sent and brought back, it is the same. */
function crosses(
  name: string,
  fault: string,
  value: () => unknown,
  options: { short?: boolean; holds?: (got: any) => boolean; limitMs?: number } = {},
): Row {
  return {
    name: `cross-${name}`,
    fault,
    short: options.short ?? false,
    ...(options.limitMs === undefined ? {} : { limitMs: options.limitMs }),
    running: pool => pool.run('echo', value()),
    // Compared with a value made anew when the result is there: some are large.
    expect: { running: resolves('the same', options.holds ?? (got => isDeepStrictEqual(got, value()))) },
  }
}

/** Can't be copied, and must not arrive as something else. */
function cannotBeSent(name: string, fault: string, value: () => unknown, path?: string, short = false): Row {
  return {
    name: `send-${name}`,
    fault: `${fault} is an argument`,
    short,
    running: pool => pool.run('echo', value()),
    expect: { running: refuses(value(), path) },
  }
}

function cannotBeGiven(name: string, fault: string, kind: string, path: string, short = false): Row {
  return {
    name: `give-${name}`,
    fault: `${fault} is the result`,
    short,
    running: pool => pool.run('give', kind),
    expect: { running: rejects('SERIALIZATION', { path }) },
  }
}

function thrownValue(kind: string, value: unknown, short = false): Row {
  return {
    name: `throw-${kind}`,
    fault: `the task throws ${kind === 'string' ? 'a string' : kind}`,
    short,
    running: pool => pool.run('fail', kind),
    expect: { running: rejects('THROWN_VALUE', value === anything ? {} : { value }) },
  }
}

function thrownError(name: string, kind: string, fault: string, expected: Expectation, short = false): Row {
  return {
    name: `throw-${name}`,
    fault: `the task throws ${fault}`,
    short,
    running: pool => pool.run('fail', kind),
    expect: { running: expected },
  }
}

const anything = Symbol('anything')

class Point {
  #hidden = 1
  x = 2
  sum(): number {
    return this.#hidden + this.x
  }
}

class Stack extends Array<number> {}

const cyclic = () => {
  const loop: Record<string, unknown> = { name: 'loop' }
  loop['self'] = loop
  loop['list'] = [loop, new Map([['loop', loop]])]
  return loop
}

const same = () => {
  const shared = { n: 1 }
  return { first: shared, second: shared, set: new Set([shared]) }
}

let large: Uint8Array | undefined
function largeBytes(): Uint8Array {
  large ??= new Uint8Array(randomBytes(4 * 2 ** 20))
  return large
}

const arrives: Row[] = [
  crosses(
    'undefined',
    'undefined as a value, in an object and in a list',
    () => ({ nothing: undefined, list: [undefined, null, 1] }),
    { short: true },
  ),
  crosses(
    'numbers',
    'NaN, -0 and the infinities',
    () => [Number.NaN, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.MIN_VALUE],
    { short: true },
  ),
  crosses('bigint', 'a BigInt of 200 digits', () => ({ big: 10n ** 200n, negative: -1n }), { short: true }),
  crosses('date', 'a Date, and one that is invalid', () => [new Date(0), new Date(Number.NaN)], {
    short: true,
  }),
  crosses(
    'map-and-set',
    'Maps and Sets inside of each other',
    () => new Map<unknown, unknown>([[{ key: 1 }, new Set([new Map([[Number.NaN, 'nan']])])]]),
    { short: true },
  ),
  crosses(
    'typed-arrays',
    'typed arrays of all kinds, and a view on the middle of a buffer',
    () => [
      new Uint8Array([1, 2]),
      new Int8Array([-1]),
      new Uint8ClampedArray([300]),
      new Int16Array([-2]),
      new Uint16Array([3]),
      new Int32Array([4]),
      new Uint32Array([5]),
      new Float32Array([1.5]),
      new Float64Array([Number.NaN]),
      new BigInt64Array([-7n]),
      new BigUint64Array([7n]),
      new Uint8Array([0, 1, 2, 3]).subarray(1, 3),
      new DataView(new ArrayBuffer(3), 1),
    ],
    { short: true },
  ),
  crosses('array-buffer', 'an ArrayBuffer', () => new Uint8Array([1, 2, 3]).buffer),
  crosses(
    'buffer',
    'Buffers, large and small',
    () => ({ small: Buffer.from('small'), large: Buffer.alloc(100_000, 7) }),
    {
      short: true,
      holds: got =>
        Buffer.isBuffer(got.small) &&
        isDeepStrictEqual(got, { small: Buffer.from('small'), large: Buffer.alloc(100_000, 7) }),
    },
  ),
  crosses('regexp', 'a regular expression with flags', () => /a(?<b>c)/giu),
  crosses('cycle', 'an object that holds itself, in a list and a Map too', cyclic, { short: true }),
  crosses('shared-reference', 'one object in three places', same, {
    short: true,
    holds: got => got.first === got.second && got.set.has(got.first) && got.first.n === 1,
  }),
  crosses('sparse-array', 'a list with holes', () => Object.assign(new Array(3), { 0: 1, 2: 3 }), {
    holds: got => got.length === 3 && !(1 in got) && got[2] === 3,
  }),
  crosses('array-with-properties', 'a list that has a property', () => Object.assign([1, 2], { total: 3 })),
  crosses('boxed', 'boxed primitives', () => [Object(1), Object('text'), Object(true), Object(5n)]),
  crosses(
    'proto-key',
    'an own property called __proto__',
    () => JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'),
    {
      short: true,
      holds: got =>
        Object.getOwnPropertyDescriptor(got, '__proto__')?.value.polluted === 1 &&
        ({} as { polluted?: number }).polluted === undefined,
    },
  ),
  crosses(
    'null-prototype',
    'an object without a prototype',
    () => Object.assign(Object.create(null), { a: 1 }),
    { holds: got => got.a === 1 && Object.keys(got).length === 1 },
  ),
  crosses('reserved-keys', "objects with the library's likely own keys", () => ({
    kind: 'done',
    id: 1,
    special: true,
    $: { type: 'Buffer' },
    '@@atonce': 1,
    __workerEvent__: 1,
    value: undefined,
  })),
  crosses(
    'odd-strings',
    'strings with lone surrogates, NUL, and characters beyond the basic plane',
    () => ['\ud800', '\0', '😀', 'é', '\u2028', ''],
    { short: true },
  ),
  crosses(
    'error',
    'an Error as a value, with cause and code',
    () => Object.assign(new RangeError('sent', { cause: new TypeError('cause') }), { code: 'E_SENT' }),
    {
      holds: got =>
        got instanceof RangeError &&
        got.message === 'sent' &&
        (got as unknown as { code: string }).code === 'E_SENT' &&
        got.cause instanceof TypeError,
    },
  ),
  crosses('nested-1000', 'a thousand lists inside of each other', () => nested(900)),
  crosses(
    'foreign-realm',
    'plain data made in another realm (node:vm)',
    () => runInNewContext('({ list: [1, null], date: new Date(0), map: new Map([[1, new Set([2])]]) })'),
    {
      holds: got =>
        isDeepStrictEqual(structuredClone(got), {
          list: [1, null],
          date: new Date(0),
          map: new Map([[1, new Set([2])]]),
        }),
    },
  ),
  crosses('resizable-buffer', 'a resizable buffer and a view that tracks its length', resizable, {
    holds: got => {
      got.buffer.resize(16)
      return got.view.length === 16
    },
  }),
  crosses(
    'huge-hole',
    'a list of 4 billion places, one of them taken',
    () => Object.assign([], { 5: 1, length: 4_000_000_000 }),
    { holds: got => got.length === 4_000_000_000 && got[5] === 1 },
  ),
  crosses('wide', 'an object of 50,000 properties', () =>
    Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`key${n}`, n])),
  ),
  crosses('4-mebibytes', '4 MiB of random bytes', largeBytes, { limitMs: 20_000 }),
  crosses('large-string', 'a string of 8 million characters', () => 'añ😀x'.repeat(2_000_000), {
    limitMs: 20_000,
  }),
  {
    name: 'give-error',
    fault: 'an Error is returned, not thrown',
    running: pool => pool.run('give', 'error'),
    expect: {
      running: resolves(
        'the error',
        got =>
          got.error instanceof RangeError &&
          got.error.message === 'returned, not thrown' &&
          got.error.code === 'E_RANGE',
      ),
    },
  },
]

function resizable(): { buffer: ArrayBuffer; view: Uint8Array } {
  const buffer = new ArrayBuffer(8, { maxByteLength: 16 })
  return { buffer, view: new Uint8Array(buffer) }
}

function nested(depth: number): unknown[] {
  let list: unknown[] = []
  for (let n = 0; n < depth; n += 1) list = [list]
  return list
}

const refused: Row[] = [
  cannotBeSent('date-with-property', 'a Date that has a property', () =>
    Object.assign(new Date(0), { zone: 1 }),
  ),
  cannotBeSent('map-with-property', 'a Map that has a property', () =>
    Object.assign(new Map([[1, 2]]), { owner: 'Ann' }),
  ),
  cannotBeSent('arguments', 'an arguments object', () => argumentsOf(1, 2)),
  {
    name: 'send-fickle-getter',
    fault: 'an object with a getter that gives a number first and a function then is an argument',
    policy: true,
    running: pool => pool.run('echo', fickle()),
    expect: { running: rejects('SERIALIZATION') },
  },
  cannotBeSent('function', 'a function', () => echo, 'args[0]', true),
  cannotBeSent(
    'nested-function',
    'an object with a function deep inside',
    () => ({ list: [1, { callback: echo }] }),
    'args[0].list[1].callback',
    true,
  ),
  cannotBeSent('symbol', 'a symbol', () => Symbol.iterator, 'args[0]', true),
  cannotBeSent('weak-map', 'a WeakMap', () => new WeakMap(), 'args[0]', true),
  cannotBeSent('weak-ref', 'a WeakRef', () => ({ ref: new WeakRef({}) }), 'args[0].ref'),
  cannotBeSent('promise', 'a promise', () => ({ later: Promise.resolve(1) }), 'args[0].later', true),
  cannotBeSent('generator', 'a generator', () => numbers(), 'args[0]'),
  cannotBeSent(
    'class-instance',
    'an instance of a class with private fields',
    () => ({ point: new Point() }),
    'args[0].point',
    true,
  ),
  cannotBeSent(
    'array-subclass',
    'an instance of a class that extends Array',
    () => Stack.from([1, 2]),
    'args[0]',
  ),
  cannotBeSent('map-key', 'a Map with a function for a key', () => new Map([[echo, 1]]), 'args[0].keys()'),
  cannotBeSent(
    'symbol-key',
    'an object with a property named by a symbol',
    () => ({ [Symbol.for('hidden')]: 1, seen: 2 }),
    'args[0][Symbol(hidden)]',
  ),
  cannotBeSent('url', 'a URL', () => new URL('https://example.org/'), 'args[0]'),
  cannotBeSent(
    'abort-signal',
    'an AbortSignal',
    () => ({ signal: new AbortController().signal }),
    'args[0].signal',
  ),
  cannotBeSent(
    'proxy',
    'a proxy that throws',
    () => ({ proxy: new Proxy({}, { ownKeys: throwing, get: throwing }) }),
    'args[0].proxy',
  ),
  cannotBeSent('getter', 'an object with a getter that throws', getter, 'args[0].secret', true),
  {
    name: 'send-deep',
    fault: '200,000 objects inside of each other are an argument',
    short: true,
    policy: true,
    running: pool => pool.run('echo', deepObject()).then(() => 'it crossed'),
    expect: { running: rejects('SERIALIZATION') },
  },
  {
    name: 'send-shared-memory',
    fault: 'a SharedArrayBuffer is an argument',
    short: true,
    running: async pool => {
      const got = (await pool.run('echo', new SharedArrayBuffer(8))) as SharedArrayBuffer
      return got instanceof SharedArrayBuffer && got.byteLength === 8
    },
    // Processes share no memory; what arrives there could only be a copy.
    expect: { running: byModel(resolves(true), rejects('SERIALIZATION', { path: 'args[0]' })) },
  },
  cannotBeGiven('function', 'a function', 'function', 'result', true),
  cannotBeGiven(
    'nested-function',
    'an object with a function deep inside',
    'nestedFunction',
    'result.list[1].callback',
    true,
  ),
  cannotBeGiven('symbol', 'a symbol', 'symbol', 'result'),
  cannotBeGiven('class-instance', 'an instance of a class', 'instance', 'result.money', true),
  cannotBeGiven('promise', 'an object with a promise in it', 'promise', 'result.later'),
  cannotBeGiven('weak-map', 'a WeakMap', 'weakMap', 'result'),
  cannotBeGiven('generator', 'an object with a generator in it', 'generator', 'result.numbers'),
  cannotBeGiven('getter', 'an object with a getter that throws', 'getter', 'result.secret', true),
  {
    name: 'give-deep',
    fault: '200,000 objects inside of each other are the result',
    policy: true,
    running: pool => pool.run('give', 'deep').then(() => 'it crossed'),
    expect: { running: rejects('SERIALIZATION') },
  },
  {
    name: 'give-bad-twenty-times',
    fault: 'a function is the result, twenty times in a row',
    running: async pool => {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 20 }, () => pool.run('give', 'function')),
      )
      return outcomes.filter(({ status }) => status === 'rejected').length
    },
    expect: { running: resolves(20) },
  },
  {
    name: 'give-thenable-never',
    fault: 'the result is a thenable that never calls back',
    needs: ['timeout'],
    running: pool => pool.run('give', 'neverThenable', { timeoutMs: 700 }),
    expect: { running: rejects('TIMEOUT') },
  },
  {
    name: 'give-thenable-throwing',
    fault: "the result is a thenable whose 'then' throws",
    running: pool => pool.run('give', 'hostileThenable'),
    expect: { running: throws('its error', error => error.message === 'a then that throws') },
  },
]

function echo(value: unknown): unknown {
  return value
}

function* numbers(): Generator<number> {
  yield 1
}

function throwing(): never {
  throw new Error('a getter that throws')
}

function argumentsOf(..._values: unknown[]): IArguments {
  // biome-ignore lint/complexity/noArguments: this object is what the row is about
  return arguments
}

function fickle(): object {
  let reads = 0
  return Object.defineProperty({}, 'value', { enumerable: true, get: () => (reads++ === 0 ? 1 : echo) })
}

function getter(): object {
  return Object.defineProperty({}, 'secret', { enumerable: true, get: throwing })
}

const buffers: Row[] = [
  {
    name: 'move',
    fault: 'a buffer is moved: it arrives whole, and is gone here',
    needs: ['transfer'],
    running: async pool => {
      const buffer = new ArrayBuffer(1_000)
      const size = await pool.run('sizeOf', buffer, { transfer: buffer })
      return { size, left: buffer.byteLength }
    },
    expect: { running: resolves({ size: 1_000, left: 0 }) },
  },
  {
    name: 'move-detached',
    fault: 'a buffer is moved that was moved before',
    short: true,
    needs: ['transfer'],
    policy: true,
    running: pool => {
      const buffer = detached()
      return pool.run('sizeOf', buffer, { transfer: buffer })
    },
    expect: { running: rejects('SERIALIZATION') },
  },
  {
    name: 'send-detached',
    fault: 'a buffer is copied that was moved before',
    policy: true,
    running: pool => pool.run('sizeOf', detached()),
    expect: { running: rejects('SERIALIZATION', { path: 'args[0]' }) },
  },
  {
    name: 'move-untransferable',
    fault: 'a buffer is moved that Node marks as not transferable',
    short: true,
    needs: ['transfer'],
    running: pool => {
      const buffer = new ArrayBuffer(8)
      markAsUntransferable(buffer)
      return pool.run('sizeOf', buffer, { transfer: buffer })
    },
    expect: { running: rejects('SERIALIZATION') },
  },
  {
    name: 'send-too-large',
    fault: 'an argument of 2 MiB, where 1 MiB is allowed',
    short: true,
    needs: ['payload-limit'],
    pool: { maxPayloadBytes: 2 ** 20 },
    running: pool => pool.run('echo', new Uint8Array(2 * 2 ** 20)),
    expect: { running: rejects('PAYLOAD_TOO_LARGE', { limitBytes: 2 ** 20 }) },
  },
  {
    name: 'give-too-large',
    fault: 'a result of 3 MiB, where 1 MiB is allowed',
    short: true,
    needs: ['payload-limit'],
    pool: { maxPayloadBytes: 2 ** 20 },
    running: pool => pool.run('give', 'mebibytes'),
    expect: { running: rejects('PAYLOAD_TOO_LARGE', { limitBytes: 2 ** 20 }) },
  },
  {
    name: 'exit-with-large-argument',
    fault: 'the worker exits while 4 MiB are on their way to it',
    short: true,
    limitMs: 15_000,
    running: pool => pool.run('exit', 3),
    queued: async pool => {
      const exits = pool.run('exitWith', largeBytes())
      const echoed = (await Promise.allSettled([exits, pool.run('echo', largeBytes())]))[1]
      if (echoed?.status !== 'fulfilled') throw echoed?.reason
      return Buffer.compare(echoed.value as Uint8Array, largeBytes()) === 0
    },
    expect: { running: rejects('WORKER_EXITED', { exitCode: 3 }), queued: resolves(true) },
  },
]

function detached(): ArrayBuffer {
  const buffer = new ArrayBuffer(8)
  buffer.transfer()
  return buffer
}

const thrown: Row[] = [
  {
    name: 'throw-too-large',
    fault: 'the task throws an error with a message of 5 MiB, where messages may have 1 MiB',
    pool: { maxPayloadBytes: 2 ** 20 },
    running: pool => pool.run('fail', 'large'),
    expect: {
      running: either(
        rejects('PAYLOAD_TOO_LARGE'),
        throws('the error', error => error instanceof Error && error.message.startsWith('xxx')),
      ),
    },
  },
  thrownError(
    'deep-cause',
    'deepCause',
    'an error with ten thousand causes',
    throws('its message', error => error instanceof Error && error.message === 'around it'),
  ),
  thrownValue('null', null, true),
  thrownValue('undefined', undefined, true),
  thrownValue('string', 'a string', true),
  thrownValue('number', 42),
  thrownValue('symbol', anything, true),
  thrownValue('function', anything),
  thrownValue('object', { reason: 'an object' }),
  thrownError(
    'custom-class',
    'custom',
    'an error of a class of its own, with code, properties and cause',
    throws(
      'all its parts',
      error =>
        error instanceof Error &&
        error.name === 'BankError' &&
        error.message === 'no money' &&
        (error as any).code === 'E_BANK' &&
        isDeepStrictEqual((error as any).account, { owner: 'Ann', balance: 12n }) &&
        error.cause instanceof TypeError &&
        error.cause.message === 'overdrawn',
    ),
    true,
  ),
  thrownError(
    'aggregate',
    'aggregate',
    'an AggregateError',
    throws(
      'both errors',
      error =>
        error instanceof AggregateError &&
        error.errors.length === 2 &&
        error.errors[1] instanceof RangeError &&
        error.errors[1].message === 'second',
    ),
    true,
  ),
  thrownError(
    'abort-error',
    'domException',
    'an AbortError of its own',
    throws(
      'a DOMException',
      error =>
        error instanceof DOMException && error.name === 'AbortError' && error.message === 'stopped by itself',
    ),
  ),
  thrownError(
    'system-error',
    'system',
    'an error of the system',
    throws(
      'code, errno, path',
      error =>
        error instanceof Error &&
        isDeepStrictEqual(
          [(error as any).code, (error as any).syscall, (error as any).path],
          ['ENOENT', 'scandir', '/no/such/directory'],
        ),
    ),
    true,
  ),
  thrownError(
    'hostile-stack',
    'hostileStack',
    'an error whose stack is a getter that throws',
    throws('its message', error => error instanceof Error && error.message === 'hostile stack'),
    true,
  ),
  thrownError(
    'hostile-message',
    'hostileMessage',
    'an error whose message is a getter that throws',
    throws('an Error', error => error instanceof Error),
  ),
  thrownError(
    'cyclic-cause',
    'cyclicCause',
    'an error that is its own cause',
    throws('its message', error => error instanceof Error && error.message === 'its own cause'),
  ),
  thrownError(
    'with-function',
    'withFunction',
    'an error that holds a function',
    throws(
      'the rest of it',
      error => error instanceof Error && error.message === 'holds a function' && (error as any).port === 80,
    ),
    true,
  ),
  thrownError(
    'with-instance',
    'withClass',
    'an error that holds an instance of a class',
    throws(
      'the rest of it',
      error =>
        error instanceof Error && error.message === 'holds an instance' && (error as any).attempt === 3,
    ),
  ),
  thrownError(
    'frozen',
    'frozen',
    'a frozen error',
    throws('its message', error => error instanceof Error && error.message === 'frozen'),
  ),
  thrownError(
    'proxy',
    'proxy',
    'a proxy of an error, whose traps throw',
    either(
      rejects('THROWN_VALUE'),
      throws('an Error', error => error instanceof Error),
    ),
  ),
]

export const valueRows: readonly Row[] = [...arrives, ...refused, ...buffers, ...thrown]
