import assert from 'node:assert/strict'
import { test } from 'node:test'
import { orderFrom, runWays } from './ways.ts'

test('copied, shared or on the memory of a kernel, the product is the known one', {
  timeout: 60_000,
}, async () => {
  const { tried, sha } = await runWays(256, 2, 0)
  assert.deepEqual(
    tried.map(({ name }) => name),
    ['serial', 'copied', 'shared', 'kernel'],
  )
  assert.equal(sha, 'bc283cfb5063d263') // By NumPy.
})

test('an order that the kernel cannot do is refused with one that it can', () => {
  assert.equal(orderFrom('1024'), 1_024)
  for (const wrong of ['', '0', '-8', '100', '8.5', 'many', '8192'])
    assert.throws(() => orderFrom(wrong), /multiple of 8.*Try 512/)
})
