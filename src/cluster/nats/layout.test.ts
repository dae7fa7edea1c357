/** Programs of versions that lay out the store in different ways meet on one server. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { coroutines } from '../../coroutines/coroutines.ts'
import { cluster } from '../cluster.ts'
import { NatsServer, noServer } from '../fixtures/nats-server.ts'
import * as tasks from '../fixtures/tasks.ts'
import { startWorker } from '../worker.ts'
import { loadNats, type NatsConnection } from './load.ts'
import { Requests } from './requests.ts'
import { layout } from './streams.ts'

const options = { skip: noServer, timeout: 60_000 }
let server: NatsServer
let connection: NatsConnection
let requests: Requests
before(async () => {
  if (noServer !== false) return
  server = await NatsServer.start()
  const nats = await loadNats()
  connection = await nats.connect({ servers: server.url })
  requests = new Requests(connection, nats.createInbox())
})
after(async () => {
  await connection?.close()
  await server?.[Symbol.asyncDispose]()
})

async function ask(what: string, request: object) {
  const { data } = await requests.ask(`$JS.API.${what}`, Buffer.from(JSON.stringify(request)))
  return JSON.parse(Buffer.from(data).toString())
}

/** The stream of tasks as the programs make it that say that of themselves, with one task in it. */
async function storeOf(namespace: string, description?: string): Promise<string> {
  const name = `AO_${namespace}_tasks`
  const subjects = [`ao.${namespace}.t.>`]
  await ask(`STREAM.CREATE.${name}`, { name, subjects, retention: 'workqueue', description })
  const written = await requests.write(`ao.${namespace}.t.default.p1.one`, Buffer.from('0'))
  assert.ok('seq' in written)
  return name
}

for (const [age, description, other] of [
  ['an older', undefined, 1],
  ['a newer', `atonce, layout ${layout + 1}`, layout + 1],
] as const)
  test(
    `the tasks of ${age} version are left alone: callers and nodes are refused at once, in words`,
    options,
    async () => {
      const namespace = `layout-${other}`
      const stream = await storeOf(namespace, description)
      const at = { servers: server.url, namespace }
      const refused = {
        code: 'ATONCE_STORE_VERSION',
        message: new RegExp(`${stream} are kept in layout ${other}, by ${age} version`),
      }
      await using jobs = cluster({ ...at, on: coroutines() })
      await assert.rejects(jobs.submit(tasks.double, [1, 0]), refused)
      await assert.rejects(jobs.run(tasks.double, 1, 0), refused)
      await assert.rejects(jobs.status(), refused)
      await using on = coroutines()
      // Not after the time in which it hopes for a server.
      const startMs = performance.now()
      await assert.rejects(startWorker({ ...at, on, queues: ['default'], tasks: [tasks.double] }), refused)
      assert.ok(performance.now() - startMs < 10_000)
      const { state } = await ask(`STREAM.INFO.${stream}`, {})
      assert.deepEqual([state.messages, state.consumer_count], [1, 0])
    },
  )

test(
  'a program of layout 1, which asks for no layout, may submit and take nothing in this one',
  options,
  async () => {
    const namespace = 'layout-now'
    await using jobs = cluster({ servers: server.url, namespace, on: coroutines() })
    assert.equal(await jobs.run(tasks.double, 1, 0), 2)
    const stream = `AO_${namespace}_tasks`
    // Before it submits or takes, it makes the consumers that it does not find.
    const [durable_name, filter_subject] = ['default-p1', `ao.${namespace}.t.default.p1.>`]
    const { error: none } = await ask(`CONSUMER.INFO.${stream}.${durable_name}`, {})
    assert.equal(none.code, 404)
    const config = { durable_name, filter_subject, ack_policy: 'explicit' }
    const { error } = await ask(`CONSUMER.DURABLE.CREATE.${stream}.${durable_name}`, {
      stream_name: stream,
      config,
    })
    assert.match(error.description, /not unique on workqueue/)
    assert.equal(await jobs.run(tasks.double, 2, 0), 4)
  },
)
