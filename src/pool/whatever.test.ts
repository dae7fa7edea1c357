/** Whatever workers do and whenever they die: invariants of the whole pool. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { AbortError } from '../errors.ts'
import { both, cheap, failure, other, played } from './fixtures/play.ts'

const cost = fc.constantFrom(0.001, 0.01, 0.3, 1.5, 50)
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('submit'), which: fc.nat(6), workMs: cost }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('begin'), which: fc.nat(), workMs: cost }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('answer'), which: fc.nat(), workMs: cost }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('read'), which: fc.nat(), workMs: cost }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cancel'), which: fc.nat(), workMs: cost }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail'), which: fc.nat(), workMs: cost }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('die'), which: fc.nat(), workMs: cost }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('read cancels'), which: fc.nat(), workMs: cost }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('time'), which: fc.nat(300), workMs: cost }) },
)

played(
  'whatever workers do and whenever they die, a call runs at most once, every call is settled, and only what had begun fails',
  both,
  async (play, kind) => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom(3, Number.POSITIVE_INFINITY),
        fc.array(step, { maxLength: 120 }),
        async (workers, laneRoom, steps) => {
          const it = play({ workers, graceMs: 100, idleMs: 200, startTimeoutMs: 1_000_000 })
          const mayFail = new Set<unknown>()
          let deaths = 0
          let failedStarts = 0
          for (const { kind: what, which, workMs } of steps) {
            it.importAll()
            for (const worker of it.workers) worker.laneRoom = laneRoom
            if (what === 'submit') {
              it.submitMany(which, { of: workMs > 1 ? other : cheap, priority: which % 2 })
              continue
            }
            if (what === 'time') {
              await it.virtual.advance(which)
              continue
            }
            if (what === 'cancel') {
              const call = it.calls[which % Math.max(1, it.calls.length)]
              if (call !== undefined && call.outcome === undefined) it.cancel(call)
              continue
            }
            const alive = it.workers.filter(({ state }) => state !== 'ended')
            const worker = alive[which % Math.max(1, alive.length)]
            if (worker === undefined) continue
            if (what === 'die' || worker.state === 'killed') {
              deaths += 1
              if (worker.current !== undefined) mayFail.add(worker.current.args[0])
              if (worker.state === 'starting') failedStarts += 1
              // Rule 5: whoever waits is told.
              if (failedStarts >= 3)
                for (const call of it.calls) if (it.begins(call) === 0) mayFail.add(call.id)
              worker.die()
            } else if (worker.state === 'stopping') worker.die({ kind: 'exit', code: 0 })
            else if (worker.state === 'starting') {
              failedStarts = 0
              worker.ready()
            } else if (what === 'read') worker.read()
            else if (what === 'read cancels') worker.readCancels()
            else if (what === 'begin' && worker.current === undefined) worker.begin()
            else if (worker.current !== undefined && what === 'answer') worker.answer(undefined, workMs)
            else if (worker.current !== undefined && what === 'fail') {
              mayFail.add(worker.current.args[0])
              worker.answerBy({ kind: 'failed', failure, workMs })
            }
          }
          for (const worker of it.workers)
            if (worker.state === 'killed' && worker.current !== undefined) mayFail.add(worker.current.args[0])
          await it.settle()
          let lostUnbegun = 0
          for (const call of it.calls) {
            assert.ok(it.begins(call) <= 1, `call ${call.id} ran twice`)
            if (call.outcome?.ok) {
              assert.equal(call.ending, `done ${call.id}`)
              assert.equal(it.begins(call), 1)
            } else if (!(call.error instanceof AbortError)) {
              if (!mayFail.has(call.id)) lostUnbegun += 1
            } else
              assert.match(
                (call.error as Error).message,
                new RegExp(`^call ${call.id} was`),
                'its own reason',
              )
          }
          assert.ok(
            lostUnbegun <= (kind === 'thread' ? 0 : deaths),
            `${lostUnbegun} calls were lost that nobody had begun`,
          )
          const { queued, running, done, failed, cancelled } = it.pool.stats()
          assert.deepEqual([queued, running], [0, 0])
          assert.equal(done + failed + cancelled, it.calls.length)
          await it.close(500)
        },
      ),
      { numRuns: 250 },
    )
  },
)

played(
  'one worker takes the calls of one priority in their order, whatever dies between',
  ['thread'],
  async play => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), async steps => {
        const it = play({ workers: 1, graceMs: 100 })
        for (const { kind: what, which, workMs } of steps) {
          it.importAll()
          const worker = it.workers.at(-1)
          if (what === 'submit') it.submitMany(which)
          else if (worker === undefined || worker.state === 'ended') continue
          else if (worker.state === 'starting') worker.ready()
          else if (what === 'die' || worker.state === 'killed') worker.die()
          else if (what === 'begin' && worker.current === undefined) worker.begin()
          else if (what === 'answer' && worker.current !== undefined) worker.answer(undefined, workMs)
          else if (what === 'read') worker.read()
        }
        await it.settle()
        assert.deepEqual(
          it.order(),
          it.calls.map(({ id }) => id),
        )
      }),
      { numRuns: 150 },
    )
  },
)
