import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countFrom } from './count-from.ts'

test('a count from the command line is a whole number from 1 up', () => {
  assert.equal(countFrom('--workers', '4'), 4)
  for (const wrong of ['', '0', '-1', '1.5', 'many', 'Infinity'])
    assert.throws(() => countFrom('--workers', wrong), /--workers takes a whole number/)
})
