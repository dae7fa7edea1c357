/**
 * An error that a call has left behind reaches somebody, whatever waits for the worker that dies of
 * it: a call fails with it, or else a warning tells it. On real workers.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { type Executor, processes, type ThreadsOptions, threads } from '../../src/index.ts'
import { until } from '../../src/testing/suite/until.ts'
import * as tasks from './tasks.ts'

const itself = /leaveError .*RangeError: left behind$/

/** What is submitted at once behind the call that leaves an error; how many run side by side. */
const behind: Record<string, [sideBySide: number, submit: (pool: Executor) => Promise<unknown>[]]> = {
  'a call': [1, pool => [pool.run(tasks.twice, 1)]],
  'several calls': [1, pool => [1, 2, 3].map(n => pool.run(tasks.twice, n))],
  'calls side by side': [3, pool => [1, 2, 3].map(n => pool.run(tasks.twice, n))],
  'a map': [1, pool => [pool.map(tasks.twice, [1, 2, 3, 4, 5, 6])]],
  'a stream': [1, pool => [Array.fromAsync(pool.stream(tasks.countTo, 3))]],
}

const models = {
  threads: [threads, ['rejection', 'tick', 'microtask']],
  processes: [processes, ['rejection']],
} satisfies Record<string, [(options: ThreadsOptions) => Executor, ('rejection' | 'tick' | 'microtask')[]]>

for (const [model, [make, ways]] of Object.entries(models))
  for (const [what, [callsPerWorker, submit]] of Object.entries(behind))
    test(`${model}: what a call leaves is told with ${what} behind it`, { timeout: 60_000 }, async t => {
      const warnings: Error[] = []
      const note = (warning: Error) => warnings.push(warning)
      process.on('warning', note)
      t.after(() => process.off('warning', note))
      await using pool = make({ workers: 1, callsPerWorker })
      for (const [at, how] of ways.entries()) {
        warnings.length = 0
        await pool.run(tasks.twice, 0) // From here on nothing waits for an import of the module.
        const endings = await Promise.allSettled([pool.run(tasks.leaveError, how), ...submit(pool)])
        await until(() => pool.stats().crashes === at + 1)
        await turn() // A warning comes at the end of the turn.
        const failures = endings.flatMap(ending => (ending.status === 'rejected' ? [ending.reason] : []))
        const told = [...failures, ...warnings].map(({ message }: Error) => message)
        assert.ok(told.length > 0, `${how}: somebody is told`)
        for (const text of told) assert.match(text, itself)
      }
    })
