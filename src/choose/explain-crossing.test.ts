/** What `explainCrossing` says of values, and that real calls agree. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Channel } from '../channel/channel.ts'
import { shareable } from '../declared/shareable.ts'
import { OptionError } from '../errors.ts'
import { Mutex } from '../sync/mutex.ts'
import { SharedArray } from '../sync/shared-array.ts'
import { move } from '../task/transfer.ts'
import { encode } from '../wire/codec.ts'
import { type CrossingModel, explainCrossing } from './explain-crossing.ts'

class Unknown {
  x = 1
}
const Money = shareable(
  import.meta,
  class Money {
    cents = 1
  },
)

function told(value: unknown, model: CrossingModel): string[] {
  return explainCrossing(value, model).parts.map(({ path, how }) => `${path} ${how}`)
}

test('parts are told by their paths: copied, moved, shared or refused, all of them', () => {
  const value = {
    name: 'a',
    moved: move(new Uint8Array(8)),
    memory: new Int32Array(new SharedArrayBuffer(8)),
    rows: [{ done() {} }, { of: new Unknown() }, { price: new Money() }],
    byName: new Map<string, unknown>([['f', Symbol('s')]]),
  }
  assert.deepEqual(told(value, 'threads'), [
    'value.name copied',
    'value.moved moved',
    'value.memory shared',
    'value.rows[0].done refused',
    'value.rows[1].of refused',
    'value.rows[2] copied',
    'value.byName.keys() copied',
    'value.byName.get("f") refused',
  ])
  assert.deepEqual(told(value, 'processes').slice(1, 3), ['value.moved copied', 'value.memory refused'])
  assert.deepEqual(told(value, 'coroutines'), ['value shared'])
})

test('what only is copied is told as one, with its bytes', () => {
  const value = { rows: Array.from({ length: 100 }, (_, n) => ({ n })), pixels: new Uint8Array(1_000) }
  const { parts, bytes, crosses, ms } = explainCrossing(value, 'threads')
  assert.deepEqual([parts.length, parts[0]?.path, parts[0]?.how, crosses], [1, 'value', 'copied', true])
  assert.ok(bytes > 1_000 && bytes < 3_000, `${bytes}`)
  assert.ok(ms >= 0)
})

test('among many parts that are copied, the one that is refused is told alone', () => {
  const rows: unknown[] = Array.from({ length: 100 }, (_, n) => n)
  rows[50] = () => {}
  assert.deepEqual(told(rows, 'threads'), ['value[50] refused', 'value (99 other parts) copied'])
})

test('what is moved stays marked, and is 0 bytes on threads', () => {
  for (const model of ['threads', 'processes'] as const) {
    const pixels = move(new Uint8Array(8))
    assert.equal(explainCrossing([pixels], model).bytes > 0, model === 'processes')
    const crossing = { sharedMemory: true, maxPayloadBytes: 100 }
    assert.deepEqual(encode([pixels], 'args', crossing).transfer, [pixels.buffer])
  }
})

test('a value that leads back to itself, and one that is there twice, are told once', () => {
  const circle: Record<string, unknown> = { f: () => {} }
  circle['self'] = circle
  assert.deepEqual(told(circle, 'threads'), ['value.f refused'])
  const twice = { f() {} }
  assert.deepEqual(told([twice, twice], 'threads'), ['value[0].f refused'])
})

test('what is put on a Map, and what is named by a symbol, is refused though every part crosses', () => {
  const map = Object.assign(new Map([['a', 1]]), { extra: 1 })
  assert.deepEqual(told(map, 'threads').at(-1), 'value.extra refused')
  assert.deepEqual(told({ [Symbol('s')]: 1 }, 'threads'), ['value[Symbol(s)] refused'])
})

test('a refused part says why, and what to do; a model that is none is refused', () => {
  const [part] = explainCrossing({ f() {} }, 'threads').parts
  assert.match(part?.why ?? '', /^value\.f is a function \(f\)\. Pass data/)
  assert.throws(() => explainCrossing(1, 'isolates' as never), OptionError)
})

test('a lock and the end of a channel are shared, and the end is not lent by looking', () => {
  const channel = new Channel<number>(1)
  const value = {
    lock: new Mutex(),
    end: channel.sender,
    list: [new SharedArray('u8', 2)],
    price: new Money(),
  }
  assert.deepEqual(told(value, 'threads'), [
    'value.lock shared',
    'value.end shared',
    'value.list[0] shared',
    'value.price copied',
  ])
  assert.deepEqual(told(value, 'processes').slice(0, 3), [
    'value.lock refused',
    'value.end shared',
    'value.list[0] refused',
  ])
  channel.sender.close() // Nobody else has an end.
  assert.deepEqual(told(channel, 'threads'), ['value refused'])
})
