/** What only threads have. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OptionError } from '../errors.ts'
import { double } from './fixtures/tasks.ts'
import { threads } from './threads.ts'

test('threads that spin answer as threads do, one call after the other and many at once', async () => {
  await using pool = threads({ workers: 2, spinUs: 50 })
  for (let n = 0; n < 50; n += 1) assert.equal(await pool.run(double, n), 2 * n)
  const numbers = Array.from({ length: 500 }, (_, at) => at)
  assert.deepEqual(
    await Promise.all(numbers.map(n => pool.run(double, n))),
    numbers.map(n => 2 * n),
  )
})

test('a spin that is no time, or too long, is refused', () => {
  for (const spinUs of [-1, Number.NaN, 1_001, '5' as never])
    assert.throws(() => threads({ spinUs }), { name: OptionError.name, message: /0 to 1000 microseconds/ })
})
