/** What a server that was killed leaves in a queue, and that it goes, and nothing else. */
import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { sleep } from '../../coroutines/time/sleep.ts'
import { simulate } from '../../runtime/simulate.ts'
import type { Delivery, Taking } from '../engine.ts'
import { NatsServer, noServer } from '../fixtures/nats-server.ts'
import { NatsEngine } from './engine.ts'
import { labelFor, labelOf } from './frames.ts'
import { loadNats } from './load.ts'
import { Requests } from './requests.ts'
import { inboxOf, type Role, serverConfig } from './roles.ts'
import { consumerOf, type StoredMessage, Streams } from './streams.ts'
import { Sweeper, SweepState, sweep, taskIn } from './sweep.ts'

const namespace = 'swept'
const stream = `AO_${namespace}_tasks`
const passwords = { client: 'c', worker: 'w', admin: 'a' } as const
const options = { skip: noServer, timeout: 120_000 }
const unswept = {
  isOver: async () => false,
  mayRunAgain: () => false,
  isAlone: async () => false,
  gone: async () => {},
}
const plain = { queue: 'default', priority: 0, delayMs: 0, outlives: false }

/** Takes so many tasks, and does nothing with them. */
async function take(engine: NatsEngine, count: number): Promise<Delivery[]> {
  const taken: Delivery[] = []
  await new Promise<void>(resolve => {
    const taking: Taking = {
      queues: ['default'],
      places: () => count - taken.length,
      take: delivery => {
        taken.push(delivery)
        if (taken.length === count) void consumer.stop().then(resolve)
      },
      ...unswept,
    }
    const consumer = engine.consume(taking)
  })
  return taken.sort((one, other) => (one.id < other.id ? -1 : 1))
}

async function submit(engine: NatsEngine, ...ids: readonly string[]): Promise<void> {
  for (const id of ids) await engine.submit({ ...plain, id, bytes: Buffer.from(id) })
}

async function until(engine: NatsEngine, taken: number): Promise<void> {
  while ((await engine.depth('default')).taken !== taken);
}

/** How many wait and how many are taken. */
async function depthOf(engine: NatsEngine): Promise<number[]> {
  const { waiting, taken } = await engine.depth('default')
  return [waiting, taken]
}

/** Sweeps as one of the roles; tasks whose id is among `over` are settled. */
async function sweepAs(role: Role, servers: string, over: readonly string[], state: SweepState) {
  const nats = await loadNats()
  const connection = await nats.connect({
    ...{ servers, user: role, pass: passwords[role], inboxPrefix: inboxOf(role) },
  })
  try {
    const requests = new Requests(connection, nats.createInbox(inboxOf(role)))
    return await sweep(
      {
        requests,
        streams: new Streams(requests, 1),
        stream,
        lanes: [{ consumer: consumerOf('default', 'p1'), prefix: `ao.${namespace}.t.default.p1.` }],
        leaseMs: 60_000,
        isOver: async message => over.includes(taskIn(message).id),
        mayRunAgain: async () => true,
      },
      state,
      true,
    )
  } finally {
    await connection.close()
  }
}

