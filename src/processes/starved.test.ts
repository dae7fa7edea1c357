/** A process that computes could go on; one that is stopped, asleep or gone could not. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { isStarved } from './starved.ts'

test('what waits for a core is told from what is stopped', {
  skip: !existsSync('/proc/self/task'),
  timeout: 60_000,
}, async () => {
  const child = spawn(process.execPath, ['-e', 'for (;;);'])
  const pid = child.pid ?? assert.fail('no process')
  try {
    while (!isStarved(pid)) await turn()
    child.kill('SIGSTOP')
    while (isStarved(pid)) await turn()
  } finally {
    child.kill('SIGKILL')
  }
  await once(child, 'exit')
  assert.equal(isStarved(pid), false)
})
