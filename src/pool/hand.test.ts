/** The calls in a worker's hands, next to a plain list of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { claimWindow } from '../wire/claims.ts'
import { Hand, type Held, lastSeq } from './hand.ts'

const step = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ kind: 'add', which: 0 }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove'), which: fc.nat() }) },
  fc.record({ kind: fc.constant('remove first'), which: fc.constant(0) }),
  fc.record({ kind: fc.constant('burst'), which: fc.nat(300) }),
)

test('a hand holds what a list holds, in the order it was given, with numbers that are never used twice', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const hand = new Hand<Held>()
      let list: Held[] = []
      const numbers = new Set<number>()
      const add = () => {
        const { room } = hand
        if (room === 0) return
        const item: Held = { seq: 0 }
        const seq = hand.add(item)
        assert.equal(item.seq, seq)
        assert.ok(!numbers.has(seq))
        numbers.add(seq)
        list.push(item)
      }
      const remove = (item: Held | undefined) => {
        if (item === undefined) return
        assert.equal(hand.remove(item.seq), item)
        assert.equal(hand.remove(item.seq), undefined)
        list = list.filter(other => other !== item)
      }
      for (const { kind, which } of steps) {
        if (kind === 'add') add()
        else if (kind === 'remove') remove(list[which % Math.max(1, list.length)])
        else if (kind === 'remove first') remove(list[0])
        else for (let left = which; left > 0; left -= 1) add()
        assert.equal(hand.count, list.length)
        assert.equal(hand.first, list[0])
        assert.deepEqual([...hand], list)
        for (const item of list) assert.equal(hand.get(item.seq), item)
      }
    }),
  )
})

test('the numbers in a hand span no more than the window of claims: there is no room beyond it', () => {
  const hand = new Hand<Held>()
  const first: Held = { seq: 0 }
  hand.add(first)
  const others = Array.from({ length: claimWindow - 1 }, (): Held => ({ seq: 0 }))
  for (const [at, other] of others.entries()) {
    assert.equal(hand.room, claimWindow - 1 - at)
    hand.add(other)
  }
  assert.equal(hand.room, 0)
  for (const { seq } of others) hand.remove(seq)
  assert.deepEqual([hand.count, hand.room], [1, 0], 'the oldest one holds the window')
  hand.remove(first.seq)
  assert.deepEqual([hand.count, hand.room], [0, claimWindow])
  assert.equal(hand.first, undefined)
})

test('an item whose number has changed, because another hand has it now, is not found here', () => {
  const [one, other] = [new Hand<Held>(), new Hand<Held>()]
  const item: Held = { seq: 0 }
  const seq = one.add(item)
  one.remove(seq)
  other.add({ seq: 0 })
  other.add(item)
  assert.equal(one.get(item.seq), undefined)
  assert.equal(one.get(seq), undefined)
  assert.equal(other.get(item.seq), item)
})

test('numbers that no message carries find nothing', () => {
  const hand = new Hand<Held>()
  hand.add({ seq: 0 })
  for (const seq of [0, -1, 2, claimWindow + 1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, -(2 ** 31)]) {
    assert.equal(hand.get(seq), undefined, String(seq))
    assert.equal(hand.remove(seq), undefined, String(seq))
  }
  assert.equal(hand.count, 1)
})

test('numbers that are used up begin again in an empty hand; until it is empty there is no room', () => {
  const hand = new Hand<Held>(lastSeq - 3)
  const items = Array.from({ length: 3 }, (): Held => ({ seq: 0 }))
  for (const item of items) hand.add(item)
  assert.equal(hand.room, 0)
  for (const { seq } of items) assert.ok(hand.remove(seq))
  const next: Held = { seq: 0 }
  assert.equal(hand.add(next), 1)
  assert.deepEqual([hand.first, hand.count, hand.room], [next, 1, claimWindow - 1])
})

test('calls beside the hand have numbers of their own, however many there are while the first one runs', () => {
  const hand = new Hand<{ seq: number }>()
  const first = { seq: 0 }
  const second = { seq: 0 }
  hand.add(first)
  const beside = new Set(Array.from({ length: claimWindow / 2 }, () => hand.numberBeside()))
  hand.add(second)
  for (let more = 0; more < 10 * claimWindow; more += 1) beside.add(hand.numberBeside())
  assert.equal(beside.size, 10.5 * claimWindow)
  for (const seq of beside) assert.equal(hand.get(seq), undefined)
  assert.ok(hand.room <= 0, 'no number of the window is free')
  assert.deepEqual([...hand], [first, second])
  hand.remove(first.seq)
  hand.remove(second.seq)
  assert.equal(hand.room, claimWindow)
  assert.equal(hand.get(hand.add({ seq: 0 }))?.seq, Math.max(...beside) + 1)
})