test(
  'what a killed server brings back or holds for taken leaves the queue, and no task with it',
  options,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'atonce-swept-'))
    const store = join(folder, 'store')
    await using server = await NatsServer.start(port => {
      const config = join(folder, 'nats-server.conf')
      writeFileSync(config, serverConfig({ host: '127.0.0.1', port, store, namespace, passwords }))
      return ['-c', config]
    })
    const user = { user: 'admin', password: passwords.admin }
    const engine = new NatsEngine({ servers: server.url, ...user, namespace, leaseMs: 60_000, replicas: 1 })
    try {
      await submit(engine, 't0', 't1', 't2', 't3', 't4', 't5')
      const taken = await take(engine, 6)
      await server.stop()
      cpSync(store, join(folder, 'taken'), { recursive: true })
      // In one history the last three are done, in the other one the first three.
      await server.start()
      await until(engine, 6) // It is connected again.
      for (const delivery of taken.slice(3)) delivery.done()
      await until(engine, 3)
      await server.stop()
      const messages = join('jetstream', '$G', 'streams', stream, 'msgs')
      cpSync(join(store, messages), join(folder, 'messages'), { recursive: true })
      rmSync(store, { recursive: true })
      cpSync(join(folder, 'taken'), store, { recursive: true })
      await server.start()
      await until(engine, 6)
      for (const delivery of taken.slice(0, 3)) delivery.done()
      await until(engine, 3)
      await server.stop()
      // The consumer of the one, with the messages of the other: as a kill between two writes.
      rmSync(join(store, messages), { recursive: true })
      cpSync(join(folder, 'messages'), join(store, messages), { recursive: true })
      await server.start()
      await submit(engine, 't6') // It waits.
      assert.deepEqual(await depthOf(engine), [1, 3])

      // Of t2 there is no record: nobody has asked for one to be kept.
      const asWorker = new SweepState()
      const workers = (over: readonly string[]) => sweepAs('worker', server.url, over, asWorker)
      const first = await workers(['t0', 't1'])
      assert.deepEqual(first, { settled: 2, ghosts: 3, again: 0, unfinished: true })
      assert.equal(await engine.left('default', 'p1'), 2) // t2 and t6.
      assert.deepEqual(await depthOf(engine), [1, 0])
      assert.equal((await workers([])).again, 0) // It may not submit.
      const asAdmin = new SweepState()
      const admins = () => sweepAs('admin', server.url, [], asAdmin)
      assert.equal((await admins()).again, 0)
      assert.equal((await admins()).again, 1)
      assert.equal((await admins()).unfinished, false)
      const again = await take(engine, 2)
      assert.deepEqual(
        again.map(({ id, bytes }) => [id, String(bytes)]),
        [
          ['t2', 't2'],
          ['t6', 't6'],
        ],
      )
      for (const delivery of again) delivery.done()
      await until(engine, 0)
      assert.equal(await engine.left('default', 'p1'), 0)
    } finally {
      await engine.close()
      rmSync(folder, { recursive: true, force: true })
    }
  },
)

test('a task that the server does not find by its subject is not taken for gone', options, async () => {
  await using server = await NatsServer.start()
  const engine = new NatsEngine({ servers: server.url, namespace, leaseMs: 60_000, replicas: 1 })
  try {
    await submit(engine, 't0', 't1', 't2', 't3')
    const [first, second, third, last] = await take(engine, 4)
    for (const [n, delivery] of [last, first, second].entries()) {
      delivery?.done()
      await until(engine, 3 - n)
    }
    const swept = await sweepAs('admin', server.url, [], new SweepState())
    assert.deepEqual(swept, { settled: 0, ghosts: 0, again: 0, unfinished: false })
    assert.equal(await engine.left('default', 'p1'), 1)
    third?.done()
    await until(engine, 0)
  } finally {
    await engine.close()
  }
})

test('tasks are counted right when many are done, and more wait', options, async () => {
  await using server = await NatsServer.start()
  const engine = new NatsEngine({ servers: server.url, namespace: 'many', leaseMs: 60_000, replicas: 1 })
  try {
    const bytes = new Uint8Array(100_000) // Some blocks of the server's store.
    const ids = Array.from({ length: 200 }, (_, n) => `t${n}`)
    await Promise.all(ids.map(id => engine.submit({ ...plain, id, bytes })))
    const taken = await take(engine, 150)
    assert.deepEqual(await depthOf(engine), [50, 150])
    for (const delivery of taken) delivery.done()
    await until(engine, 0)
    assert.deepEqual(await depthOf(engine), [50, 0])
    assert.equal(await engine.left('default', 'p1'), 50)
  } finally {
    await engine.close()
  }
})

// ── a server of the test's own, which may be asked so often until the sweep's node dies ──

class Died extends Error {}

class ModelServer {
  /** In the stream, by number. */
  readonly messages = new Map<number, string>()
  readonly pending = new Set<number>()
  readonly settled = new Set<string>()
  given = 0
  last = 0
  asked = 0
  diesAt = Number.POSITIVE_INFINITY

  add(id: string, given: boolean, isPending: boolean): void {
    this.last += 1
    this.messages.set(this.last, id)
    if (given) this.given = this.last
    if (isPending) this.pending.add(this.last)
  }

  /** The same, and it is gone from the stream. */
  addGhost(): void {
    this.add('ghost', true, true)
    this.messages.delete(this.last)
  }

