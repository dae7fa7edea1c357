/** Errors come back whole, and whatever is thrown can be told. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { shareable } from '../declared/shareable.ts'
import * as errors from '../errors.ts'
import { type Crossing, decode, encode, MessageDecoding, MessageEncoding } from './codec.ts'
import { PlainEncoding } from './encoding.ts'
import type { FindClass } from './error-classes.ts'
import { classesAreKnown, decodeFailure, encodeFailure, forgeryIn, type WireFailure } from './failure.ts'

const crossing: Crossing = { sharedMemory: false, maxPayloadBytes: 2 ** 20 }

/** What the other side gets of what was thrown here. */
function across(thrown: unknown, findClass?: FindClass): Error & Record<string, unknown> {
  const wire = encodeFailure(thrown, new MessageEncoding(crossing))
  return decodeFailure(structuredClone(wire), new MessageDecoding(findClass && { findClass })) as Error &
    Record<string, unknown>
}

class NotPrime extends RangeError {
  readonly divisor: number
  constructor(message: string, divisor: number) {
    super(message)
    this.divisor = divisor
  }
  get hint(): string {
    return `it is divisible by ${this.divisor}`
  }
}
const exported: FindClass = name => ({ NotPrime })[name]

// ── classes ──

test('a built-in error keeps its class, message, stack and what it prints', () => {
  for (const Class of [Error, TypeError, RangeError, SyntaxError, EvalError, URIError, ReferenceError]) {
    const thrown = new Class('why')
    const arrived = across(thrown)
    assert.equal(arrived.constructor, Class)
    assert.ok(arrived instanceof Class)
    assert.equal(String(arrived), String(thrown))
    assert.equal(arrived.stack, thrown.stack)
    assert.deepEqual(Object.keys(arrived), [])
  }
})

test('every error class of atonce is found again, with its code and its details', () => {
  const details = { worker: 'thread 1', task: 'work' }
  const made = [
    new errors.SerializationError('args[0]', 'args[0] is a function.'),
    new errors.PayloadTooLargeError(2, 1),
    new errors.ThrownValueError({ a: 1 }, 'an object'),
    new errors.AbortError('The call was cancelled.', { cause: 'user' }),
    new errors.TimeoutError('Too slow.', 5),
    new errors.OutOfMemoryError(32, details),
    new errors.WorkerExitedError(3, details),
    new errors.WorkerCrashedError('bang', { ...details, cause: new TypeError('below') }),
    new errors.OptionError('workers'),
  ]
  for (const thrown of made) {
    const arrived = across(thrown)
    assert.equal(arrived.constructor, thrown.constructor)
    assert.deepEqual(arrived, thrown)
    assert.equal(arrived['code'], thrown.code)
    assert.deepEqual(Object.keys(arrived).sort(), Object.keys(thrown).sort())
  }
})

test('a class that the task’s module exports is found again, with its methods', () => {
  const arrived = across(new NotPrime('8 is even', 2), exported)
  assert.ok(arrived instanceof NotPrime)
  assert.equal(arrived.hint, 'it is divisible by 2')
})

test('an error of an unknown class is one of the nearest known class above it, and keeps its name', () => {
  class MoneyError extends NotPrime {
    override readonly name = 'MoneyError'
  }
  const arrived = across(new MoneyError('broke', 0))
  assert.equal(arrived.constructor, RangeError)
  assert.equal(arrived.name, 'MoneyError')
  assert.equal(arrived['divisor'], 0)
  assert.ok(across(new MoneyError('broke', 0), exported) instanceof NotPrime)
})

test('a class of the user’s own that has the name of one of atonce’s is not taken for it', () => {
  class TimeoutError extends Error {
    constructor() {
      super('theirs')
    }
  }
  class AbortError extends TypeError {}
  assert.equal(across(new TimeoutError()).constructor, Error)
  assert.equal(across(new AbortError()).constructor, TypeError)
  const own = (name: string) => ({ TimeoutError, AbortError })[name]
  assert.equal(across(new TimeoutError(), own).constructor, TimeoutError)
  assert.equal(across(new AbortError(), own).constructor, AbortError)
  assert.equal(across(new errors.TimeoutError('ours', 1), own).constructor, errors.TimeoutError)
})

