import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withRuntime } from '../runtime/runtime.ts'
import { VirtualRuntime } from '../runtime/virtual.ts'
import { task } from '../task/task.ts'
import { Tries } from './tries.ts'
import { trendCautions } from './words.ts'

const virtual = new VirtualRuntime()
/** Takes so many ms of the clock. */
const takes = task(import.meta, async function takes(ms: number): Promise<number> {
  await virtual.advance(ms)
  return ms
})
const refusesSeven = task(import.meta, function refusesSeven(n: number): number {
  if (n === 7) throw new RangeError('seven')
  return n
})
const upTo = (count: number) => Array.from({ length: count }, (_, at) => at)
const once = { repeatable: false, timeoutMs: 1_000_000 }

/** What the first so many tries of these inputs are. */
async function triedOf(inputs: readonly number[], count: number): Promise<Tries> {
  const tries = new Tries(takes, inputs, { ...once, count: inputs.length })
  await withRuntime(virtual, async () => {
    for (let turn = 0; turn < count; turn += 1) await tries.run(1, false)
  })
  return tries
}

test('the first few tries stand for all inputs, be they those of a sample or all', () => {
  const { all } = new Tries(takes, upTo(300), { ...once, count: 300 })
  assert.deepEqual(
    all.flat().toSorted((a, b) => (a as number) - (b as number)),
    upTo(300),
  )
  for (const count of [12, 24, 65]) {
    const mean = all.slice(0, count).reduce((sum, [n]) => sum + (n as number), 0) / count
    assert.ok(Math.abs(mean / 149.5 - 1) < 0.15, `${count}: ${mean}`)
  }
})

test('inputs that repeat in some period all come alike, whether early or late', () => {
  const { all } = new Tries(takes, upTo(300), { ...once, count: 300 })
  for (const period of [2, 4, 15, 30])
    for (let from = 0; from < 300; from += 60) {
      const some = all.slice(from, from + 60).filter(([n]) => (n as number) % period === 0)
      assert.ok(Math.abs(some.length - 60 / period) <= 1, `${some.length} of period ${period}`)
    }
})

test('inputs that take more and more are seen, and said; so are those that take less and less', async () => {
  const rising = (await triedOf(upTo(300), 40)).trend as number
  assert.ok(rising > 2 && rising < 4, `${rising}`)
  assert.match(trendCautions(rising).join(), /take more: its second half .* as much/)
  const falling = (await triedOf(upTo(300).toReversed(), 40)).trend as number
  assert.ok(falling < 0.5 && falling > 0.25, `${falling}`)
  assert.match(trendCautions(falling).join(), /take less/)
})

test('no trend is seen in inputs that are alike, or differ without order', async () => {
  assert.equal(
    (
      await triedOf(
        upTo(300).map(() => 5),
        40,
      )
    ).trend,
    undefined,
  )
  assert.equal(
    (
      await triedOf(
        upTo(300).map(at => 1 + ((at * 7_919) % 300)),
        40,
      )
    ).trend,
    undefined,
  )
  assert.equal((await triedOf(upTo(300), 8)).trend, undefined)
  assert.deepEqual(trendCautions(undefined), [])
})

test('an input that fails is named by its place among those that were given', async () => {
  const tries = new Tries(refusesSeven, upTo(20), { ...once, count: 20 })
  await assert.rejects(async () => {
    while ((await tries.run(1, false)) !== undefined);
  }, /threw on input 8 of 20/)
})
