/**
 * Calls that may not run twice, whose only node is gone: nobody else finds that they were begun.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep } from '../coroutines/time/sleep.ts'
import { runtime } from '../runtime/runtime.ts'
import { simulate } from '../runtime/simulate.ts'
import { keptMs } from './engine.ts'
import { leaseMs, type Machine, machines } from './fixtures/machines.ts'
import * as tasks from './fixtures/tasks.ts'

const lost = { code: 'ATONCE_NODE_LOST' }
const lookMs = 3_000

async function begun(n: number): Promise<void> {
  while (!tasks.begun.has(n)) await sleep(10)
}

/** One machine is at work on a task that takes so long. */
async function atWork(n: number, ms: number) {
  tasks.begun.clear()
  const all = machines(1, { isLocal: false })
  const [only = assert.fail()] = all.nodes
  const sinceMs = runtime().now()
  const call = all.jobs.run(tasks.charge, n, ms)
  const ending = call.then(
    value => ({ value, afterMs: runtime().now() - sinceMs }),
    (error: { code?: unknown }) => ({ code: error.code, afterMs: runtime().now() - sinceMs }),
  )
  await begun(n)
  return { all, only: only satisfies Machine, ending }
}

test('a call that may not run twice rejects though its only node died, soon after a lease', () =>
  simulate(
    async () => {
      const { all, only, ending } = await atWork(1, 1_000_000)
      await sleep(10_000) // It has given signs of life.
      only.engine.kill()
      const { afterMs, ...rest } = await ending
      assert.deepEqual(rest, lost)
      const soonest = 10_000 + leaseMs
      const latest = 10_000 + keptMs.nodes + leaseMs + 2 * lookMs
      assert.ok(afterMs > soonest && afterMs < latest, `${afterMs} ms`)
      all.start() // Whoever comes later finds the ending, and does not run it.
      await sleep(10_000)
      assert.deepEqual(tasks.begun.get(1), [1])
      await all.close()
    },
    { runs: 10 },
  ))

test('a stream that was begun by a node that died rejects, too', () =>
  simulate(
    async () => {
      const all = machines(1, { isLocal: false })
      const [only = assert.fail()] = all.nodes
      const values = all.jobs.stream(tasks.countTo, 1_000_000)
      const taken = async () => {
        for await (const value of values) if (value === 5) only.engine.kill()
      }
      await assert.rejects(taken, lost)
      await all.close()
    },
    { runs: 5 },
  ))

test('a long call of a node that is there is not given up, nor one of a node that comes back in time', () =>
  simulate(
    async () => {
      const { all, only, ending } = await atWork(2, 200_000)
      await sleep(60_000)
      only.engine.freeze()
      await sleep(leaseMs / 2)
      only.engine.thaw()
      assert.equal(((await ending) as { value?: number }).value, 2)
      await all.close()
    },
    { runs: 10 },
  ))

test('what a node comes to that was given up is dropped', () =>
  simulate(
    async () => {
      const { all, only, ending } = await atWork(3, 20_000)
      only.engine.freeze()
      const { code } = (await ending) as { code?: unknown }
      assert.equal(code, lost.code)
      only.engine.thaw()
      await sleep(30_000)
      const { done, fenced, duplicates } = only.node.counts
      assert.deepEqual([done, fenced + duplicates], [0, 1])
      await all.close()
    },
    { runs: 10 },
  ))
