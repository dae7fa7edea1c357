import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { UnderWay } from './under-way.ts'

test('whatever is added and removed in whatever order, exactly the rest is left', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 100 }), picks => {
      const list = new UnderWay<{ at: number }>()
      const model = new Set<{ at: number }>()
      for (const pick of picks) {
        const one = pick % 3 === 0 ? undefined : [...model][pick % 7]
        if (one === undefined) {
          const added = { at: -1 }
          list.add(added)
          model.add(added)
        } else {
          assert.equal(list.remove(one), model.delete(one))
          assert.equal(list.remove(one), false)
        }
        assert.equal(list.size, model.size)
        assert.deepEqual(new Set(list), model)
      }
      const left = [...model]
      assert.deepEqual(new Set(list.clear()), new Set(left))
      for (const one of left) assert.equal(list.remove(one), false)
      assert.equal(list.size, 0)
    }),
  )
})
