/** A chunk on the far side. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AbortError } from '../../errors.ts'
import type { PackedResults } from '../../executor/map/packed.ts'
import { withRuntime } from '../../runtime/runtime.ts'
import { VirtualRuntime } from '../../runtime/virtual.ts'
import { CallContext, context } from '../../task/context.ts'
import { task } from '../../task/task.ts'
import { move } from '../../task/transfer.ts'
import type { WireFailure } from '../../wire/failure.ts'
import { type ChunkOutcome, callEach, chunkReply } from './chunk-call.ts'

const meta = { url: 'file:///work.ts' } as ImportMeta
const call = () => new CallContext(1, 'thread 1', { report() {}, pollCancelled: () => false })
const crossing = { sharedMemory: true, maxPayloadBytes: 2 ** 20 }

function replyTo(values: unknown[], failures: ReadonlyMap<number, unknown> = new Map()) {
  const outcome: ChunkOutcome = { values, failures, longestMs: 3 }
  const failed = (error: unknown): WireFailure => ({ error: String(error) }) as unknown as WireFailure
  return chunkReply(5, outcome, 7, crossing, failed)
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
    const { longestMs: told } = await withRuntime(time, () => callEach(spend, costs, call()))
    assert.ok(Math.abs(told - longestMs) < 0.05 * longestMs, `${told} of ${calls} calls`)
  }
})

test('a call that fails leaves the others alone, in synchronous tasks and in asynchronous ones', async () => {
  const failing = (n: number) => {
    if (n === 1) throw new RangeError('one')
    return n
  }
  for (const work of [task(meta, (n: number) => failing(n)), task(meta, async (n: number) => failing(n))]) {
    const { values, failures } = await callEach(work, [0, 1, 2], call())
    assert.deepEqual(values, [0, undefined, 2])
    assert.deepEqual([...failures], [[1, new RangeError('one')]])
  }
})

test('each call sees its context; after a cancel no further call begins', async () => {
  const own = call()
  const called: string[] = []
  const work = task(meta, (n: number) => {
    called.push(`${n} on ${context().worker}`)
    if (n === 1) own.cancel(new AbortError('enough'))
  })
  await assert.rejects(callEach(work, [0, 1, 2], own), /enough/)
  assert.deepEqual(called, ['0 on thread 1', '1 on thread 1'])
})

test('results that are all numbers go as one typed array, moved if it is large', () => {
  for (const [Kind, count, moves] of [
    [Int32Array, 100, 0],
    [Int32Array, 10_000, 1],
    [Float64Array, 10_000, 1],
  ] as const) {
    const numbers = Array.from({ length: count }, (_, n) => (Kind === Int32Array ? n : n / 2))
    const { message, transfer } = replyTo(numbers)
    assert.equal(message.kind, 'done')
    const reply = (message as { value: unknown }).value as PackedResults
    assert.deepEqual(reply, { values: Kind.from(numbers), special: [], longestMs: 3 })
    assert.equal(transfer.length, moves)
  }
})

test('other results go as a list that says which of them must be revived', () => {
  const { message } = replyTo([1, 'text', Buffer.from('b'), undefined])
  assert.deepEqual(((message as { value: unknown }).value as PackedResults).special, [2])
})

test('where a call failed, or its result can not be sent, each outcome is told for itself', () => {
  const thrown = replyTo([1, undefined], new Map([[1, 'thrown']])).message
  const outcomes = [
    { ok: true, value: 1, special: false },
    { ok: false, failure: { error: 'thrown' } },
  ]
  assert.deepEqual(thrown, { kind: 'doneChunk', seq: 5, workMs: 7, outcomes })
  const unsendable = replyTo([1, () => {}]).message as unknown as { outcomes: { ok: boolean }[] }
  assert.deepEqual(
    unsendable.outcomes.map(({ ok }) => ok),
    [true, false],
  )
})

test('a buffer that two results move is moved once', () => {
  const buffer = new ArrayBuffer(8)
  const { transfer } = replyTo([move(new Uint8Array(buffer)), move(new Int8Array(buffer))])
  assert.deepEqual(transfer, [buffer])
})
