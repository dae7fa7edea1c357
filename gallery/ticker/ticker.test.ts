import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { mulberry32 } from '../generators/mulberry32.ts'
import { market } from './ticker.ts'

test('each failure of the reporter costs the tick that it failed at, and nothing else', async () => {
  const ticks = 1_999
  const random = mulberry32(1)
  let price = 10_000
  for (let tick = 1; tick <= ticks; tick += 1) price += random() < 0.5 ? -1 : 1
  assert.deepEqual(await market(ticks), { ticks: ticks - 39, last: price, failures: 39 })
})
