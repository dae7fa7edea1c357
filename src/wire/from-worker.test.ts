/** Only messages of the protocol are believed: a worker that forges one can't hurt its host. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MessageDecoding } from './codec.ts'
import { PlainEncoding } from './encoding.ts'
import { decodeFailure, encodeFailure } from './failure.ts'
import { anything, failure, forged, lacking, noMessages, placesIn, wrong } from './fixtures/forged.ts'
import { isFromWorker } from './from-worker.ts'
import type { FromWorker } from './messages.ts'

const genuine: readonly FromWorker[] = [
  { kind: 'ready' },
  { kind: 'loaded', ref: 1 },
  { kind: 'loadFailed', ref: 1, failure },
  { kind: 'progress', seq: 1, done: 1, total: undefined },
  { kind: 'progress', seq: 1, done: Number.NaN, total: 2 },
  { kind: 'done', seq: 1, value: undefined, special: false, workMs: 0 },
  { kind: 'doneChunk', seq: 1, outcomes: [], workMs: 0.5 },
  {
    kind: 'doneChunk',
    seq: 1,
    outcomes: [
      { ok: true, value: 1, special: false },
      { ok: false, failure },
    ],
    workMs: 1,
  },
  { kind: 'failed', seq: 1, failure, workMs: 1 },
  {
    kind: 'nest',
    seq: 3,
    id: 1,
    module: 'file:///a.js',
    position: 0,
    name: 'a',
    digest: 'x',
    version: { mtimeMs: 1, sizeBytes: 2 },
    args: [1],
    special: false,
    chunk: false,
    attempt: 1,
    priority: 0,
    moved: [new ArrayBuffer(1)],
  },
  { kind: 'worn' },
  { kind: 'unnest', seq: 1, id: 1, failure },
  { kind: 'yielded', seq: 1, count: 2, bytes: new Uint8Array([0, 0]), loose: [{ index: 1, value: 5n }] },
  { kind: 'yieldedOne', seq: 1, value: [], special: false, weight: 1 },
  { kind: 'returning', seq: 1 },
  { kind: 'crashed', failure: { kind: 'value', value: null, special: false, description: 'null' } },
  { kind: 'exiting' },
  { kind: 'staying' },
]

test('every message of the protocol is believed, after its journey too', () => {
  for (const message of genuine) {
    assert.ok(isFromWorker(message), message.kind)
    assert.ok(isFromWorker(structuredClone(message)), message.kind)
  }
})

test('a failure that leads back to itself is believed', () => {
  const thrown = new Error('round')
  thrown.cause = new AggregateError([thrown, thrown])
  const wire = encodeFailure(thrown, new PlainEncoding())
  assert.ok(isFromWorker(structuredClone({ kind: 'crashed', failure: wire })))
})

test('what is not an object, or of no known kind, is refused', () => {
  for (const message of noMessages) assert.equal(isFromWorker(message), false)
})

test('a message with something wrong anywhere in it is refused', () => {
  const places = genuine.flatMap(message => placesIn(message).map(path => ({ message, path })))
  fc.assert(
    fc.property(fc.constantFrom(...places), wrong, ({ message, path }, instead) => {
      assert.equal(isFromWorker(forged(message, path, instead)), false, path.join('.'))
    }),
    { numRuns: 2_000 },
  )
})

test('a message that lacks a field is refused', () => {
  const optional = ['cause', 'errors', 'version']
  for (const message of genuine) {
    for (const path of placesIn(message)) {
      const place = path.at(-1) as string
      if (/^\d+$/.test(place) || optional.includes(place)) continue
      assert.equal(isFromWorker(lacking(message, path)), false, `${message.kind} without ${path.join('.')}`)
    }
  }
})

test('who ends a worker, and how far it has come, is believed if its numbers are whole', () => {
  const { failure } = genuine.at(-3) as { failure: unknown }
  for (const end of [{ kind: 'exiting' }, { kind: 'crashed', failure }]) {
    for (const culprit of [{ seq: 1 }, { task: 'poll' }])
      assert.ok(isFromWorker({ ...end, culprit, reached: { begun: 2, importing: [1] } }))
    for (const reached of [1, {}, { begun: -1, importing: [] }, { begun: 1, importing: ['1'] }, { begun: 1 }])
      assert.equal(isFromWorker({ ...end, reached }), false)
    assert.equal(isFromWorker({ ...end, culprit: {} }), false)
  }
})

test('a time that is none is refused: the sizes of chunks follow from it', () => {
  for (const workMs of [Number.NaN, Number.POSITIVE_INFINITY, -1, '1', undefined])
    for (const message of genuine.filter(({ kind }) => ['done', 'doneChunk', 'failed'].includes(kind)))
      assert.equal(isFromWorker({ ...message, workMs }), false)
})

test('outcomes with a hole in their list are refused', () => {
  assert.equal(isFromWorker({ kind: 'doneChunk', seq: 1, outcomes: new Array(3), workMs: 1 }), false)
})

/** Messages that are right on the outside. */
const almost = fc.oneof(
  anything,
  fc.record({
    kind: fc.constantFrom(...genuine.map(({ kind }) => kind), '__proto__'),
    seq: fc.oneof(fc.nat(), anything),
    ref: fc.oneof(fc.nat(), anything),
    count: fc.oneof(fc.nat({ max: 40 }), anything),
    bytes: fc.oneof(fc.uint8Array({ max: 12 }), anything),
    loose: fc.oneof(
      fc.array(fc.record({ index: fc.oneof(fc.nat({ max: 40 }), fc.double()), value: anything })),
      anything,
    ),
    weight: fc.oneof(fc.nat(), anything),
    workMs: fc.oneof(fc.nat(), anything),
    done: fc.oneof(fc.nat(), anything),
    special: fc.oneof(fc.boolean(), anything),
    outcomes: fc.oneof(
      fc.array(fc.record({ ok: fc.boolean(), special: fc.boolean(), failure: anything })),
      anything,
    ),
    failure: fc.oneof(
      fc.record({
        kind: fc.constantFrom('value', 'error'),
        special: fc.constant(false),
        description: fc.oneof(fc.string(), anything),
        error: fc.record({
          classes: fc.oneof(fc.array(fc.string()), anything),
          name: fc.oneof(fc.string(), anything),
          message: fc.oneof(fc.string(), anything),
          stack: fc.string(),
          properties: fc.oneof(fc.constant([]), anything),
          cause: anything,
          errors: fc.oneof(fc.constant([]), anything),
        }),
      }),
      anything,
    ),
  }),
)

test('whatever is sent, looking at it does not throw, and what is believed can be read', () => {
  let read = 0
  fc.assert(
    fc.property(almost, message => {
      if (!isFromWorker(message)) return
      const failures =
        message.kind === 'doneChunk'
          ? message.outcomes.flatMap(outcome => (outcome.ok ? [] : [outcome.failure]))
          : message.kind === 'failed' || message.kind === 'loadFailed' || message.kind === 'crashed'
            ? [message.failure]
            : []
      for (const failure of failures) {
        assert.ok(decodeFailure(failure, new MessageDecoding()) instanceof Error)
        read += 1
      }
    }),
    { numRuns: 5_000 },
  )
  assert.ok(read > 10, `only ${read} failures were believed: the property says nothing`)
})
