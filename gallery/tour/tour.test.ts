/** Every model says what it should. */
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { tour } from './tour.ts'

test('the tour shows every model, and each answer is right', { timeout: 120_000 }, async () => {
  const stops = await Array.fromAsync(tour())
  assert.deepEqual(
    stops.filter(({ right }) => !right),
    [],
  )
  assert.equal(stops.length, 10)
})
