/** What is sent to a worker over a network is believed only if it is a message of the protocol. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MessageDecoding } from './codec.ts'
import { decodeFailure } from './failure.ts'
import { anything, failure, forged, lacking, noMessages, placesIn, wrong } from './fixtures/forged.ts'
import type { ToWorker } from './messages.ts'
import { isToWorker } from './to-worker.ts'

const place = { module: 'file:///a.js', name: 'a', position: 0 }
const call = { seq: 1, ref: 1, args: [1, 'x'], special: false, chunk: false, attempt: 1 }

const genuine: readonly ToWorker[] = [
  { kind: 'load', ref: 1, ...place, digest: 'x', version: { mtimeMs: 1, sizeBytes: 2 } },
  { kind: 'load', ref: 1, ...place, digest: '', version: undefined },
  { kind: 'storage', ref: 1, place },
  { kind: 'run', ...call },
  { kind: 'run', ...call, stores: [{ ref: 1, value: new Map(), special: true }], credit: 256 },
  { kind: 'run', ...call, args: new Float64Array(4), chunk: true },
  { kind: 'help', ...call },
  { kind: 'own', ...call },
  { kind: 'pull', seq: 1, count: 128 },
  { kind: 'cancel', seq: 1, failure },
  { kind: 'nestedStarted', id: 1 },
  { kind: 'nestedProgress', id: 1, done: 1, total: undefined },
  {
    kind: 'nestedSettled',
    id: 1,
    reply: { kind: 'done', value: 5, special: false },
    workMs: 0.5,
    left: false,
  },
  {
    kind: 'nestedSettled',
    id: 1,
    reply: {
      kind: 'doneChunk',
      outcomes: [
        { ok: true, value: 1, special: false },
        { ok: false, failure },
      ],
    },
    workMs: undefined,
    left: false,
  },
  { kind: 'nestedSettled', id: 1, reply: { kind: 'failed', failure }, workMs: undefined, left: true },
  { kind: 'guest', guest: 'actors', module: 'file:///actors.js', body: [] },
]

test('every message of the protocol is believed, after its journey too', () => {
  for (const message of genuine) {
    assert.ok(isToWorker(message), message.kind)
    assert.ok(isToWorker(structuredClone(message)), message.kind)
  }
})

test('what is not an object, or of no known kind, is refused', () => {
  for (const message of noMessages) assert.equal(isToWorker(message), false)
})

/** The places where anything may stand. */
const free = ['body']

function placesOf(message: ToWorker): string[][] {
  return placesIn(message).filter(([first]) => !free.includes(first as string))
}

test('a message with something wrong anywhere in it is refused', () => {
  const places = genuine.flatMap(message => placesOf(message).map(path => ({ message, path })))
  fc.assert(
    fc.property(fc.constantFrom(...places), wrong, ({ message, path }, instead) => {
      assert.equal(isToWorker(forged(message, path, instead)), false, path.join('.'))
    }),
    { numRuns: 2_000 },
  )
})

test('a message that lacks a field is refused', () => {
  const optional = ['cause', 'errors', 'version', 'workMs', 'stores', 'credit']
  for (const message of genuine) {
    for (const path of placesOf(message)) {
      const field = path.at(-1) as string
      if (/^\d+$/.test(field) || optional.includes(field)) continue
      assert.equal(isToWorker(lacking(message, path)), false, `${message.kind} without ${path.join('.')}`)
    }
  }
})

test('numbers that count nothing are refused', () => {
  for (const odd of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60, '1']) {
    assert.equal(isToWorker({ kind: 'run', ...call, seq: odd }), false)
    assert.equal(isToWorker({ kind: 'run', ...call, ref: odd }), false)
    assert.equal(isToWorker({ kind: 'run', ...call, attempt: odd }), false)
    assert.equal(isToWorker({ kind: 'run', ...call, credit: odd }), false)
    assert.equal(isToWorker({ kind: 'pull', seq: 1, count: odd }), false)
    assert.equal(isToWorker({ kind: 'load', ref: 1, ...place, position: odd, digest: '' }), false)
  }
})

const almost = fc.oneof(
  anything,
  fc.record({
    kind: fc.constantFrom(...genuine.map(({ kind }) => kind), '__proto__'),
    seq: fc.oneof(fc.nat(), anything),
    ref: fc.oneof(fc.nat(), anything),
    id: fc.oneof(fc.nat(), anything),
    count: fc.oneof(fc.nat(), anything),
    args: fc.oneof(fc.array(anything), anything),
    special: fc.oneof(fc.boolean(), anything),
    chunk: fc.oneof(fc.boolean(), anything),
    left: fc.oneof(fc.boolean(), anything),
    attempt: fc.oneof(fc.nat(), anything),
    stores: fc.oneof(
      fc.array(fc.record({ ref: fc.nat(), value: anything, special: fc.boolean() })),
      anything,
    ),
    reply: fc.oneof(fc.record({ kind: fc.constant('failed'), failure: anything }), anything),
    failure: fc.oneof(fc.constant(failure), anything),
  }),
)

test('whatever is sent, looking at it does not throw, and what is believed can be read', () => {
  let believed = 0
  fc.assert(
    fc.property(almost, message => {
      if (!isToWorker(message)) return
      believed += 1
      if (message.kind === 'cancel')
        assert.ok(decodeFailure(message.failure, new MessageDecoding()) instanceof Error)
    }),
    { numRuns: 5_000 },
  )
  assert.ok(believed > 10, `only ${believed} messages were believed: the property says nothing`)
})
