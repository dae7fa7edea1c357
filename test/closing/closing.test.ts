/**
 * What was accepted before an executor closes ends within the grace: every kind of call, every way
 * to close, every model.
 */
import { strict as assert } from 'node:assert'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('program.ts', import.meta.url))
const numbers = (to: number) => Array.from({ length: to }, (_, n) => n)

const expected = {
  run: numbers(20),
  map: numbers(100),
  'map, iterated': numbers(40),
  stream: numbers(20),
  loan: numbers(20),
  nested: [...numbers(4), ...numbers(4)],
  'map, not asked for yet': numbers(60),
}

for (const model of ['coroutines', 'threads', 'processes'])
  for (const how of ['close', 'block', 'SIGTERM', 'SIGINT'])
    test(`nothing accepted is lost: ${model}, ${how}`, { timeout: 90_000 }, async t => {
      const child = fork(program, [model, how], { detached: true })
      t.after(() => child.kill('SIGKILL'))
      for (;;) {
        const [said] = await once(child, 'message', { signal: t.signal })
        if (said.working)
          process.kill(-(child.pid as number), how as NodeJS.Signals) // To the whole group.
        else {
          assert.deepEqual(said.outcomes, expected)
          return
        }
      }
    })
