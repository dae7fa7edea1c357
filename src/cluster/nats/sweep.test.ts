/** What a server that was killed leaves in a queue, and that it goes. */
import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { sleep } from '../../coroutines/time/sleep.ts'
import { simulate } from '../../runtime/simulate.ts'
import type { Delivery } from '../engine.ts'
import { NatsServer, noServer } from '../fixtures/nats-server.ts'
import { NatsEngine } from './engine.ts'
import { loadNats } from './load.ts'
import { Requests } from './requests.ts'
import { Streams } from './streams.ts'
import { Sweeper, type SweepParts, sweep } from './sweep.ts'

const namespace = 'swept'
const stream = `AO_${namespace}_tasks`
const options = { skip: noServer, timeout: 120_000 }

/** All of a lane, taken and not done. */
async function takeAll(engine: NatsEngine, count: number): Promise<Delivery[]> {
  for (let n = 0; n < count; n += 1)
    await engine.submit({ queue: 'default', id: `t${n}`, bytes: Buffer.from('x'), priority: 0, delayMs: 0 })
  const taken: Delivery[] = []
  await new Promise<void>(resolve => {
    const consumer = engine.consume({
      queues: ['default'],
      places: () => count - taken.length,
      take: delivery => {
        taken.push(delivery)
        if (taken.length === count) void consumer.stop().then(resolve)
      },
    })
  })
  return taken.sort((one, other) => (one.id < other.id ? -1 : 1))
}

async function until(engine: NatsEngine, taken: number): Promise<void> {
  while ((await engine.depth('default')).taken !== taken);
}

test(
  'a task that a server brings back done, and one it holds for taken and is gone, leave the queue',
  options,
  async () => {
    await using server = await NatsServer.start()
    const kept = mkdtempSync(join(tmpdir(), 'atonce-swept-'))
    const engine = new NatsEngine({ servers: server.url, namespace, leaseMs: 60_000, replicas: 1 })
    try {
      const taken = await takeAll(engine, 6)
      await server.stop()
      cpSync(server.store, join(kept, 'taken'), { recursive: true })
      // In one history the last three are done, in the other one the first three.
      await server.start()
      await until(engine, 6) // It is connected again.
      for (const delivery of taken.slice(3)) delivery.done()
      await until(engine, 3)
      await server.stop()
      const messages = join('jetstream', '$G', 'streams', stream, 'msgs')
      cpSync(join(server.store, messages), join(kept, 'messages'), { recursive: true })
      rmSync(server.store, { recursive: true })
      cpSync(join(kept, 'taken'), server.store, { recursive: true })
      await server.start()
      await until(engine, 6)
      for (const delivery of taken.slice(0, 3)) delivery.done()
      await until(engine, 3)
      await server.stop()
      // The consumer of the one, with the messages of the other: as a kill between two writes
      // leaves it.
      rmSync(join(server.store, messages), { recursive: true })
      cpSync(join(kept, 'messages'), join(server.store, messages), { recursive: true })
      await server.start()
      const { waiting, taken: stillTaken } = await engine.depth('default')
      assert.deepEqual([waiting, stillTaken], [0, 3])

      const nats = await loadNats()
      const connection = await nats.connect({ servers: server.url })
      const requests = new Requests(connection, nats.createInbox())
      const lanes = [{ consumer: 'default-p1', subjects: `ao.${namespace}.t.default.p1.>` }]
      const parts = {
        requests,
        streams: new Streams(requests, 1),
        stream,
        subjects: `ao.${namespace}.t.>`,
        lanes,
      }
      assert.deepEqual(await sweep(parts, true), { ghosts: 3, leftovers: 3 })
      assert.deepEqual(await sweep(parts, true), { ghosts: 0, leftovers: 0 })
      await until(engine, 0)
      assert.deepEqual(await engine.left('default', 'p1'), [])
      await connection.close()
    } finally {
      await engine.close()
      rmSync(kept, { recursive: true, force: true })
    }
  },
)

test('what is taken and runs stays taken when the queue is swept', options, async () => {
  await using server = await NatsServer.start()
  const engine = new NatsEngine({ servers: server.url, namespace, leaseMs: 60_000, replicas: 1 })
  const taken = await takeAll(engine, 5)
  taken[1]?.done()
  taken[3]?.done()
  await until(engine, 3)
  const nats = await loadNats()
  const connection = await nats.connect({ servers: server.url })
  const requests = new Requests(connection, nats.createInbox())
  const lanes = [{ consumer: 'default-p1', subjects: `ao.${namespace}.t.default.p1.>` }]
  const parts = {
    requests,
    streams: new Streams(requests, 1),
    stream,
    subjects: `ao.${namespace}.t.>`,
    lanes,
  }
  assert.deepEqual(await sweep(parts, true), { ghosts: 0, leftovers: 0 })
  assert.equal((await engine.depth('default')).taken, 3)
  assert.deepEqual(
    (await engine.left('default', 'p1')).map(subject => subject.slice(subject.lastIndexOf('.') + 1)).sort(),
    ['t0', 't2', 't4'],
  )
  await connection.close()
  await engine.close()
})

test('after a restart a queue is swept thoroughly once, and lightly from time to time', () =>
  simulate(async () => {
    const asked: string[] = []
    const info = {
      num_ack_pending: 1,
      ack_floor: { consumer_seq: 0, stream_seq: 0 },
      delivered: { consumer_seq: 1, stream_seq: 1 },
    }
    const streams = {
      consumer: async () => info,
      next: async (_: string, subjects: string) => {
        asked.push(subjects)
        return undefined
      },
    }
    const requests = { ask: async () => ({}) }
    const lanes = [{ consumer: 'default-p1', subjects: 'lane' }]
    const parts = { requests, streams, stream: 'tasks', subjects: 'all', lanes } as unknown as SweepParts
    const sweeper = new Sweeper(parts)
    sweeper.soon()
    sweeper.soon()
    await sleep(3_100)
    assert.deepEqual(asked, ['all', 'lane'])
    await sleep(100_000)
    assert.deepEqual(asked.slice(0, 3), ['all', 'lane', 'lane'])
    sweeper.soon()
    const before = asked.length
    await sleep(3_100)
    assert.deepEqual(asked.slice(before), ['all', 'lane'])
    sweeper.stop()
    const last = asked.length
    await sleep(100_000)
    assert.equal(asked.length, last)
  }))