  #ask(): void {
    this.asked += 1
    if (this.asked > this.diesAt) throw new Died()
  }

  readonly parts = {
    stream: 'tasks',
    leaseMs: 1_000,
    lanes: [{ consumer: 'default-p1', prefix: 't' }],
    requests: {
      ask: async (subject: string) => {
        this.#ask()
        const seq = Number(subject.split('.')[5])
        this.pending.delete(seq)
        this.messages.delete(seq)
      },
      write: async (_: string, bytes: Uint8Array) => {
        this.#ask()
        this.add(labelOf(bytes).id, false, false)
        return { seq: this.last }
      },
    },
    streams: {
      consumer: async () => {
        this.#ask()
        return { num_ack_pending: this.pending.size, delivered: { stream_seq: this.given } }
      },
      stream: async () => ({ state: { last_seq: this.last } }),
      next: async (_: string, from: number) => {
        this.#ask()
        const seq = [...this.messages.keys()].filter(one => one >= from).sort((a, b) => a - b)[0]
        return seq === undefined
          ? undefined
          : { seq, subject: 't', data: framed(this.messages.get(seq) as string), headers: '' }
      },
    },
    isOver: async (message: StoredMessage) => this.settled.has(taskIn(message).id),
    mayRunAgain: async () => true,
  } as never

  /** Whether somebody runs it, or will. */
  isDue(id: string): boolean {
    return [...this.messages].some(([seq, one]) => one === id && (seq > this.given || this.pending.has(seq)))
  }
}

/** A task of that id, as the server tells of it. */
function framed(id: string): string {
  return Buffer.concat([labelFor(id), Uint8Array.of(0), Buffer.from(id)]).toString('base64')
}

function wreck(): ModelServer {
  const server = new ModelServer()
  server.add('left over', true, false)
  server.add('running', true, true)
  server.addGhost()
  server.add('unkept', true, false)
  server.add('cancelled', true, true)
  server.addGhost()
  server.add('waiting', false, false)
  for (const id of ['left over', 'cancelled']) server.settled.add(id)
  return server
}

test('a sweep that ends after any of its steps loses no task, and the next ones finish it', async () => {
  for (let diesAt = 0, died = true; died; diesAt += 1) {
    const server = wreck()
    const ids = () => [...server.messages.values()]
    server.diesAt = diesAt
    const state = new SweepState()
    died = false
    try {
      for (let n = 0; n < 2; n += 1) await sweep(server.parts, state, true)
      server.pending.delete(2) // What runs has ended.
      server.messages.delete(2)
      for (let n = 0; n < 3; n += 1) await sweep(server.parts, state, true)
    } catch (error) {
      assert.ok(error instanceof Died)
      died = true
    }
    for (const id of ['unkept', 'waiting']) assert.ok(ids().includes(id), `${id}, after ${diesAt} steps`)
    server.diesAt = Number.POSITIVE_INFINITY
    server.pending.delete(2)
    server.messages.delete(2)
    const others = new SweepState()
    for (let n = 0; n < 3; n += 1) await sweep(server.parts, others, true)
    assert.equal(server.pending.size, 0)
    assert.ok(!ids().includes('left over') && !ids().includes('cancelled'))
    assert.ok(server.isDue('unkept') && server.isDue('waiting'))
  }
})

test('while a task of the lane runs, nothing is submitted again', async () => {
  const server = wreck()
  const state = new SweepState()
  for (let n = 0; n < 4; n += 1) assert.equal((await sweep(server.parts, state, false)).again, 0)
  assert.deepEqual([...server.messages.values()], ['running', 'unkept', 'waiting'])
  assert.deepEqual([...server.pending], [2])
})

test('a queue is swept after a restart, and then more and more seldom, until there is cause', () =>
  simulate(async () => {
    const server = new ModelServer()
    const sweeper = new Sweeper(server.parts)
    const sweepsIn = async (ms: number) => {
      const before = server.asked
      await sleep(ms)
      return (server.asked - before) / 2 // A look at the consumer before, and one after.
    }
    sweeper.soon()
    sweeper.soon()
    assert.equal(await sweepsIn(1_499), 0)
    const first = await sweepsIn(1_600) // The one after it comes a half of a lease later, or more.
    assert.ok(first >= 1 && first <= 2, `${first}`)
    const early = await sweepsIn(60_000)
    assert.ok(early >= 3, `${early}`)
    await sleep(1_000_000)
    assert.ok((await sweepsIn(1_000_000)) < 8)
    sweeper.suspect()
    assert.ok((await sweepsIn(2_000)) >= 1)
    sweeper.soon()
    assert.ok((await sweepsIn(3_100)) >= 1)
    sweeper.stop()
    assert.equal(await sweepsIn(1_000_000), 0)
  }))
