/** What a worker says while it is asked to end arrives. On real threads. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { threads, type WorkerOutput } from '../../src/index.ts'
import * as tasks from './tasks.ts'

test('what the exit handlers of a thread print is there when its pool has closed', async () => {
  const printed: WorkerOutput[] = []
  const pool = threads({ workers: 2, onOutput: output => printed.push(output) })
  await pool.runOnEach(tasks.printAtExit, 'the last line')
  await pool.close()
  assert.deepEqual(printed.map(({ worker, text }) => [worker, text]).sort(), [
    ['thread 1', 'the last line\n'],
    ['thread 2', 'the last line\n'],
  ])
})

test('what a call leaves to be printed is there though its pool closes at once', async () => {
  const printed: string[] = []
  const pool = threads({ workers: 1, onOutput: ({ text }) => printed.push(text) })
  await pool.run(tasks.printLater, 'later')
  await pool.run(tasks.printAtExit, 'at the exit') // The turn of the first one is over then.
  await pool.close()
  assert.deepEqual(printed, ['later\n', 'at the exit\n'])
})

test('an error that a call leaves is told though its pool closes at once', { timeout: 60_000 }, async t => {
  const warnings: string[] = []
  const note = ({ message }: Error) => void warnings.push(message)
  process.on('warning', note)
  t.after(() => process.off('warning', note))
  for (const how of ['rejection', 'tick', 'microtask'] as const) {
    warnings.length = 0
    const pool = threads({ workers: 1 })
    const ending = await pool.run(tasks.leaveError, how).catch((error: Error) => error)
    await pool.close()
    await turn() // A warning comes at the end of the turn.
    const told = ending instanceof Error ? [ending.message, ...warnings] : warnings
    assert.ok(
      told.some(text => /left behind/.test(text)),
      `${how}: ${told}`,
    )
  }
})
