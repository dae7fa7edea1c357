/** How a tree is written. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { treeLines } from './print.ts'
import type { LiveNode } from './tree.ts'

const node = (name: string, rest: Partial<LiveNode> = {}): LiveNode => ({
  kind: 'call',
  name,
  state: 'running',
  waitsFor: [],
  inside: [],
  ...rest,
})
const lines = (...scopes: LiveNode[]) =>
  treeLines({ calls: [], scopes, executors: [], limiters: [], channels: [], others: [] })

test('lines show what is inside of what', () => {
  const tree = node('outer', {
    kind: 'scope',
    inside: [node('first', { inside: [node('deep')] }), node('second')],
  })
  assert.deepEqual(lines(tree), [
    'scope outer: running',
    '├─ first: running',
    '│  └─ deep: running',
    '└─ second: running',
  ])
})

test('ages are told in the unit that fits, and as what they are', () => {
  const aged = (ms: number, atLeast = false) => lines(node('x', { age: { ms, atLeast } }))[0]
  assert.deepEqual(
    [aged(4.6), aged(1_234), aged(59_999 + 1), aged(3_599_000, true), aged(7_320_000)],
    [
      'x: running for 5 ms',
      'x: running for 1.2 s',
      'x: running for 1 min',
      'x: running for at least 59 min',
      'x: running for 2 h 2 min',
    ],
  )
})

test('a wait as old as the one that waits is not told twice', () => {
  const age = { ms: 5_000, atLeast: false }
  const waitsFor = [
    { reason: 'the bell', age },
    { reason: 'a knock', age: { ms: 20, atLeast: false } },
    { reason: 'a voice' },
  ]
  assert.deepEqual(lines(node('x', { age, waitsFor })), [
    'x: running for 5.0 s, waits for the bell and a knock (20 ms) and a voice',
  ])
})

test('calls that are alike stand in one line, and what is left out is counted', () => {
  assert.deepEqual(lines(node('x', { count: 12_000 }), node('', { kind: 'more', count: 1_500 })), [
    'x ×12,000: running',
    '… and 1,500 more',
  ])
})

test('a name can neither break the tree nor drive the terminal', () => {
  assert.deepEqual(lines(node('a\n└─ b\u001b[2J\u009b1m')), ['a └─ b [2J 1m: running'])
  assert.equal(lines(node('x'.repeat(5_000)))[0]?.length, 400)
})
