import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { TaskLoadError } from '../../src/errors.ts'
import { threads } from '../../src/threads/threads.ts'
import { double } from './short-tasks.ts'

test('a worker that could not read a module for want of open files is replaced: a later call may succeed', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'atonce-short-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const granted = join(folder, 'granted')
  await using pool = threads({ workers: 1, env: { ATONCE_TEST_GRANTED: granted } })
  await assert.rejects(pool.run(double, 1), (error: unknown) => {
    assert.ok(error instanceof TaskLoadError)
    assert.match(error.message, /EMFILE.*\n.*ulimit -n/s)
    return true
  })
  writeFileSync(granted, '')
  assert.equal(await pool.run(double, 2), 4)
  assert.equal(pool.stats().crashes, 0)
})
