/** A node that comes back between the record that it has begun a task, and the run. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep } from '../coroutines/time/sleep.ts'
import { type Parked, park } from '../runtime/park.ts'
import { simulate } from '../runtime/simulate.ts'
import type { Records } from './engine.ts'
import { leaseMs, type Machine, machines } from './fixtures/machines.ts'
import * as tasks from './fixtures/tasks.ts'

/** The machine hears what becomes of that change of a result only when it is let. */
function hold({ engine }: Machine, act: 'create' | 'replace', before: boolean): Parked<void> {
  const held = park<void>(`to be let ${act}`, engine)
  const records = engine.records.bind(engine)
  engine.records = bucket => {
    const real = records(bucket)
    if (bucket !== 'results') return real
    const slow = async (...words: Parameters<Records['replace']>) => {
      if (before) await held.promise
      const revision = await (real[act] as Records['replace'])(...words)
      if (!before) await held.promise
      return revision
    }
    return { ...real, [act]: slow }
  }
  return held
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(10)
}

/** One machine has begun the task in the store, was frozen past its lease, and does not run it. */
async function late(then: 'settled' | 'being settled') {
  tasks.begun.clear()
  const all = machines(1, { isLocal: false })
  const [first = assert.fail()] = all.nodes
  const begun = hold(first, 'create', false)
  const { id, result } = await all.jobs.submit(tasks.charge, [7, 0])
  const results = all.store.records('results')
  while ((await results.get(id)) === undefined) await sleep(10)
  first.engine.freeze()
  const second = all.start()
  const settling = hold(second, 'replace', true)
  await sleep(1.5 * leaseMs)
  await until(() => second.node.running === 1)
  if (then === 'settled') {
    settling.unpark()
    await until(() => second.node.counts.failed === 1)
  }
  first.engine.thaw()
  await until(() => first.node.counts.fenced === 1)
  begun.unpark()
  await until(() => first.node.running === 0)
  settling.unpark()
  return { all, id, result }
}

const lost = { code: 'ATONCE_NODE_LOST' }

test('what others have settled stays, though the node that had begun it hands it on afterwards', () =>
  simulate(
    async () => {
      const { all, id } = await late('settled')
      await assert.rejects(all.jobs.result(id, { timeoutMs: 60_000 }), lost)
      assert.equal(tasks.begun.size, 0)
      await all.close()
    },
    { runs: 10 },
  ))

test('a task that is handed on while others would settle it as lost runs, and is no dead letter', () =>
  simulate(
    async () => {
      const { all, id } = await late('being settled')
      assert.equal(await all.jobs.result(id, { timeoutMs: 60_000 }), 7)
      assert.deepEqual(tasks.begun.get(7), [3])
      assert.deepEqual(await all.jobs.dead.list(), [])
      await all.close()
    },
    { runs: 10 },
  ))

test('a node that ends while the store is away leaves what it had begun to others, who find it', () =>
  simulate(
    async () => {
      tasks.begun.clear()
      const all = machines(1, { isLocal: false })
      const [{ node, engine } = assert.fail()] = all.nodes
      const records = engine.records.bind(engine)
      const replace = () => Promise.reject(new Error('the store is away'))
      engine.records = bucket => ({ ...records(bucket), replace })
      const { id } = await all.jobs.submit(tasks.charge, [8, 60_000])
      await until(() => tasks.begun.has(8))
      await node.close(0)
      all.start()
      await assert.rejects(all.jobs.result(id, { timeoutMs: 60_000 }), lost)
      await all.close()
    },
    { runs: 10 },
  ))
