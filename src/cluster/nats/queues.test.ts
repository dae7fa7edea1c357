/** What a server has of queues: their leases, which all nodes share, and their names. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coroutines } from '../../coroutines/coroutines.ts'
import { cluster } from '../cluster.ts'
import { NatsServer, noServer } from '../fixtures/nats-server.ts'
import * as tasks from '../fixtures/tasks.ts'
import { startWorker } from '../worker.ts'
import { NatsEngine } from './engine.ts'

const options = { skip: noServer, timeout: 60_000 }

function engineAt(servers: string, leaseMs: number): NatsEngine {
  return new NatsEngine({ servers, namespace: 'default', leaseMs, replicas: 1 })
}

/** The lease that the server has for the queue. */
async function leaseAt(servers: string): Promise<number> {
  const engine = engineAt(servers, 77_777)
  try {
    await engine.depth('default')
    return engine.leaseMs
  } finally {
    await engine.close()
  }
}

test(
  'the first node sets the lease of a queue that was made before; later ones go by it',
  options,
  async () => {
    await using server = await NatsServer.start()
    const servers = server.url
    const made = engineAt(servers, 30_000)
    await made.provision(['default'])
    await made.close()
    assert.equal(await leaseAt(servers), 30_000)
    const node = (leaseMs?: number) =>
      startWorker({
        ...{ servers, on: coroutines(), queues: ['default'], tasks: [tasks.double, tasks.charge] },
        ...(leaseMs === undefined ? {} : { leaseMs }),
      })
    const first = await node(2_000)
    await using jobs = cluster({ servers, closeGraceMs: 0 })
    assert.equal(await jobs.run(tasks.double, 1, 0), 2)
    assert.equal(await leaseAt(servers), 2_000)
    // One that asks for less while others are there is told that it does not get it.
    const warned = new Promise<Error>(resolve => process.once('warning', resolve))
    const second = await node(1_000)
    assert.match((await warned).message, /^Queue default has a lease of 2000 ms/)
    assert.equal(await leaseAt(servers), 2_000)
    // One that asks for more beats as often as the queue needs it: it keeps what outlasts the
    // lease.
    await Promise.all([first.close(0), second.close(0)])
    const third = await node(60_000)
    const long = await jobs.submit(tasks.charge, [9, 3_000])
    assert.equal(await long.result(), 9)
    assert.deepEqual(tasks.begun.get(9), [1])
    await third.close(0)
  },
)

test('queues that no node takes from are told of, with what waits there', options, async () => {
  await using server = await NatsServer.start()
  await using jobs = cluster({ servers: server.url, closeGraceMs: 0 })
  await jobs.submit(tasks.double, [1, 0], { queue: 'nobody' })
  const { queues } = await jobs.status()
  assert.deepEqual(queues.map(({ name, waiting }) => [name, waiting]).sort(), [
    ['default', 0],
    ['nobody', 1],
  ])
})

test(
  'an id that would name the records of others is refused; so is one that nobody can have',
  options,
  async () => {
    await using server = await NatsServer.start()
    await using jobs = cluster({ servers: server.url, on: coroutines(), closeGraceMs: 0 })
    const failed = await jobs.submit(tasks.failUntil, [1, 9])
    await assert.rejects(failed.result(), RangeError)
    for (const id of ['*', '>', 'a b', '', 'a.*', undefined as never, `${failed.id}\r\nPUB x 0`]) {
      const refused = { code: 'ATONCE_OPTION' }
      await assert.rejects(jobs.result(id), refused)
      await assert.rejects(jobs.cancel(id), refused)
      await assert.rejects(jobs.dead.drop(id), refused)
      await assert.rejects(jobs.dead.retry(id), refused)
    }
    assert.equal((await jobs.dead.list()).length, 1)
  },
)

test('nobody else than this program can be asked for a record by a wildcard', options, async () => {
  await using server = await NatsServer.start()
  const engine = engineAt(server.url, 5_000)
  const records = engine.records('results')
  await records.create('one', Buffer.from('1'))
  for (const key of ['*', 'o*', '>', '', 'a b', '.one', 'one.'])
    await assert.rejects(async () => await records.get(key), { code: 'ATONCE_OPTION' })
  await engine.close()
})
