/** How many calls a worker may have in its hands follows from what calls of the task have cost. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TaskCost } from './task-cost.ts'

function learnt(...costsMs: number[]): TaskCost {
  const cost = new TaskCost()
  for (const costMs of costsMs) cost.learn(costMs)
  return cost
}

test('as long as nothing is known calls go one at a time', () => {
  assert.deepEqual([learnt().inHand(true), learnt().inHand(false)], [1, 1])
})

test('cheap calls go together, about a millisecond of them', () => {
  for (const costMs of [0.01, 0.02, 0.1, 0.25]) {
    for (const takesBack of [true, false]) {
      const workMs = learnt(costMs).inHand(takesBack) * costMs
      assert.ok(workMs > 0.5 && workMs <= 1, `${workMs} ms of ${costMs} ms`)
    }
  }
})

test('so many calls go into a stretch of time as their cost says, and none of which nothing is known', () => {
  assert.deepEqual([learnt().within(1), learnt(2).within(1), learnt(0.03).within(0.1)], [0, 0, 3])
  assert.ok(learnt(0).within(0.1) <= 200)
  const uneven = learnt(...new Array(20).fill(0.001), 1, ...new Array(20).fill(0.001))
  assert.equal(uneven.within(0.1), 0, 'one that was expensive is not forgotten at once')
  for (let calls = 0; calls < 200; calls += 1) uneven.learn(0.001)
  assert.equal(uneven.within(0.1), 100)
})

test('calls that take no time that a clock could see are bounded too', () => {
  assert.ok(learnt(0, 0, 0).inHand(true) <= 2_000)
})

test('expensive calls go one at a time: sooner where they can’t be taken back', () => {
  assert.deepEqual([learnt(0.3).inHand(true), learnt(0.3).inHand(false)], [3, 1])
  assert.deepEqual([learnt(1.5).inHand(true), learnt(1.5).inHand(false)], [2, 1])
  assert.deepEqual([learnt(19).inHand(true), learnt(19).inHand(false)], [2, 1])
  assert.deepEqual([learnt(21).inHand(true), learnt(21).inHand(false)], [1, 1])
})

test('one call that is much dearer than expected counts at once, and is forgotten by and by', () => {
  const cost = learnt(...new Array(50).fill(0.01))
  assert.ok(cost.inHand(true) > 50)
  cost.learn(100)
  assert.equal(cost.inHand(true), 1)
  for (let calls = 0; calls < 100; calls += 1) cost.learn(0.01)
  assert.ok(cost.inHand(true) > 50)
})

test('whatever was learnt, the answer is a whole number of at least 1', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { maxLength: 20 }), costsMs => {
      for (const takesBack of [true, false]) {
        const many = learnt(...costsMs).inHand(takesBack)
        assert.ok(Number.isInteger(many) && many >= 1 && many <= 2_000, String(many))
      }
    }),
  )
})
