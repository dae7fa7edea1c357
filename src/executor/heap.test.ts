import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Heap } from './heap.ts'

interface Item {
  rank: number
  at: number
}

test('a heap gives its items by rank, whatever was added, moved and taken out before', () => {
  const step = fc.record({ what: fc.nat(2), rank: fc.nat(50), which: fc.nat() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), steps => {
      const heap = new Heap<Item>(
        (one, other) => one.rank < other.rank,
        (item, at) => {
          item.at = at
        },
      )
      const there: Item[] = []
      for (const { what, rank, which } of steps) {
        const item = there[which % Math.max(1, there.length)]
        if (what === 0 || item === undefined) {
          const added = { rank, at: -1 }
          there.push(added)
          heap.add(added)
        } else if (what === 1) {
          item.rank = rank
          heap.moved(item.at)
        } else {
          there.splice(there.indexOf(item), 1)
          heap.remove(item.at)
        }
        assert.equal(
          heap.first?.rank,
          there.length === 0 ? undefined : Math.min(...there.map(one => one.rank)),
        )
      }
    }),
  )
})
