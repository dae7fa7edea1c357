import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { simulate } from '../../src/testing.ts'
import { dinner } from './philosophers.ts'

test('philosophers all eat, and never beside each other', async () => {
  assert.deepEqual(await dinner(5, 100), { meals: 500, together: 0 })
})

test('the same in 200 other orders', () =>
  simulate(async () => assert.deepEqual(await dinner(3, 3), { meals: 9, together: 0 }), {
    runs: 200,
    seed: 1,
  }))
