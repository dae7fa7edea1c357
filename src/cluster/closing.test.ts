/** The end of a cluster that still waits for something: nothing hangs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coroutines } from '../coroutines/coroutines.ts'
import { sleep } from '../coroutines/time/sleep.ts'
import { runtime } from '../runtime/runtime.ts'
import { simulate } from '../runtime/simulate.ts'
import { cluster } from './cluster.ts'
import { machines } from './fixtures/machines.ts'
import { NatsServer, noServer } from './fixtures/nats-server.ts'
import * as tasks from './fixtures/tasks.ts'
import { startWorker } from './worker.ts'

const options = { timeout: 60_000 }
const onServer = { ...options, skip: noServer }

test(
  'who waits for a result when the cluster closes is told so, and whoever asks later',
  options,
  async () => {
    const jobs = cluster({})
    const { id, result } = await jobs.submit(tasks.double, [1, 0])
    const waiting = [result(), result(), jobs.result(id)].map(one =>
      assert.rejects(one, { code: 'ATONCE_CLOSED', message: new RegExp(`result\\('${id}'\\)`) }),
    )
    await jobs.close({ graceMs: 0 })
    await Promise.all(waiting)
    await assert.rejects(result(), { code: 'ATONCE_CLOSED' })
  },
)

test('what ends within the grace of close is told to who waits for it', options, async () => {
  const jobs = cluster({ on: coroutines() })
  const { result } = await jobs.submit(tasks.double, [4, 200])
  const waiting = result()
  await jobs.run(tasks.double, 1, 0)
  await jobs.close({ graceMs: 10_000 })
  assert.equal(await waiting, 8)
})

test('close keeps its grace where what runs is a submitted task', options, async () => {
  const jobs = cluster({ on: coroutines() })
  await jobs.submit(tasks.double, [4, 60_000])
  while ((await jobs.status()).nodes[0]?.running === 0) await sleep(5)
  const startMs = performance.now()
  await jobs.close({ graceMs: 50 })
  assert.ok(performance.now() - startMs < 3_000, `${performance.now() - startMs}`)
})

test('a result that is not kept is asked for in vain, and that is told at once', options, async () => {
  await using jobs = cluster({ on: coroutines() })
  const { id, result } = await jobs.submit(tasks.double, [4, 0], { results: 'none' })
  await assert.rejects(result(), { code: 'ATONCE_NO_RESULT', id })
})

test('a node whose store has fallen silent leaves within some seconds', options, () =>
  simulate(
    async () => {
      const all = machines(1, { isLocal: false })
      const [{ node, engine } = assert.fail()] = all.nodes
      void all.jobs.run(tasks.double, 1, 60_000).catch(() => {})
      while (node.running === 0) await sleep(10)
      engine.freeze()
      const startMs = runtime().now()
      await node.close(1_000)
      assert.ok(runtime().now() - startMs < 15_000)
      engine.thaw()
      await all.close()
    },
    { runs: 5 },
  ),
)

test('a cluster and a worker end though their server is away, and hold no connection', onServer, async () => {
  await using server = await NatsServer.start()
  const at = { servers: server.url, leaseMs: 3_000 }
  const jobs = cluster({ ...at, on: coroutines(), closeGraceMs: 0 })
  const worker = await startWorker({ ...at, on: coroutines(), queues: ['default'], tasks: [tasks.double] })
  assert.equal(await jobs.run(tasks.double, 1, 0), 2)
  await server.kill()
  const startMs = performance.now()
  await Promise.all([jobs.close({ graceMs: 100 }), worker.close(100)])
  assert.ok(performance.now() - startMs < 25_000)
})

test(
  'a result is not waited for where there is no server; of one that comes back it is',
  onServer,
  async () => {
    await using server = await NatsServer.start()
    await using nowhere = cluster({ servers: 'nats://127.0.0.1:1', connectTimeoutMs: 300 })
    await assert.rejects(nowhere.result('some'), { code: 'ATONCE_ENGINE_UNAVAILABLE' })
    await using jobs = cluster({ servers: server.url, leaseMs: 3_000, closeGraceMs: 0 })
    const { result } = await jobs.submit(tasks.double, [2, 0])
    const waiting = result()
    await server.kill()
    await server.start()
    await using _node = cluster({ servers: server.url, leaseMs: 3_000, on: coroutines() })
    await _node.status()
    assert.equal(await waiting, 4)
  },
)