test('an export that is not an error class is not made the class of an error', () => {
  for (const found of [class NotPrime {}, () => {}, Object, undefined]) {
    const arrived = across(new NotPrime('x', 2), () => found)
    assert.equal(arrived.constructor, RangeError)
  }
})

test('a DOMException keeps its name, its code and its message', () => {
  const thrown = new DOMException('stopped', 'AbortError')
  const arrived = across(thrown)
  assert.ok(arrived instanceof DOMException)
  assert.deepEqual([arrived.name, arrived.message, arrived.code], ['AbortError', 'stopped', thrown.code])
  assert.equal(arrived.stack, thrown.stack)
})

test('an assertion’s error says what was compared, on the other side too', () => {
  let thrown: unknown
  try {
    assert.deepEqual({ a: 1 }, { a: 2 })
  } catch (error) {
    thrown = error
  }
  const arrived = across(thrown)
  assert.ok(arrived instanceof assert.AssertionError)
  assert.deepEqual([arrived.actual, arrived.expected, arrived.code], [{ a: 1 }, { a: 2 }, 'ERR_ASSERTION'])
})

test('an error of another realm arrives as one of this realm', () => {
  const foreign: unknown = runInNewContext(`
    class Custom extends TypeError { name = 'Custom' }
    Object.assign(new Custom('from afar', { cause: new Error('below') }), { code: 7 })`)
  assert.ok(!(foreign instanceof Error))
  const arrived = across(foreign)
  assert.equal(arrived.constructor, TypeError)
  assert.deepEqual([arrived.name, arrived.message, arrived['code']], ['Custom', 'from afar', 7])
  assert.equal((arrived.cause as Error).constructor, Error)
})

// ── what hangs on them ──

test('own properties come along, as they were set', () => {
  const thrown = Object.assign(new Error('failed'), {
    code: 'E_FAILED',
    seen: new Map([['at', [new Date(5), 10n, Buffer.from('x')]]]),
    missing: undefined,
    ['__proto__x']: 1,
  })
  Object.defineProperty(thrown, 'hidden', { value: 'not listed', enumerable: false })
  Object.defineProperty(thrown, '__proto__', { value: 'only data', enumerable: true })
  const arrived = across(thrown)
  assert.deepEqual(arrived, thrown)
  assert.deepEqual(Object.keys(arrived), Object.keys(thrown))
  assert.equal(arrived['hidden'], 'not listed')
  assert.equal(Object.getPrototypeOf(arrived), Error.prototype)
})

test('a frozen error arrives', () => {
  const thrown = Object.freeze(Object.assign(new Error('cold'), { code: 1 }))
  assert.deepEqual(across(thrown), thrown)
})

