import assert from 'node:assert/strict'
import { test } from 'node:test'
import { interleaved } from './interleave.ts'

test('the order turns round each time, also when rounds are added later', () => {
  const order = (range: { from?: number; to: number }) =>
    [...interleaved(3, range)].map(({ contender }) => contender).join('')
  assert.equal(order({ to: 3 }), '012210012')
  assert.equal(order({ from: 1, to: 3 }), '210012')
})

test('each contender runs once in each round', () => {
  const runs = [...interleaved(4, { to: 5 })].map(({ round, contender }) => `${round}/${contender}`)
  assert.equal(new Set(runs).size, 20)
  assert.equal(runs.length, 20)
})
