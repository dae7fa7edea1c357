/** What every executor must do when it is closed, and what it tells of itself. */
import { strict as assert } from 'node:assert'
import { ClosedError } from '../../errors.ts'
import type { Behaviour } from './behaviour.ts'
import * as tasks from './conformance-tasks.ts'
import { failure } from './failure.ts'

export const closeBehaviours: readonly Behaviour[] = [
  // ── close ──
  [
    'close waits for what was accepted (test_shutdown.test_hang_issue12364)',
    async start => {
      const executor = start({ workers: 2 })
      const futures = Array.from({ length: 50 }, (_, n) => executor.run(tasks.square, n))
      await executor.close()
      assert.ok(futures.every(future => future.state === 'done'))
    },
  ],
  [
    'a call after close is refused, and a second close is not an error (test_shutdown.test_run_after_shutdown)',
    async start => {
      const executor = start({ workers: 1 })
      await executor.run(tasks.square, 1)
      await executor.close()
      await executor.close()
      await assert.rejects(executor.run(tasks.square, 1), ClosedError)
      await assert.rejects(executor.map(tasks.square, [1]), ClosedError)
      assert.deepEqual(executor.stats().workers.busy, 0)
    },
  ],
  [
    'close without grace settles everything at once (test_shutdown.test_cancel_futures)',
    async start => {
      const executor = start({ workers: 1 })
      const futures = Array.from({ length: 10 }, () => executor.run(tasks.untilAborted))
      for (const future of futures) future.catch(() => {})
      await executor.close({ graceMs: 0 })
      for (const future of futures) {
        assert.ok((await failure(future)) instanceof ClosedError)
        assert.equal(future.state, 'cancelled')
      }
    },
  ],
  [
    'an executor that never worked closes at once',
    async start => {
      await start({ workers: 1 }).close()
    },
  ],
  [
    'statistics add up',
    async start => {
      const executor = start({ workers: 1 })
      await executor.run(tasks.square, 1)
      await failure(executor.run(tasks.overdraw, 1))
      const cancelled = executor.run(tasks.untilAborted)
      cancelled.cancel()
      const { done, failed, cancelled: stopped, queued, model } = executor.stats()
      assert.deepEqual([done, failed, stopped, queued, model], [1, 1, 1, 0, executor.model])
    },
  ],
]
