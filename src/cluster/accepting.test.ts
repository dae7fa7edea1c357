/** Arguments that a task does not take are refused on the node, before it is called. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep } from '../coroutines/time/sleep.ts'
import { OptionError } from '../errors.ts'
import { simulate } from '../runtime/simulate.ts'
import { task } from '../task/task.ts'
import { ArgumentsRefusedError } from './errors.ts'
import { machines } from './fixtures/machines.ts'
import { half, halved, untilStopped } from './fixtures/tasks.ts'

test('a task is not called with arguments that its schema refuses, in a call or in a map', () =>
  simulate(
    async () => {
      halved.length = 0
      const all = machines(1)
      assert.equal(await all.jobs.run(half, 4), 2)
      await assert.rejects(
        all.jobs.run(half, 'four' as never),
        (error: Error) =>
          error instanceof ArgumentsRefusedError && error.issues[0] === 'args[0]: a number is expected',
      )
      await assert.rejects(all.jobs.map(half, [2, 'six' as never, 8]), ArgumentsRefusedError)
      const submitted = await all.jobs.submit(half, [null as never], { retries: 3 })
      await assert.rejects(submitted.result(), ArgumentsRefusedError)
      assert.ok(halved.every(n => typeof n === 'number'))
      await all.close()
    },
    { runs: 5 },
  ))

test('what is no schema is refused where the task is declared', () => {
  const plain = () => {}
  assert.throws(() => task(import.meta, plain, { accepts: {} as never }), OptionError)
})

test('a queue tells how old its oldest task is, and how many of the taken were taken before', () =>
  simulate(
    async () => {
      const all = machines(1)
      const handles = [await all.jobs.submit(untilStopped, []), await all.jobs.submit(half, [2])]
      await sleep(1_500)
      const { queues } = await all.jobs.status()
      const { waiting = 0, taken = 0, redelivered } = queues[0] ?? {}
      assert.deepEqual([waiting + taken, redelivered], [2, 0])
      assert.ok((queues[0]?.oldestMs ?? 0) >= 1_500)
      for (const handle of handles) await handle.cancel()
      await all.close()
    },
    { runs: 1 },
  ))
