/**
 * The cluster on a NATS server: the same as on the engine in this program, and what a server alone
 * can do to it.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { coroutines } from '../../coroutines/coroutines.ts'
import { threads } from '../../threads/threads.ts'
import { type Cluster, type ClusterOptions, cluster } from '../cluster.ts'
import { Account } from '../fixtures/account.ts'
import { NatsServer, noServer } from '../fixtures/nats-server.ts'
import * as tasks from '../fixtures/tasks.ts'
import { loadNats } from './load.ts'
import { Requests } from './requests.ts'
import { consumerOf, Streams } from './streams.ts'

const options = { skip: noServer, timeout: 90_000 }
let server: NatsServer
before(async () => {
  if (noServer === false) server = await NatsServer.start()
})
after(async () => {
  await server?.[Symbol.asyncDispose]()
})

let spaces = 0
/** A cluster of its own on the server. */
function start(more: ClusterOptions = {}): Cluster {
  spaces += 1
  return cluster({ servers: server.url, namespace: `space-${spaces}`, leaseMs: 3_000, ...more })
}

test('calls, maps and streams run on a node that knows the tasks', options, async () => {
  await using jobs = start({ on: threads({ workers: 2 }) })
  assert.equal(await jobs.run(tasks.double, 21, 1), 42)
  const numbers = Array.from({ length: 500 }, (_, n) => n)
  assert.deepEqual(
    await jobs.map(
      tasks.double,
      numbers.map(n => [n, 0] as const),
    ),
    numbers.map(n => 2 * n),
  )
  const values: number[] = []
  for await (const n of jobs.stream(tasks.countTo, 100)) values.push(n)
  assert.deepEqual(values, numbers.slice(0, 100))
  await assert.rejects(jobs.run(tasks.failUntil, 1, 9), { name: 'RangeError', message: 'attempt 1 of 1' })
})

test(
  'a submitted task is fetched by its id from another connection; its key is known there',
  options,
  async () => {
    const namespace = 'durable'
    await using jobs = start({ namespace, on: threads({ workers: 1 }) })
    const { id } = await jobs.submit(tasks.double, [4, 1], { idempotencyKey: 'four' })
    await using other = start({ namespace })
    assert.equal(await other.result(id), 8)
    assert.equal((await other.submit(tasks.double, [4, 1], { idempotencyKey: 'four' })).id, id)
    const late = await other.submit(tasks.double, [5, 1], { delayMs: 1_500 })
    const startMs = performance.now()
    assert.equal(await late.result(), 10)
    assert.ok(performance.now() - startMs > 1_000)
    const dead = await other.submit(tasks.failUntil, [6, 9], { retries: 1, retryDelayMs: 1 })
    await assert.rejects(dead.result(), { message: 'attempt 2 of 6' })
    assert.deepEqual(
      (await jobs.dead.list()).map(({ id: of, attempts, history }) => [of, attempts, history.length]),
      [[dead.id, 2, 2]],
    )
    const { nodes, queues, dead: count } = await jobs.status()
    assert.deepEqual([nodes.length, nodes[0]?.workers, count], [1, 1, 1])
    assert.equal(queues[0]?.name, 'default')
  },
)

test('large arguments and results go by way of the object store', options, async () => {
  await using jobs = start({ on: threads({ workers: 1 }) })
  const bytes = new Uint8Array(3_000_000).fill(7)
  const back = await jobs.run(tasks.same, bytes)
  assert.deepEqual(back, bytes)
})

test(
  'a cluster that ends right after it has submitted keeps what was submitted, and throws nothing',
  options,
  async () => {
    for (let round = 0; round < 20; round += 1) {
      const jobs = start()
      const some = () => Promise.all([1, 2, 3].map(n => jobs.submit(tasks.double, [n, 0])))
      await some()
      const [{ id } = assert.fail()] = await some()
      await jobs.close()
      await using later = cluster({
        servers: server.url,
        namespace: `space-${spaces}`,
        on: coroutines(),
        leaseMs: 3_000,
      })
      assert.equal(await later.result(id), 2)
    }
  },
)

