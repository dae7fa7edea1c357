import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { seededRandom } from '../runtime/seeded.ts'
import { Loads } from './loads.ts'

test('one with the least is found, whoever comes, goes, gets more or has done some', () => {
  const random = seededRandom(7)
  const loads = new Loads<{ load: number }>()
  const all: { load: number }[] = []
  for (let step = 0; step < 5_000; step += 1) {
    const one = all[Math.floor(random() * all.length)]
    const what = random()
    if (one === undefined || what < 0.05) {
      const made = { load: 0 }
      all.push(made)
      loads.add(made)
    } else if (what < 0.08) {
      loads.delete(one)
      all.splice(all.indexOf(one), 1)
    } else if (what < 0.6 || one.load === 0) {
      one.load += 1
      loads.change(one, 1)
    } else {
      one.load -= 1
      loads.change(one, -1)
    }
    const least = loads.least()
    assert.equal(loads.size, all.length)
    assert.equal(least?.load, all.length === 0 ? undefined : Math.min(...all.map(({ load }) => load)))
    if (least !== undefined) assert.equal(loads.loadOf(least), least.load)
  }
})

test('equals have their turn one after the other', () => {
  const loads = new Loads<{ name: string }>()
  const all = ['a', 'b', 'c'].map(name => ({ name }))
  for (const one of all) loads.add(one)
  const order = Array.from({ length: 6 }, () => {
    const one = loads.least() as { name: string }
    loads.change(one, 1)
    loads.change(one, -1)
    return one.name
  })
  assert.deepEqual(order.join(''), 'abcabc')
})

test('one that was chosen and has no more to do waits longest no more', () => {
  const loads = new Loads<{ name: string }>()
  for (const name of ['a', 'b', 'c']) loads.add({ name })
  const order = Array.from({ length: 5 }, () => {
    const one = loads.least() as { name: string }
    loads.change(one, 0)
    return one.name
  })
  assert.equal(order.join(''), 'abcab')
})
