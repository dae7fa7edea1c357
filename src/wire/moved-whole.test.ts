/** The short way of arrays that move does what the walk does, or leaves the message to it. */
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { markedToMove, move } from '../task/transfer.ts'
import { encode } from './codec.ts'
import { movedAmong, movedWhole } from './moved-whole.ts'
import { typedArrayClasses } from './whole-view.ts'

const threads = { sharedMemory: true, maxPayloadBytes: Number.POSITIVE_INFINITY }

class OfTheirOwn extends Float64Array {}

const taken: readonly (() => unknown[])[] = [
  () => [move(new Float64Array(8))],
  () => [1, move(new Uint8Array(8)), undefined, null, true],
  () => {
    const view = new Float32Array(8)
    move(view.buffer)
    return [view]
  },
  () => {
    const view = new Float32Array(8)
    move(view.buffer)
    return [move(view), -0]
  },
  ...typedArrayClasses.map((OfClass): (() => unknown[]) => () => [
    move(new OfClass(8 as never) as Uint8Array<ArrayBuffer>),
  ]),
]

const left: readonly (() => unknown[])[] = [
  () => [],
  () => [1],
  () => [new Float64Array(8)],
  () => [move(new Float64Array(8)), 'a text, which counts'],
  () => [move(new Float64Array(8)), { beside: 1 }],
  () => [move(new Float64Array(8)), move(new Float64Array(8))],
  () => [move(new Uint8Array(new ArrayBuffer(16), 8))],
  () => [move(new Uint8Array(new ArrayBuffer(8, { maxByteLength: 16 })))],
  () => [move(Buffer.from(new ArrayBuffer(8)))],
  () => [move(new DataView(new ArrayBuffer(8)))],
  () => [move(new ArrayBuffer(8))],
  () => [move(new OfTheirOwn(8) as Float64Array<ArrayBuffer>)],
  () => [{ inside: move(new Float64Array(8)) }],
]

test('an array that moves, alone or among primitives, is readied as the walk readies it', () => {
  for (const make of taken) {
    const [args, walked] = [make(), make()]
    const short = movedAmong(args, threads)
    const long = encode(walked, 'args', threads)
    assert.ok(short, String(make))
    assert.equal(short.value, args)
    assert.equal(short.special, long.special)
    assert.deepEqual(short.transfer, long.transfer)
    assert.deepEqual(structuredClone(short.value, { transfer: [...short.transfer] as ArrayBuffer[] }), walked)
  }
})

test('it takes every mark, so the next message copies', () => {
  for (const make of taken) {
    const args = make()
    assert.ok(movedAmong(args, threads))
    for (const arg of args) if (ArrayBuffer.isView(arg)) assert.equal(markedToMove(arg), undefined)
    assert.equal(movedAmong(args, threads), undefined)
  }
})

test('all else is left to the walk, with its marks, as is everything that goes to a process', () => {
  const processes = { sharedMemory: false, maxPayloadBytes: 1_000 }
  for (const [make, crossing] of [
    ...left.map(each => [each, threads] as const),
    ...taken.map(each => [each, processes] as const),
  ]) {
    const args = make()
    const marks = args.map(markOf)
    assert.equal(movedAmong(args, crossing), undefined, String(make))
    assert.deepEqual(args.map(markOf), marks)
  }
})

test('an array that has moved since it was marked is left to the walk, which says so', () => {
  const view = move(new Float64Array(8))
  structuredClone(view, { transfer: [view.buffer] })
  assert.equal(movedWhole(view, threads), undefined)
  assert.throws(() => encode([view], 'args', threads), /moved already/)
})

test('a result is one value: it moves alone', () => {
  const view = move(new Float64Array(8))
  assert.deepEqual(movedWhole(view, threads), { value: view, special: false, transfer: [view.buffer] })
  assert.equal(movedWhole([move(new Float64Array(8))], threads), undefined)
})

function markOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? markedToMove(value) : undefined
}
