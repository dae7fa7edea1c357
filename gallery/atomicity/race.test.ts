import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

test('array[0]++ on two threads is found as a race, with the line of both', { timeout: 60_000 }, async () => {
  const program = fileURLToPath(new URL('race.ts', import.meta.url))
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [program])
  assert.match(stdout, /two threads have added 1: [12]/)
  const places = stderr.match(/at increment .*tasks\.ts:\d+/g) ?? []
  assert.ok(places.length >= 2, stderr)
})
