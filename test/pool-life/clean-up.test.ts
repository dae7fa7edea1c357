/** What runs when the grace of a close is over is told, and cleans up. On real workers. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ClosedError } from '../../src/errors.ts'
import { processes } from '../../src/processes/processes.ts'
import { threads } from '../../src/threads/threads.ts'
import { loops, waits, yields } from './clean-up-tasks.ts'

for (const [name, start] of Object.entries({ threads, processes }))
  test(`calls that close() cuts off run their finally: ${name}`, { timeout: 90_000 }, async t => {
    const folder = mkdtempSync(join(tmpdir(), 'atonce-clean-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const pool = start({ workers: 3, graceMs: 60_000 })
    const begun = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const
    const calls = [
      pool.run(waits, join(folder, 'waits')).onProgress(() => begun[0].resolve()),
      pool.run(loops, join(folder, 'loops')).onProgress(() => begun[1].resolve()),
    ]
    const failed = calls.map(call => assert.rejects(call, ClosedError))
    const stream = pool.stream(yields, join(folder, 'yields'))
    await stream.next()
    await Promise.all(begun.map(({ promise }) => promise))
    await pool.close({ graceMs: 0 })
    await Promise.all(failed)
    assert.deepEqual(readdirSync(folder).sort(), ['loops', 'waits', 'yields'])
    assert.equal(pool.stats().crashes, 0)
  })
