/** A chunk on the far side. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { AbortError } from '../../errors.ts'
import { type PackedResults, unpacked } from '../../executor/map/packed.ts'
import { withRuntime } from '../../runtime/runtime.ts'
import { VirtualRuntime } from '../../runtime/virtual.ts'
import { CallContext, context } from '../../task/context.ts'
import { task } from '../../task/task.ts'
import { move } from '../../task/transfer.ts'
import { MessageDecoding } from '../../wire/codec.ts'
import { decodeFailure, type WireFailure } from '../../wire/failure.ts'
import type { FromWorker } from '../../wire/messages.ts'
import { callEach, chunkReply } from './chunk-call.ts'

const meta = { url: 'file:///work.ts' } as ImportMeta
const call = () => new CallContext(1, 'thread 1', { report() {}, pollCancelled: () => false })
const crossing = { sharedMemory: true, maxPayloadBytes: 2 ** 20 }

/** The reply of a chunk whose calls each do one of these. */
async function replyTo(...calls: readonly (() => unknown)[]) {
  const work = task(meta, (n: number) => calls[n]?.())
  const outcome = await callEach(work, [...calls.keys()], call(), { crossing })
  return chunkReply(5, outcome, 7, crossing)
}

/** What arrives of a reply of results only. */
async function arriving(...calls: readonly (() => unknown)[]): Promise<unknown[]> {
  const { message, transfer } = await replyTo(...calls)
  assert.equal(message.kind, 'done')
  const { value } = structuredClone(message, { transfer: [...transfer] }) as { value: PackedResults }
  return unpacked(value).values as unknown[]
}

test('the longest call is told from the others, also where the clock is not read for each', async () => {
  const time = new VirtualRuntime()
  let nowMs = 0
  time.now = () => nowMs
  const spend = task(meta, function spend(ms: number) {
    nowMs += ms
  })
  for (const [calls, longestMs] of [
    [10, 10],
    [64, 10],
    [1_000, 10],
    [1_000, 0.5],
  ] as const) {
    const costs = Array.from({ length: calls }, (_, at) => (at === 7 ? longestMs : 0.5))
    const { longestMs: told } = await withRuntime(time, () => callEach(spend, costs, call(), { crossing }))
    assert.ok(Math.abs(told - longestMs) < 0.05 * longestMs, `${told} of ${calls} calls`)
  }
})

test('a call that fails leaves the others alone, in synchronous tasks and in asynchronous ones', async () => {
  const failing = (n: number) => {
    if (n === 1) throw new RangeError('one')
    return n
  }
  for (const work of [task(meta, (n: number) => failing(n)), task(meta, async (n: number) => failing(n))]) {
    const { values, failures } = await callEach(work, [0, 1, 2], call(), { crossing })
    assert.deepEqual(values, [0, undefined, 2])
    assert.deepEqual([...failures.keys()], [1])
    assert.deepEqual(
      decodeFailure(failures.get(1) as WireFailure, new MessageDecoding()),
      new RangeError('one'),
    )
  }
})

test('each call sees its context; after a cancel no further call begins', async () => {
  const own = call()
  const called: string[] = []
  const work = task(meta, (n: number) => {
    called.push(`${n} on ${context().worker}`)
    if (n === 1) own.cancel(new AbortError('enough'))
  })
  await assert.rejects(callEach(work, [0, 1, 2], own, { crossing }), /enough/)
  assert.deepEqual(called, ['0 on thread 1', '1 on thread 1'])
})

test('results that are all numbers go as one typed array, moved if it is large', async () => {
  for (const [Kind, count, moves] of [
    [Int32Array, 100, 0],
    [Int32Array, 10_000, 1],
    [Float64Array, 10_000, 1],
  ] as const) {
    const numbers = Array.from({ length: count }, (_, n) => (Kind === Int32Array ? n : n / 2))
    const { message, transfer } = await replyTo(...numbers.map(number => () => number))
    assert.equal(message.kind, 'done')
    const reply = (message as { value: unknown }).value as PackedResults
    assert.deepEqual([reply.values, reply.special], [Kind.from(numbers), []])
    assert.equal(transfer.length, moves)
  }
})

test('other results go as a list that says which of them must be revived', async () => {
  const { message } = await replyTo(
    () => 1,
    () => 'text',
    () => Buffer.from('b'),
    () => undefined,
  )
  assert.deepEqual(((message as { value: unknown }).value as PackedResults).special, [2])
})

test('where a call failed, or its result can not be sent, each outcome is told for itself', async () => {
  const { message } = await replyTo(
    () => 1,
    () => {
      throw new RangeError('thrown')
    },
    () => () => {},
  )
  const { outcomes } = message as Extract<FromWorker, { kind: 'doneChunk' }>
  assert.deepEqual(outcomes[0], { ok: true, value: 1, special: false })
  const failures = outcomes
    .slice(1)
    .map(outcome => decodeFailure((outcome as { failure: WireFailure }).failure, new MessageDecoding()))
  assert.deepEqual(
    failures.map(({ name, message: said }) => [name, said.split('.')[0]]),
    [
      ['RangeError', 'thrown'],
      ['SerializationError', 'result is a function'],
    ],
  )
})