test('a property that can’t be copied is told of, and costs nothing else', () => {
  const arrived = across(
    Object.assign(new Error('failed'), { code: 1, retry: () => {}, request: { socket: new WeakMap() } }),
  )
  assert.equal(arrived['code'], 1)
  assert.match(String(arrived['retry']), /^\[not copied: retry is a function/)
  const { socket } = arrived['request'] as { socket: string }
  assert.match(socket, /^\[not copied: request\.socket is an instance of WeakMap/)
})

test('a cause may be anything', () => {
  for (const cause of ['text', 0, null, undefined, { code: 1 }, [1n]]) {
    const arrived = across(new Error('above', { cause }))
    assert.ok(Object.hasOwn(arrived, 'cause'))
    assert.deepEqual(arrived.cause, cause)
  }
  assert.ok(!Object.hasOwn(across(new Error('no cause')), 'cause'))
})

test('an AggregateError brings all its parts, each whole', () => {
  const thrown = new AggregateError(
    [new NotPrime('8', 2), 'text', new AggregateError([new Error('deep')])],
    'several',
  )
  const arrived = across(thrown, exported) as unknown as AggregateError
  assert.ok(arrived instanceof AggregateError)
  assert.ok(arrived.errors[0] instanceof NotPrime)
  assert.equal(arrived.errors[1], 'text')
  assert.deepEqual(arrived.errors[2].errors, [new Error('deep')])
  assert.deepEqual(across(new AggregateError([])), new AggregateError([]))
})

test('what a validator keeps in `errors` comes along as it is', () => {
  const byField = { name: { kind: 'required' }, age: [1, 2] }
  for (const kept of [byField, [{ path: '/age', message: 'must be integer' }], 'text', []]) {
    const arrived = across(Object.assign(new Error('invalid'), { errors: kept }))
    assert.deepEqual(arrived['errors'], kept)
    assert.deepEqual(Object.keys(arrived), ['errors'])
  }
})

test('an error that is met again is the same error again', () => {
  const shared = new Error('shared')
  const arrived = across(
    Object.assign(new AggregateError([shared, new Error('other', { cause: shared }), shared], 'all'), {
      first: shared,
      list: [shared],
    }),
  )
  const [first, other, third] = arrived['errors'] as Error[]
  assert.equal(first, third)
  assert.equal(other?.cause, first)
  assert.equal(arrived['first'], first)
  assert.equal((arrived['list'] as Error[])[0], first)
})

test('the same error in a value and as the cause of another is one error there, too', () => {
  const shared = new Error('shared')
  const { value, special } = encode([shared, new Error('other', { cause: shared })], 'args', crossing)
  const [first, other] = decode(structuredClone(value), special) as [Error, Error]
  assert.equal(other.cause, first)
})

test('errors that hold themselves arrive holding themselves', () => {
  const thrown = Object.assign(new Error('round'), { self: undefined as unknown, box: {} as unknown })
  thrown.cause = new Error('between', { cause: thrown })
  thrown.self = thrown
  thrown.box = { inside: thrown }
  const arrived = across(thrown)
  assert.equal((arrived.cause as Error).cause, arrived)
  assert.equal(arrived['self'], arrived)
  assert.equal((arrived['box'] as { inside: unknown }).inside, arrived)
})

test('errors that share causes cost as much as there are errors, not as there are ways', () => {
  // Through 200 errors, each met three times by the next, lead more ways than anybody can walk.
  let error: Error = new Error('first')
  for (let count = 0; count < 200; count += 1)
    error = Object.assign(new AggregateError([error, error], 'next', { cause: error }), { previous: error })
  const arrived = across(error)
  assert.equal((arrived['errors'] as Error[])[0], arrived.cause)
  assert.equal(arrived['previous'], arrived.cause)
})

test('causes are followed 16 deep, and what lies below is left out (a known limit)', () => {
  let thrown = new Error('0')
  for (let count = 1; count <= 100; count += 1) thrown = new Error(String(count), { cause: thrown })
  const messages: string[] = []
  for (let at: unknown = across(thrown); at instanceof Error; at = at.cause) messages.push(at.message)
  assert.deepEqual(
    messages,
    Array.from({ length: 17 }, (_, depth) => String(100 - depth)),
  )
})

test('errors in properties of errors end somewhere, however deep they go', () => {
  let thrown: Error & { inner?: unknown } = new Error('0')
  for (let count = 1; count <= 20_000; count += 1)
    thrown = Object.assign(new Error(String(count)), { inner: thrown })
  const arrived = across(thrown)
  assert.equal((arrived['inner'] as Error).message, '19999')
})

// ── hostile ones ──

const getterThatThrows = {
  get() {
    throw new Error('no looking')
  },
  enumerable: true,
}

test('getters that throw hide what they hide, and nothing else', () => {
  for (const name of ['stack', 'message', 'name', 'cause', 'errors', 'extra']) {
    const thrown = Object.assign(new TypeError('seen'), { code: 5 })
    Object.defineProperty(thrown, name, getterThatThrows)
    const arrived = across(thrown)
    assert.ok(arrived instanceof TypeError, name)
    assert.equal(arrived['code'], 5, name)
  }
})

test('parts that are no text arrive as text', () => {
  const thrown = Object.assign(new Error('x'), { message: 5, stack: { frames: [] }, name: Symbol('name') })
  const arrived = across(thrown)
  assert.deepEqual([typeof arrived.message, typeof arrived.stack, typeof arrived.name].sort(), [
    'string',
    'string',
    'string',
  ])
})

test('a message that is no text arrives as structuredClone makes a text of it', () => {
  for (const message of [{ a: 1 }, [1, 2], 5, null]) {
    const thrown = Object.assign(new Error('x'), { message })
    assert.equal(across(thrown).message, structuredClone(thrown).message)
  }
  const hostile = { toString: () => assert.fail('looked at') }
  for (const message of [hostile, Object.create(null)])
    assert.equal(across(Object.assign(new Error('x'), { message })).message, '')
})

test('whatever a proxy does when it is looked at, it can be thrown', () => {
  const traps = [
    'getPrototypeOf',
    'get',
    'has',
    'ownKeys',
    'getOwnPropertyDescriptor',
  ] as const satisfies (keyof ProxyHandler<object>)[]
  const refuse = () => {
    throw new Error('no looking')
  }
  for (const target of [{}, [], new Error('inside'), () => {}]) {
    for (const trap of traps) {
      const thrown = new Proxy(target, { [trap]: refuse })
      assert.ok(across(thrown) instanceof Error, trap)
      assert.ok(across(new Error('above', { cause: thrown })) instanceof Error, trap)
      assert.ok(across(new AggregateError([new Error('one'), thrown])) instanceof Error, trap)
    }
  }
})

test('a class with a hostile name can be thrown', () => {
  class Hostile extends Error {
    static override get name(): string {
      throw new Error('no looking')
    }
  }
  class Odd extends Error {
    static override readonly name = 5 as unknown as string
  }
  assert.equal(across(new Hostile('seen')).message, 'seen')
  assert.equal(across(new Odd('seen')).message, 'seen')
})

// ── what is not an error ──

test('a thrown value that is not an Error arrives in a ThrownValueError', () => {
  for (const [thrown, description] of [
    [null, 'null'],
    [undefined, 'undefined'],
    [0, '0'],
    [-1n, '-1'],
    ['text', 'the string "text"'],
    [{ code: 1, seen: new Map([[1, Buffer.from('x')]]) }, 'an object'],
    [new Map([[1, 2]]), 'an object'],
  ] as const) {
    const arrived = across(thrown)
    assert.ok(arrived instanceof errors.ThrownValueError)
    assert.deepEqual(arrived.value, thrown)
    assert.equal(
      arrived.message,
      `The task threw ${description}, which is not an Error. Throw new Error(…) instead.`,
    )
  }
})

test('a thrown value that can’t be copied arrives as its description', () => {
  for (const [thrown, description] of [
    [Symbol('s'), 'Symbol(s)'],
    [function named() {}, 'a function (named)'],
    [() => {}, 'a function'],
    [new WeakMap(), 'an object'],
  ] as const) {
    const arrived = across(thrown)
    assert.ok(arrived instanceof errors.ThrownValueError)
    assert.equal(arrived.value, description)
  }
  assert.equal(across('x'.repeat(5_000)).message.length < 300, true)
})

test('whatever is thrown, an Error arrives', () => {
  fc.assert(
    fc.property(
      fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }),
      thrown => {
        const arrived = across(thrown)
        assert.ok(arrived instanceof errors.ThrownValueError)
      },
    ),
  )
})

