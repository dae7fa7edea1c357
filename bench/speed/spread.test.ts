import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ratiosOf, spreadOf } from './spread.ts'

test('a spread is the median between the least and the greatest', () => {
  assert.deepEqual(spreadOf([3, 1, 10]), { median: 3, min: 1, max: 10 })
  assert.deepEqual(spreadOf([4, undefined, 2]), { median: 3, min: 2, max: 4 })
})

test('nothing has no spread', () => {
  assert.equal(spreadOf([]), undefined)
  assert.equal(spreadOf([undefined]), undefined)
})

test('ratios pair what ran in the same turn', () => {
  assert.deepEqual(ratiosOf([10, 20, 30], [5, 4, 3]), [2, 5, 10])
})

test('a turn that one side lacks has no ratio, and moves no other', () => {
  const second: number[] = []
  second[1] = 4
  assert.deepEqual(ratiosOf([10, 20, 30], second), [5])
  assert.deepEqual(ratiosOf(second, [1, 2, 3]), [2])
})