/**
 * Each fills one thing anew in every call, and returns it: all kinds that can change after they
 * were returned.
 */
const reused: Record<string, () => (n: number) => unknown> = {
  'a typed array': () => {
    const scratch = new Uint8Array(4)
    return n => scratch.fill(n)
  },
  'a large typed array': () => {
    const scratch = new Float64Array(4_096)
    return n => scratch.fill(n)
  },
  'a record': () => {
    const scratch = { n: 0, deep: { n: 0 } }
    return n => Object.assign(scratch, { n, deep: Object.assign(scratch.deep, { n }) })
  },
  'an array with names': () => {
    const scratch = Object.assign([0], { n: 0 })
    return n => Object.assign(scratch.fill(n), { n })
  },
  'a Map and a Set': () => {
    const scratch = { map: new Map<unknown, unknown>(), set: new Set<unknown>() }
    return n => {
      scratch.map.set('n', n)
      scratch.set.clear()
      scratch.set.add(n)
      return scratch
    }
  },
  'a Date': () => {
    const scratch = new Date(0)
    return n => {
      scratch.setTime(n)
      return scratch
    }
  },
  'a Buffer': () => {
    const scratch = Buffer.alloc(4)
    return n => scratch.fill(n)
  },
  'a Buffer that is all of its memory': () => {
    const scratch = Buffer.from(new ArrayBuffer(4))
    return n => ({ scratch: scratch.fill(n) })
  },
  'views on one buffer, and the buffer': () => {
    const buffer = new ArrayBuffer(8, { maxByteLength: 16 })
    const views = [new Uint8Array(buffer, 0, 4), new DataView(buffer, 4), buffer]
    return n => {
      new Uint8Array(buffer).fill(n)
      return views
    }
  },
  'an error': () => {
    const scratch = Object.assign(new RangeError('scratch'), { data: [0] })
    return n => {
      scratch.message = `scratch ${n}`
      scratch.data[0] = n
      return scratch
    }
  },
}

for (const [what, make] of Object.entries(reused)) {
  test(`what a call has returned is what it was then, though the next call uses it again: ${what}`, async () => {
    const [again, once] = [make(), make()]
    const inputs = [1, 2, 3]
    const results = await arriving(...inputs.map(n => () => again(n)))
    const expected = []
    for (const n of inputs) expected.push((await arriving(() => once(n)))[0])
    assert.deepEqual(results, expected)
    assert.equal(new Set(expected.map(value => inspect(value, { depth: 9 }))).size, 3, 'they differ')
    const later = await arriving(...inputs.map(n => async () => make()(n)))
    assert.deepEqual(later, expected, 'of promises too')
  })
}

test('what a call has thrown is what it was then, though the next call throws it again', async () => {
  const scratch = Object.assign(new RangeError(), { response: { status: 0, list: [0] } })
  const throwing = (n: number) => () => {
    scratch.message = `no ${n}`
    scratch.response.status = scratch.response.list[0] = n
    throw scratch
  }
  const { message } = await replyTo(throwing(1), throwing(2))
  const { outcomes } = message as Extract<FromWorker, { kind: 'doneChunk' }>
  const errors = outcomes.map(outcome =>
    decodeFailure((outcome as { failure: WireFailure }).failure, new MessageDecoding()),
  ) as (typeof scratch)[]
  assert.deepEqual(
    errors.map(({ message: said, response }) => [said, response]),
    [
      ['no 1', { status: 1, list: [1] }],
      ['no 2', { status: 2, list: [2] }],
    ],
  )
})

test('a result that is to be moved has left its call when that returns; small ones and large ones', async () => {
  for (const bytes of [8, 100_000]) {
    const buffer = new ArrayBuffer(bytes)
    const given: number[] = []
    const { message, transfer } = await replyTo(
      () => move(new Uint8Array(buffer).fill(7)),
      () => given.push(buffer.byteLength),
      () => move(new Int8Array(buffer)),
    )
    const { outcomes } = message as Extract<FromWorker, { kind: 'doneChunk' }>
    assert.deepEqual(given, [0])
    assert.deepEqual(outcomes[0], { ok: true, value: new Uint8Array(bytes).fill(7), special: false })
    assert.equal(outcomes[2]?.ok, false)
    assert.equal(transfer.length, 1)
  }
})

test('what several results share is shared memory or nothing', async () => {
  const shared = new SharedArrayBuffer(4)
  const record = { n: 1 }
  const [first, second, ...views] = await arriving(
    () => record,
    () => record,
    () => new Uint8Array(shared),
    () => Buffer.from(shared),
  )
  assert.notEqual(first, second)
  for (const view of views as Uint8Array[]) assert.ok(view.buffer instanceof SharedArrayBuffer)
})