test('a running task on another connection is cancelled', options, async () => {
  await using jobs = start({ on: threads({ workers: 1 }) })
  const running = await jobs.submit(tasks.untilStopped, [])
  while ((await jobs.status()).queues[0]?.taken !== 1);
  assert.equal(await running.cancel(), true)
  await assert.rejects(running.result(), { name: 'AbortError' })
  assert.equal(await jobs.run(tasks.double, 1, 1), 2)
})

test('the server is killed midway: what it acknowledged is done when it is back', options, async () => {
  await using jobs = start({ on: threads({ workers: 2 }), closeGraceMs: 20_000 })
  const numbers = Array.from({ length: 100 }, (_, n) => n)
  const handles = await Promise.all(numbers.map(n => jobs.submit(tasks.double, [n, 5])))
  const results = Promise.all(handles.map(handle => handle.result()))
  await handles[5]?.result()
  await server.kill()
  await server.start()
  assert.deepEqual(
    await results,
    numbers.map(n => 2 * n),
  )
})

test('a consumer that gives nothing is made anew, and what was waiting is given', options, async () => {
  const namespace = 'wedged'
  await using other = start({ namespace })
  const handle = await other.submit(tasks.double, [4, 1])
  const nats = await loadNats()
  const connection = await nats.connect({ servers: server.url })
  const streams = new Streams(new Requests(connection, nats.createInbox()), 1)
  assert.equal(await streams.unstick(`AO_${namespace}_tasks`, consumerOf('default', 'p1'), 10), true)
  assert.equal(await streams.unstick(`AO_${namespace}_tasks`, consumerOf('default', 'p0'), 10), false)
  {
    await using _node = start({ namespace, on: threads({ workers: 1 }) })
    await _node.status()
    assert.equal(await handle.result(), 8)
  }
  await connection.close()
})

test('the trace of a task is in the header of its message', options, async () => {
  const namespace = 'traced'
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  await using jobs = start({ namespace, traceparent: () => traceparent })
  await jobs.submit(tasks.double, [4, 1])
  const nats = await loadNats()
  const connection = await nats.connect({ servers: server.url })
  const requests = new Requests(connection, nats.createInbox())
  const request = Buffer.from(JSON.stringify({ last_by_subj: `ao.${namespace}.t.>` }))
  const { data } = await requests.ask(`$JS.API.STREAM.MSG.GET.AO_${namespace}_tasks`, request)
  const { hdrs } = JSON.parse(Buffer.from(data).toString()).message as { readonly hdrs: string }
  assert.match(Buffer.from(hdrs, 'base64').toString(), new RegExp(`\r\ntraceparent: ${traceparent}\r\n`))
  await connection.close()
})

test('an entity on a server keeps its state, and answers a second program', options, async () => {
  const namespace = 'entities'
  await using jobs = start({ namespace, on: coroutines() })
  assert.equal(await jobs.entity(Account, 'alice').ask.deposit(5), 5)
  await using other = start({ namespace })
  assert.equal(await other.entity(Account, 'alice').ask.deposit(2), 7)
  const { nodes } = await jobs.status()
  assert.deepEqual(nodes[0]?.shards.every(({ epoch }) => epoch === 1) ?? false, true)
})

test('no server is an error within its time, that names the command which starts one', options, async () => {
  await using jobs = cluster({ servers: 'nats://127.0.0.1:1', connectTimeoutMs: 500 })
  await assert.rejects(
    jobs.run(tasks.double, 1, 1),
    (error: Error & { code?: string }) =>
      error.code === 'ATONCE_ENGINE_UNAVAILABLE' && /npx atonce cluster up/.test(error.message),
  )
  await assert.rejects(jobs.submit(tasks.double, [1, 1]), { code: 'ATONCE_ENGINE_UNAVAILABLE' })
})

test('another machine is refused without TLS and credentials, a password in a URL always', () => {
  for (const servers of ['nats://10.0.0.1:4222', 'example.com', ['nats://127.0.0.1:4222', 'nats://10.0.0.1']])
    assert.throws(() => cluster({ servers }), { code: 'ATONCE_INSECURE' })
  assert.throws(() => cluster({ servers: 'tls://10.0.0.1' }), { code: 'ATONCE_INSECURE' })
  assert.throws(() => cluster({ servers: 'nats://ann:secret@127.0.0.1' }), { code: 'ATONCE_OPTION' })
  assert.throws(() => cluster({ servers: 5 as never }), { code: 'ATONCE_OPTION' })
})
