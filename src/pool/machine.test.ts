/** How many workers this machine carries. */
import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { afterEach, test } from 'node:test'
import { OptionError } from '../errors.ts'
import { machine } from './machine.ts'

const key = 'ATONCE_WORKERS'
const before = process.env[key]
afterEach(() => {
  if (before === undefined) delete process.env[key]
  else process.env[key] = before
})

test('without a word from the user, there are as many workers as cores, or fewer where a quota says so', () => {
  for (const unset of [undefined, '']) {
    if (unset === undefined) delete process.env[key]
    else process.env[key] = unset
    const { cores, quotaCores, requestedWorkers, workers } = machine()
    assert.equal(cores, availableParallelism())
    assert.equal(requestedWorkers, undefined)
    assert.equal(workers, Math.max(1, Math.min(cores, Math.ceil(quotaCores ?? cores))))
  }
})

test('ATONCE_WORKERS wins, more or fewer than there are cores', () => {
  for (const workers of [1, 3, 1_000]) {
    process.env[key] = String(workers)
    const found = machine()
    assert.deepEqual([found.requestedWorkers, found.workers], [workers, workers])
    assert.equal(found.cores, availableParallelism())
  }
})

test('an ATONCE_WORKERS that is no number of workers is refused, as it is', () => {
  for (const text of ['0', '-1', '2.5', 'four', '4 cores', 'NaN', 'Infinity', ' ', 'true']) {
    process.env[key] = text
    assert.throws(
      () => machine(),
      (error: unknown) =>
        error instanceof OptionError && error.message.includes(`it is ${JSON.stringify(text)}.`),
      text,
    )
  }
})
