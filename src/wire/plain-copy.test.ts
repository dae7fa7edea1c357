/** The quick copy of plain values takes nothing that it would change. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { move } from '../task/transfer.ts'
import { notPlain, PlainCopy } from './plain-copy.ts'
import { tag } from './stand-in.ts'

const copier = new PlainCopy(1_000)

test('a plain value is copied as the platform copies it, in all its depth', () => {
  const plain = fc.object({
    withBigInt: true,
    withTypedArray: true,
    key: fc.string({ maxLength: 6 }),
    maxDepth: 3,
    maxKeys: 4,
  })
  let copied = 0
  fc.assert(
    fc.property(plain, value => {
      const copy = copier.of(value)
      if (copy === notPlain) return
      copied += 1
      assert.deepStrictEqual(copy, structuredClone(value))
      assert.notEqual(copy, value)
      for (const [key, part] of Object.entries(value as object))
        if (typeof part === 'object' && part !== null)
          assert.notEqual((copy as Record<string, unknown>)[key], part)
    }),
    { numRuns: 2_000 },
  )
  assert.ok(copied > 1_000, `${copied} were plain`)
})

test('what is left to the scan: all that a walk over plain things would change, or must not pass', () => {
  const shared = { a: 1 }
  const round: unknown[] = []
  round.push(round)
  const { buffer } = new Uint8Array(4)
  const others: Record<string, object> = {
    'one object twice': [shared, shared],
    'a circle': round,
    'two arrays on one buffer': [new Uint8Array(buffer), new Uint8Array(buffer)],
    'a window on a buffer': new Uint8Array(buffer, 1),
    'an array to be moved': move(new Uint8Array(1)),
    'an array whose buffer is to be moved': [[new Uint8Array(move(new ArrayBuffer(1)))]],
    'an array on shared memory': new Uint8Array(new SharedArrayBuffer(1)),
    'a Buffer': Buffer.from('x'),
    'a Date': new Date(),
    'a Map': new Map(),
    'an instance': new (class Point {})(),
    'a subclass of Array': new (class List extends Array {})(),
    'a function in it': [() => {}],
    'a symbol in it': { a: Symbol('x') },
    'a name that is a symbol': { [Symbol('x')]: 1 },
    'a list with one': Object.assign([1], { [Symbol('x')]: 1 }),
    'a list with a name': Object.assign([1], { name: 1 }),
    'a hole': new Array(1),
    'the name __proto__': JSON.parse('{"__proto__":1}'),
    'the name of stand-ins': { [tag]: 'Error' },
    'a proxy': new Proxy({}, {}),
    'a record of another realm': runInNewContext('({})'),
    'a getter that throws': {
      get now() {
        throw new RangeError('no clock')
      },
    },
    'much text': { text: 'x'.repeat(600), more: 'x'.repeat(401) },
    'large arrays': new Uint8Array(1_001),
    'many parts': new Array(65).fill(1),
    'many objects': Array.from({ length: 64 }, () => ({})),
  }
  for (const [what, value] of Object.entries(others)) assert.equal(copier.of(value), notPlain, what)
  assert.deepEqual(
    copier.of({ text: 'x'.repeat(1_000) }),
    { text: 'x'.repeat(1_000) },
    'nothing is left of those before',
  )
})
