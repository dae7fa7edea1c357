/** The queue, next to the simplest thing that does the same: a list that is sorted. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PriorityQueue } from './queue.ts'

interface Item {
  readonly priority: number
}

/** Items in the order in which they should leave. */
class Model {
  items: Item[] = []
  push(item: Item): void {
    const at = this.items.findIndex(({ priority }) => priority < item.priority)
    this.items.splice(at === -1 ? this.items.length : at, 0, item)
  }
  unshift(item: Item): void {
    const at = this.items.findIndex(({ priority }) => priority <= item.priority)
    this.items.splice(at === -1 ? this.items.length : at, 0, item)
  }
}

const step = fc.oneof(
  fc.record({ kind: fc.constantFrom('push', 'push', 'unshift'), priority: fc.integer({ min: -2, max: 2 }) }),
  fc.record({ kind: fc.constant('push'), priority: fc.double({ noNaN: true, noDefaultInfinity: true }) }),
  fc.record({ kind: fc.constantFrom('shift', 'withdraw', 'put back'), priority: fc.nat() }),
)

test('higher priorities leave first, within one first come, first served; whatever is withdrawn or put back', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const queue = new PriorityQueue<Item>()
      const model = new Model()
      for (const { kind, priority } of steps) {
        if (kind === 'push' || kind === 'unshift') {
          const item = { priority }
          queue[kind](item)
          model[kind](item)
        } else if (kind === 'shift') {
          assert.equal(queue.shift(), model.items.shift())
        } else if (kind === 'withdraw') {
          const item = model.items[priority % Math.max(1, model.items.length)]
          if (item === undefined) continue
          assert.equal(queue.withdraw(item), true)
          model.items = model.items.filter(other => other !== item)
          assert.equal(queue.withdraw(item), false)
        } else {
          const item = queue.shift()
          if (item !== undefined) queue.unshift(item)
        }
        assert.equal(queue.size, model.items.length)
        assert.deepEqual([...queue], model.items)
      }
      while (queue.size > 0) assert.equal(queue.shift(), model.items.shift())
      assert.equal(queue.shift(), undefined)
    }),
    { numRuns: 300 },
  )
})

test('an item that was never there can’t be withdrawn', () => {
  const queue = new PriorityQueue<Item>()
  queue.push({ priority: 0 })
  assert.equal(queue.withdraw({ priority: 0 }), false)
  assert.equal(queue.withdraw({ priority: 7 }), false)
  assert.equal(queue.size, 1)
})
