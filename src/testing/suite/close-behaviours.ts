/** What every executor must do when it is closed, and what it tells of itself. */
import { strict as assert } from 'node:assert'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { AbortError, ClosedError } from '../../errors.ts'
import type { CallEndEvent, CallStartEvent } from '../../trace.ts'
import * as ability from './ability-tasks.ts'
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
    'alone',
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
    'alone',
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
    'alone',
  ],
  [
    'an executor that never worked closes at once',
    async start => {
      await start({ workers: 1 }).close()
    },
    'alone',
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
    'alone',
  ],

  // ── how long calls wait and run ──
  [
    'stats() tells how long calls waited and ran',
    async start => {
      const executor = start({ workers: 1 })
      if (executor.model === 'auto') return // A known limit: it hands calls on to executors that tell their own.
      const { queueMs, runMs } = executor.stats()
      assert.deepEqual([queueMs.count, runMs.count, runMs.p99], [0, 0, 0])
      await Promise.all([
        executor.run(tasks.wait, 60),
        executor.run(tasks.wait, 60),
        executor.run(tasks.square, 2),
      ])
      await assert.rejects(executor.run(tasks.overdraw, -1))
      const after = executor.stats()
      assert.deepEqual([after.queueMs.count, after.runMs.count], [4, 4])
      assert.ok(after.runMs.max >= 55 && after.runMs.p50 < after.runMs.max && after.runMs.min < 55)
      assert.ok(after.queueMs.max >= 110, 'the last one waited for both')
      assert.ok(after.queueMs.p999 <= after.queueMs.max && after.queueMs.mean <= after.queueMs.max)
      await executor.map(
        tasks.square,
        Array.from({ length: 500 }, (_, n) => n),
      )
      const { count } = executor.stats().runMs
      assert.ok(count > 4 && count <= 504, 'those that were measured, and those that they stand for')
      await executor.run(tasks.dive, 2)
      assert.ok(executor.stats().queueMs.max < 60_000, 'a nested call came after the clock was last read')
    },
    'alone',
  ],
  [
    'who listens on diagnostics_channel hears when calls begin and end',
    async start => {
      const executor = start({ workers: 1 })
      const heard: (CallStartEvent | CallEndEvent)[] = []
      const hear = (event: unknown) => heard.push(event as CallEndEvent)
      for (const name of ['atonce.call.start', 'atonce.call.end']) subscribe(name, hear)
      try {
        const begun = Promise.withResolvers<void>()
        await executor.run(tasks.wait, 5)
        const stopped = executor.run(ability.untilStopped).onProgress(() => begun.resolve())
        await begun.promise
        stopped.cancel()
        await assert.rejects(stopped, AbortError)
        await assert.rejects(executor.run(tasks.overdraw, -1))
      } finally {
        for (const name of ['atonce.call.start', 'atonce.call.end']) unsubscribe(name, hear)
      }
      const told = heard.map(event => ('outcome' in event ? `${event.task} ${event.outcome}` : event.task))
      assert.deepEqual(told, [
        ...['wait', 'wait done', 'untilStopped', 'untilStopped cancelled'],
        ...['overdraw', 'overdraw failed'],
      ])
      const [begins, ends] = heard as [CallStartEvent, CallEndEvent]
      assert.ok(begins.queueMs >= 0 && ends.queueMs === begins.queueMs && ends.calls === 1)
      assert.ok((ends.runMs ?? 0) >= 4 && ends.executor === begins.executor)
      assert.deepEqual([ends.id, ends.beganMs, ends.cameMs], [begins.id, begins.beganMs, begins.cameMs])
      const { cameMs = 0, beganMs = 0 } = begins
      assert.ok(cameMs <= beganMs && beganMs < ends.endedMs)
      assert.equal(new Set(heard.map(({ id }) => id)).size, 3)
    },
  ],
]
