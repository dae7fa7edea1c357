/** What a hand takes and what is moved out of it, whatever lies there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Inlet } from '../executor/backend.ts'
import type { ReadyJob } from '../executor/ready-job.ts'
import { TaskCost } from '../executor/task-cost.ts'
import {
  isLate,
  lowestWaiting,
  patience,
  roomFor,
  roomWithin,
  type SeenHand,
  waitsLong,
  wantsMore,
} from './worth.ts'

const learnt = fc.array(fc.constantFrom(0.0001, 0.004, 0.02, 0.1, 0.3, 1, 5, 19, 21, 400), { maxLength: 8 })
const costs = learnt.map(times => {
  const cost = new TaskCost()
  for (const ms of times) cost.learn(ms)
  return cost
})
const jobs = fc.record({
  cost: costs,
  stream: fc.constantFrom(undefined, undefined, {} as Inlet),
  priority: fc.integer({ min: -3, max: 3 }),
})
const hands = fc.record({ all: fc.array(jobs, { maxLength: 6 }), room: fc.nat(4096), more: fc.nat(500) }).map(
  ({ all, room, more }): SeenHand => ({
    // Only the first six of a large hand are told apart.
    count: all.length === 0 ? 0 : all.length + (all.length > 1 ? more : 0),
    room,
    first: all[0],
    [Symbol.iterator]: () => all.values() as Iterator<Pick<ReadyJob, 'priority'>>,
  }),
)
const bounds = fc.record({
  takesBack: fc.boolean(),
  capacity: fc.constantFrom(1, 64, 2048),
  callsLeft: fc.constantFrom(0, 3, 1_000_000),
})

test('a hand is never given more than its numbers, its capacity and the worker’s wear allow', () => {
  fc.assert(
    fc.property(hands, costs, bounds, (hand, cost, its) => {
      const room = roomFor(hand, cost, its)
      if (room <= 0) return
      assert.ok(hand.count + room <= its.capacity)
      assert.ok(room < hand.room, 'one number stays free')
      assert.ok(room <= its.callsLeft)
    }),
    { numRuns: 2_000 },
  )
})

test('nothing goes behind a stream, into an empty hand, or behind what is unknown; nor does the unknown go behind anything', () => {
  fc.assert(
    fc.property(hands, costs, bounds, (hand, cost, its) => {
      const { first } = hand
      const isUnknown = Number.isNaN(cost.expectedMs) || Number.isNaN(first?.cost.expectedMs ?? 0)
      if (first === undefined || first.stream !== undefined || isUnknown)
        assert.ok(roomFor(hand, cost, its) <= 0)
    }),
    { numRuns: 2_000 },
  )
})

test('a dearer call, a smaller worker, or one from which nothing can be taken back is never given more', () => {
  fc.assert(
    fc.property(hands, costs, bounds, fc.constantFrom(0.01, 0.3, 30), (hand, cost, its, moreMs) => {
      const room = roomFor(hand, cost, its)
      const dearer = new TaskCost()
      dearer.learn((Number.isNaN(cost.expectedMs) ? 0 : cost.expectedMs) + moreMs)
      if (!Number.isNaN(cost.expectedMs)) assert.ok(roomFor(hand, dearer, its) <= room)
      assert.ok(roomFor(hand, cost, { ...its, capacity: its.capacity >> 1 }) <= room)
      assert.ok(
        roomFor(hand, cost, { ...its, takesBack: false }) <= roomFor(hand, cost, { ...its, takesBack: true }),
      )
    }),
    { numRuns: 2_000 },
  )
})

test('before so many milliseconds are full there is no more room than at all, and all in the hand fit into them', () => {
  fc.assert(
    fc.property(hands, costs, bounds, fc.constantFrom(0.01, 0.1, 2), (hand, cost, its, ms) => {
      const within = roomWithin(ms, hand, cost, its)
      if (within <= 0) return
      assert.ok(within <= roomFor(hand, cost, its))
      assert.ok((hand.count + within) * cost.expectedMs <= ms * 1.001 || cost.expectedMs < 0.0005)
    }),
    { numRuns: 2_000 },
  )
})

test('more is wanted from the middle on: with half of its hand a worker wants more, with more than that it does not', () => {
  const cost = new TaskCost()
  cost.learn(0.01)
  const at = (count: number) =>
    wantsMore(
      { count, room: 1, first: { cost, stream: undefined }, [Symbol.iterator]: () => [].values() },
      true,
      2048,
    )
  assert.deepEqual([1, 50, 51, 100].map(at), [true, true, false, false])
})

test('what waits is moved or late only behind a first call, and the longer it has run the later it is', () => {
  fc.assert(
    fc.property(hands, fc.nat(1000), fc.nat(1000), (hand, sinceMs, moreMs) => {
      if (hand.count < 2) assert.ok(!waitsLong(hand) && !isLate(hand, 1e9, 0))
      if (isLate(hand, sinceMs, 2)) assert.ok(isLate(hand, sinceMs + moreMs, 2))
      assert.ok(!isLate(hand, 1, 2), 'never before the slack is over')
      const { expectedMs } = hand.first?.cost ?? new TaskCost()
      if (waitsLong(hand)) assert.ok((hand.count - 1) * expectedMs >= 0.2 && expectedMs >= 0.02)
      if (hand.count >= 2 && Number.isNaN(expectedMs)) assert.equal(isLate(hand, 2, 2), true)
    }),
    { numRuns: 2_000 },
  )
})

test('the lowest priority of what waits is found without what was begun', () => {
  const lowest = (priorities: readonly number[], begun: number) => {
    const hand = priorities.map(priority => ({ priority }))
    return lowestWaiting(hand, hand.slice(0, begun))
  }
  assert.deepEqual(
    [lowest([], 0), lowest([-7], 1), lowest([-7, 2], 1), lowest([-7, 2, -1, 5], 1)],
    [Infinity, Infinity, 2, -1],
  )
  assert.equal(lowest([-7, 2], 0), -7, 'its worker still starts')
})

test('answers to few calls are awaited one by one, those to many by halves, up to a limit', () => {
  assert.deepEqual([0, 1, 47, 48, 49, 800, 801, 4096].map(patience), [0, 0, 0, 24, 24, 400, 400, 400])
})