test('whether all classes are known is told for errors that lead in circles, and for those with many ways between', () => {
  const known = (thrown: unknown, findClass?: FindClass) =>
    classesAreKnown(encodeFailure(thrown, new PlainEncoding()), findClass)
  const round = new Error('round')
  round.cause = new AggregateError([round, new errors.TimeoutError('x', 1), 'text'], 'all', { cause: round })
  assert.ok(known(round))
  assert.ok(known('text'))
  assert.ok(known(new DOMException('x', 'AbortError')))
  let error: Error = new NotPrime('8', 2)
  for (let count = 0; count < 15; count += 1)
    error = new AggregateError([error, error], 'n', { cause: error })
  assert.ok(!known(error))
  assert.ok(known(error, exported))
  class TimeoutError extends Error {}
  assert.ok(!known(new TimeoutError('theirs')))
})

// ── what can't be read ──

/** Crosses, and can't be made again on the other side. */
class Unlucky {
  readonly number = 13
  static {
    shareable(import.meta, Unlucky, {
      pack: ({ number }: Unlucky) => number,
      unpack() {
        throw new Error('no 13')
      },
    })
  }
}

/** What an instance of a class becomes that this side has never heard of. */
const ofNobody = { '\0atonce': { module: 'file:///gone.js', name: 'Gone', position: 0, digest: '' } }

/** The failure as it is on the wire, changed by `change`. */
function changed(thrown: unknown, change: (wire: any) => void): WireFailure {
  const wire = structuredClone(encodeFailure(thrown, new MessageEncoding(crossing)))
  change(wire)
  return wire
}

