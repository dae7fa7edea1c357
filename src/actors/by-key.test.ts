/** Keys go to the same one each time, evenly, and move only where they must. */
import { strict as assert } from 'node:assert'
import { suite, test } from 'node:test'
import { ByKey } from './by-key.ts'

const keys = Array.from({ length: 20_000 }, (_, n) => `user ${n}`)
const allLive = () => true

function placesIn(count: number, lives: (at: number) => boolean = allLive): (number | undefined)[] {
  const byKey = new ByKey(count)
  return keys.map(key => byKey.find(key, lives))
}

suite('keys', () => {
  for (const count of [1, 2, 3, 7, 100])
    test(`are spread evenly over ${count}, and stay where they are`, () => {
      const places = placesIn(count)
      assert.deepEqual(placesIn(count), places)
      const counts = new Map<unknown, number>()
      for (const place of places) counts.set(place, (counts.get(place) ?? 0) + 1)
      const each = keys.length / count
      assert.equal(counts.size, count)
      for (const its of counts.values()) assert.ok(Math.abs(its - each) < 5 * Math.sqrt(each), `${its}`)
    })

  test('of one that has ended go to all others alike, and no other key moves', () => {
    const [before, gone] = [placesIn(10), new Set<number>()]
    let last = before
    for (const at of [3, 9, 0]) {
      gone.add(at)
      const now = placesIn(10, place => !gone.has(place))
      for (const [n, place] of now.entries()) {
        assert.ok(place !== undefined && !gone.has(place))
        if (last[n] !== at) assert.equal(place, last[n])
      }
      const heirs = new Map<unknown, number>()
      for (const [n, place] of now.entries())
        if (last[n] === at) heirs.set(place, (heirs.get(place) ?? 0) + 1)
      assert.equal(heirs.size, 10 - gone.size)
      last = now
    }
  })

  test('go the same ways whoever ended first, and nowhere when all have', () => {
    const without = (order: readonly number[]) => {
      const [byKey, gone] = [new ByKey(6), new Set<number>()]
      return order.map(at => {
        gone.add(at)
        return keys.slice(0, 100).map(key => byKey.find(key, place => !gone.has(place)))
      })
    }
    const [one, other] = [without([0, 1, 2, 3, 4, 5]), without([4, 3, 2, 1, 0, 5])]
    assert.deepEqual(one[4], other[4])
    assert.deepEqual(one[5], new Array(100).fill(undefined))
  })

  test('of a list with one more at its end move to that one only', () => {
    const [before, after] = [placesIn(10), placesIn(11)]
    const moved = after.filter((place, n) => place !== before[n])
    assert.ok(moved.every(place => place === 10))
    assert.ok(moved.length < keys.length / 8)
  })
})
