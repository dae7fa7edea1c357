/** One look at who waits. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { everyoneParked, park } from '../runtime/park.ts'
import { withRuntime } from '../runtime/runtime.ts'
import { Strand, withStrand } from '../runtime/strand.ts'
import { VirtualRuntime } from '../runtime/virtual.ts'
import { Look } from './look.ts'
import { firstOf, type LiveNode, nodesOf } from './tree.ts'

test('whoever was not told with the scopes and executors is told by name, and once', () => {
  const [told, untold] = [new Strand('told', undefined), new Strand('untold', undefined)]
  const waits = [
    park<void>('rain', {}),
    withStrand(told, () => park<void>('snow', {})),
    withStrand(untold, () => park<void>('sun', {})),
  ]
  const look = new Look()
  assert.deepEqual(
    look.waitsOf(told).map(({ reason }) => reason),
    ['snow'],
  )
  assert.deepEqual(
    look.rest().map(({ name, waitsFor }) => [name, waitsFor.map(({ reason }) => reason)]),
    [
      ['main', ['rain']],
      ['untold', ['sun']],
    ],
  )
  for (const wait of waits) wait.unpark()
  assert.deepEqual([new Look().rest(), everyoneParked()], [[], []])
})

test('what began unnoted has no age at the first look, and is at least as old as that one at the next', () => {
  const virtual = new VirtualRuntime({ seed: 1, schedule: 'fifo' })
  return virtual.until(
    withRuntime(virtual, async () => {
      const thing = {}
      const first = new Look().age(thing)
      await new Promise<void>(resolve => virtual.setTimer(250, resolve))
      assert.deepEqual([first, new Look().age(thing)], [undefined, { ms: 250, atLeast: true }])
    }),
  )
})

test('of a million things five hundred are told, and the rest counted', () => {
  const things = Array.from({ length: 1_000_000 }, (_, index) => index)
  const nodes = nodesOf(things, index => ({
    kind: 'call',
    name: String(index),
    state: 'running',
    waitsFor: [],
    inside: [],
  }))
  assert.equal(nodes.length, 501)
  assert.deepEqual([nodes[499]?.name, nodes[500]?.kind, nodes[500]?.count], ['499', 'more', 999_500])
})

test('a tree is cut at its bound, wherever that lies, and what is left out is counted', () => {
  const node = (name: string, inside: LiveNode[] = []): LiveNode => ({
    kind: 'child',
    name,
    state: 'running',
    waitsFor: [],
    inside,
  })
  const [first, rest] = firstOf([node('a', [node('b'), node('c'), node('d')]), node('e'), node('f')], 2)
  assert.deepEqual(
    first?.inside.map(({ kind, name, count }) => [kind, name, count]),
    [
      ['child', 'b', undefined],
      ['more', 'more', 2],
    ],
  )
  assert.deepEqual([rest?.kind, rest?.count], ['more', 2])
})