test('an error is never lost for its cause, its parts or its properties: these say why they are missing', () => {
  const cause = across(new TypeError('bad row', { cause: new Unlucky() }))
  assert.ok(cause instanceof TypeError)
  assert.equal(cause.message, 'bad row')
  assert.match(String(cause.cause), /^\[not copied: .*its unpack\(\) threw Error: no 13\.\]$/)

  const parts = across(new AggregateError([new Unlucky(), new RangeError('two')], 'several'))
  const [first, second] = (parts as unknown as AggregateError).errors
  assert.match(String(first), /^\[not copied: /)
  assert.ok(second instanceof RangeError)

  const below = across(new Error('above', { cause: new Error('below', { cause: new Unlucky() }) }))
  assert.equal((below.cause as Error).message, 'below')

  const unknown = changed(new Error('bad row', { cause: 1 }), wire => {
    wire.error.cause = { kind: 'value', value: ofNobody, special: true, description: 'an object' }
  })
  const arrived = decodeFailure(unknown, new MessageDecoding())
  assert.deepEqual([arrived.message, forgeryIn(arrived)], ['bad row', undefined])
  assert.match(String(arrived.cause), /^\[not copied: An instance of Gone arrived/)
})

test('what was thrown and can’t be made here arrives as the reason for that, and is not a forgery', () => {
  const arrived = across(new Unlucky())
  assert.ok(arrived instanceof errors.SerializationError)
  assert.equal(forgeryIn(arrived), undefined)
})

test('an error of a class that freezes its instances, or hides its name, arrives', () => {
  class Frozen extends Error {
    static {
      shareable(import.meta, Frozen, {
        pack: ({ message }: Frozen) => message,
        unpack: (message: string) => Object.freeze(new Frozen(message)),
      })
    }
  }
  assert.equal(across(new Frozen('stiff', { cause: 'cold' })).message, 'stiff')
  class Secret extends Error {
    override get name(): string {
      throw new Error('nobody may know')
    }
  }
  assert.ok(across(new Secret('x'), () => Secret) instanceof Secret)
})

test('a hook that makes something else of stacks costs an error nothing but its frames', () => {
  const before = Error.prepareStackTrace
  const hooks = [(_: Error, sites: unknown) => sites, () => assert.fail('a broken hook'), () => 5]
  try {
    for (const hook of hooks as (typeof before)[]) {
      Error.prepareStackTrace = hook as never
      const arrived = across(new TypeError('boom'))
      assert.ok(arrived instanceof TypeError)
      assert.match(arrived.stack ?? '', /^TypeError: boom/)
      if (hook === hooks[0]) assert.match(arrived.stack ?? '', /\n {4}at .*failure\.test\.ts/)
    }
  } finally {
    Error.prepareStackTrace = before as never
  }
})

test('a failure that no worker sends is read as a ProtocolError, and told to be forged', () => {
  for (const forged of [
    { kind: 'value', value: { '\0atonce': 'Nonsense' }, special: true, description: '' },
    { kind: 'value', value: { '\0atonce': null }, special: true, description: '' },
    { kind: 'value', value: { '\0atonce': 'Error', error: null }, special: true, description: '' },
    { kind: 'error', error: null },
    null,
  ]) {
    const arrived = decodeFailure(forged as WireFailure, new MessageDecoding())
    assert.ok(arrived instanceof errors.ProtocolError)
    assert.match(arrived.message, /a failure that can't be read/)
    assert.notEqual(forgeryIn(arrived), undefined)
  }
})

test('to read a failure never throws, whatever stands in it', () => {
  const round = new Error('round')
  round.cause = round
  const genuine = [
    new AggregateError([new NotPrime('9', 3), 'text', round], 'all', { cause: new Date(0) }),
    Object.assign(new SyntaxError('x'), { at: new Map([[1, Buffer.from('x')]]), code: 'E' }),
    new DOMException('stopped', 'AbortError'),
    { thrown: [new Error('inside')] },
  ]
  const strange = fc.oneof(
    fc.anything({ withBigInt: true, withMap: true, withTypedArray: true, withSparseArray: true }),
    fc.constantFrom<unknown>(
      ...[ofNobody, { '\0atonce': 'Nonsense' }, { '\0atonce': 'Packed' }, { '\0atonce': null }],
      ...['__proto__', 'constructor', 'DOMException', 'AggregateError', 'Error', 'error', 'value'],
    ),
  )
  fc.assert(
    fc.property(
      fc.nat(genuine.length - 1),
      fc.array(fc.tuple(fc.nat(), strange), { minLength: 1, maxLength: 6 }),
      (at, changes) => {
        const failure = changed(genuine[at], wire => {
          for (const [where, value] of changes) replaceOne(wire, where, value)
        })
        const arrived = decodeFailure(failure, new MessageDecoding({ findClass: exported }))
        assert.ok(arrived instanceof Error)
      },
    ),
    { numRuns: 2_000 },
  )
})

/** Puts the value in one of the places that are reached from `root`. */
function replaceOne(root: object, where: number, instead: unknown): void {
  const value = structuredClone(instead) // It may be the place of the next one.
  const places: [object, string][] = []
  const seen = new Set<unknown>()
  const visit = (at: unknown): void => {
    if (typeof at !== 'object' || at === null || ArrayBuffer.isView(at) || seen.has(at)) return
    seen.add(at)
    for (const [key, part] of Object.entries(at)) {
      places.push([at, key])
      visit(part)
    }
  }
  visit(root)
  const [holder, key] = places[where % places.length] as [object, string]
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true })
}

test('what hangs on an error is kept leaf by leaf: only what can’t be sent gives way to a text that says why', () => {
  class ClientRequest {
    method = 'GET'
  }
  const shared = { code: 'E_BUSY' }
  const response: Record<string, unknown> = {
    status: 500,
    data: shared,
    again: shared,
    request: new ClientRequest(),
    config: {
      retry: () => {},
      headers: new Map<unknown, unknown>([
        ['a', 'b'],
        ['hook', () => {}],
      ]),
    },
    list: [1, new ClientRequest(), new Set([2, Symbol('s')])],
    get late(): never {
      throw new RangeError('no')
    },
  }
  response['self'] = response
  const error = Object.assign(new Error('Request failed'), { response })
  const back = decodeFailure(
    structuredClone(encodeFailure(error, new MessageEncoding(crossing))),
    new MessageDecoding(),
  ) as unknown as typeof error
  const copy = back.response as Record<string, any>
  assert.equal(copy['status'], 500)
  assert.deepEqual(copy['data'], { code: 'E_BUSY' })
  assert.equal(copy['again'], copy['data'])
  assert.equal(copy['self'], copy)
  assert.match(copy['request'], /^\[not copied: response\.request is an instance of ClientRequest\./)
  assert.match(copy['config'].retry, /^\[not copied: response\.config\.retry is a function/)
  assert.equal(copy['config'].headers.get('a'), 'b')
  assert.match(
    copy['config'].headers.get('hook'),
    /^\[not copied: response\.config\.headers\.get\("hook"\) is a function/,
  )
  assert.equal(copy['list'][0], 1)
  assert.match(copy['list'][1], /response\.list\[1\] is an instance/)
  assert.deepEqual([...copy['list'][2]][0], 2)
  assert.match(copy['late'], /not copied: no/)
})

test('of a thrown record, too, what can be sent is kept', () => {
  const failure = structuredClone(encodeFailure({ code: 7, hook() {} }, new MessageEncoding(crossing)))
  const { value } = decodeFailure(failure, new MessageDecoding()) as unknown as {
    value: { code: number; hook: string }
  }
  assert.equal(value.code, 7)
  assert.match(value.hook, /not copied: thrown\.hook is a function/)
})

test('a message that is made while another one is being made has its own copy of an error in both', () => {
  const inner: WireFailure[] = []
  const error = Object.defineProperty(new Error('outer'), 'log', {
    enumerable: true,
    get() {
      if (inner.length > 0) return 'logged'
      inner.push({ kind: 'value', value: undefined, special: false, description: 'being made' })
      inner[0] = encodeFailure(error, new MessageEncoding(crossing))
      return 'logging'
    },
  })
  const outer = encodeFailure(error, new MessageEncoding(crossing))
  const [first, second] = [outer, inner[0] as WireFailure].map(
    wire => decodeFailure(structuredClone(wire), new MessageDecoding()) as Error & { log?: unknown },
  )
  assert.deepEqual([first?.log, second?.log], ['logging', 'logged'])
})
