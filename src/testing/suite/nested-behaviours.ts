/** What every executor must do with calls that its own tasks make on it. */
import { strict as assert } from 'node:assert'
import { AbortError } from '../../errors.ts'
import type { Behaviour } from './behaviour.ts'
import * as tasks from './conformance-tasks.ts'

export const nestedBehaviours: readonly Behaviour[] = [
  [
    'calls that a task makes on its own executor never wait for the place that it holds, however deep',
    async start => {
      const executor = start({ workers: 1 })
      assert.equal(await executor.run(tasks.dive, 50), 50)
      assert.deepEqual(await executor.map(tasks.dive, [3, 2, 1]), [3, 2, 1])
      assert.equal(executor.stats().workers.busy, 0)
    },
  ],
  [
    'a task may split itself without end on any number of workers',
    async start => {
      for (const workers of [1, 2]) {
        const executor = start({ workers })
        const all = await Promise.all([9, 8, 7].map(n => executor.run(tasks.fibonacci, n)))
        assert.deepEqual(all, [34, 21, 13])
        assert.equal(executor.stats().failed, 0)
      }
    },
    'alone',
  ],
  [
    'a task may map and run at once on its own executor, and others meanwhile',
    async start => {
      const executor = start({ workers: 2, queueLimit: 4 })
      const numbers = Array.from({ length: 40 }, (_, n) => n)
      const sum = numbers.reduce((total, n) => total + n * n, 0)
      const sums = [0, 1, 2].map(levels => executor.run(tasks.sumOfSquares, numbers, levels))
      assert.equal(await executor.run(tasks.square, 5), 25)
      assert.deepEqual(await Promise.all(sums), [sum, 2 * sum, 3 * sum])
    },
  ],
  [
    'a nested call’s error, values and progress reach the task that made it',
    async start => {
      const executor = start({ workers: 1 })
      assert.equal(await executor.run(tasks.catchOverdrawn, -3), 'true OVERDRAWN -3 RangeError')
      const value = { when: new Date(5), map: new Map([[1n, new Uint8Array([1, 2])]]), nan: Number.NaN }
      assert.deepEqual(await executor.run(tasks.passOn, value), value)
      const seen: number[] = []
      await executor.run(tasks.tellOn, 3).onProgress(done => seen.push(done))
      assert.deepEqual(seen, [1, 2, 3])
    },
  ],
  [
    'nested calls end with the call that made them: when it returns, and when it is cancelled',
    async start => {
      const executor = start({ workers: 2 })
      assert.equal(await executor.run(tasks.leaveOpen), 'returned')
      const begun = Promise.withResolvers<void>()
      const future = executor.run(tasks.untilNestedAborted).onProgress(() => begun.resolve())
      await begun.promise
      future.cancel()
      await assert.rejects(future, AbortError)
      assert.equal(await executor.run(tasks.square, 2), 4)
      await executor.close()
      const { queued, running, cancelled, crashes } = executor.stats()
      assert.deepEqual([queued, running, crashes], [0, 0, 0])
      assert.ok(cancelled >= 3)
    },
    'alone',
  ],
  [
    'a nested call can be cancelled, and time out, without harm to the one that made it',
    async start => {
      assert.equal(await start({ workers: 1 }).run(tasks.cancelNested), 'AbortError TimeoutError 9')
    },
  ],
  [
    'a task can’t close its own executor, and runs nothing on it once it has ended',
    async (start, { inside }) => {
      const executor = start({ workers: 1 })
      assert.equal(await executor.run(tasks.closeOwn), `NotOwnerError ${inside ?? executor.model} 1`)
      await executor.run(tasks.runLate)
      assert.equal(await executor.run(tasks.lateEndingOf), 'ClosedError')
    },
  ],
  [
    'a task that uses its own executor still runs when it is called directly',
    async () => {
      assert.equal(await tasks.dive(5), 5)
      assert.equal(await tasks.fibonacci(10), 55)
      assert.equal(await tasks.cancelNested(), 'AbortError TimeoutError 9')
    },
  ],
]
