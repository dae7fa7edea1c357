/**
 * The cluster on NATS beside BullMQ on Redis: the same work, in turns, all on this machine.
 *
 *     npm --prefix bench run cluster [-- rounds [part of a title, ask, large or kill]]
 *
 * Durability. Both servers write to a file before they acknowledge, and neither waits for the disk:
 * what is acknowledged survives the death of the server's process, and up to 1 s (Redis,
 * `appendfsync everysec`) or 2 minutes (NATS 2.9, its fixed interval) of it may go when the machine
 * loses power.
 */

import { randomBytes } from 'node:crypto'
import { Queue, QueueEvents } from 'bullmq'
import { NatsServer } from '../../src/cluster/fixtures/nats-server.ts'
import { type Cluster, cluster } from '../../src/cluster.ts'
import { roundsOf } from '../rounds.ts'
import { againAfterKill, askBesideRequest, largeResults } from './latency.ts'
import { RedisServer, WorkerProgram } from './servers.ts'
import { lengthOf, square } from './tasks.ts'

const {
  rounds,
  more: [only],
} = roundsOf('npm --prefix bench run cluster', 5, ' [part of a title, ask, large or kill]')
const count = 20_000
const items = 100_000
const bullItems = 10_000
const inFlight = 64
const text = randomBytes(512).toString('hex')

await using redis = await RedisServer.start(16_379, 'everysec')
await using nats = await NatsServer.start()
const connection = { host: '127.0.0.1', port: redis.port }
let spaces = 0

type Way = readonly [name: string, perSecond: () => Promise<number>]

/** Calls `act` so often, as many at a time as there may be. */
async function each(times: number, act: (n: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const line = async () => {
    while (next < times) {
      next += 1
      await act(next)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, line))
}

async function rateOf(times: number, body: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now()
  await body()
  return (times / (performance.now() - startedMs)) * 1_000
}

function space(): { readonly namespace: string; readonly jobs: Cluster } {
  spaces += 1
  const namespace = `bench-${spaces}`
  return { namespace, jobs: cluster({ servers: nats.url, namespace }) }
}

async function submitted(): Promise<number> {
  const { jobs } = space()
  await using _ = jobs
  await jobs.submit(lengthOf, [text])
  return await rateOf(count, () => each(count, () => jobs.submit(lengthOf, [text])))
}

async function added(): Promise<number> {
  spaces += 1
  const queue = new Queue(`bench-${spaces}`, { connection })
  await queue.waitUntilReady()
  const rate = await rateOf(count, () => each(count, () => queue.add('length', { text })))
  await queue.obliterate({ force: true })
  await queue.close()
  return rate
}

/**
 * Submitted before; then how fast a worker with 64 at a time ends them, from its start to the last
 * acknowledgement.
 */
async function completed(results: 'keep' | 'none'): Promise<number> {
  const { jobs, namespace } = space()
  await using _ = jobs
  await each(count, () => jobs.submit(lengthOf, [text], { results }))
  await using _worker = await WorkerProgram.start('./atonce-worker.ts', nats.url, namespace, `${inFlight}`)
  return await rateOf(count, async () => {
    for (;;) {
      const [{ waiting, taken } = { waiting: 1, taken: 0 }] = (await jobs.status()).queues
      if (waiting + taken === 0) return
      await new Promise(resolve => setTimeout(resolve, 10))
    }
  })
}

async function processed(removeOnComplete: boolean): Promise<number> {
  spaces += 1
  const name = `bench-${spaces}`
  const queue = new Queue(name, { connection })
  queue.setMaxListeners(0)
  const jobs = Array.from({ length: 500 }, () => ({
    name: 'length',
    data: { text },
    opts: { removeOnComplete },
  }))
  for (let n = 0; n < count; n += jobs.length) await queue.addBulk(jobs)
  await using worker = await WorkerProgram.start('./bullmq-worker.ts', `${redis.port}`, name, `${inFlight}`)
  const rate = await rateOf(
    count,
    () =>
      new Promise<void>(resolve =>
        worker.child.on('message', done => {
          if (done === count) resolve()
        }),
      ),
  )
  await queue.obliterate({ force: true })
  await queue.close()
  return rate
}

async function mapped(): Promise<number> {
  const { jobs, namespace } = space()
  await using _ = jobs
  await using _worker = await WorkerProgram.start('./atonce-worker.ts', nats.url, namespace, '4')
  await jobs.run(square, 1)
  const numbers = Array.from({ length: items }, (_, n) => n)
  return await rateOf(items, async () => {
    const squares = await jobs.map(square, numbers)
    if (squares[items - 1] !== (items - 1) ** 2) throw new Error('a wrong square')
  })
}

/** BullMQ's own way to have many results: jobs in bulk, and waiting for each. */
async function awaited(): Promise<number> {
  spaces += 1
  const name = `bench-${spaces}`
  const queue = new Queue(name, { connection })
  queue.setMaxListeners(0)
  const events = new QueueEvents(name, { connection })
  await events.waitUntilReady()
  await using _worker = await WorkerProgram.start('./bullmq-worker.ts', `${redis.port}`, name, `${inFlight}`)
  const rate = await rateOf(bullItems, async () => {
    for (let n = 0; n < bullItems; n += 500) {
      const bulk = Array.from({ length: 500 }, (_, at) => ({ name: 'square', data: { n: n + at } }))
      const jobs = await queue.addBulk(bulk)
      const squares = await Promise.all(jobs.map(job => job.waitUntilFinished(events)))
      if (squares[499] !== (n + 499) ** 2) throw new Error('a wrong square')
    }
  })
  await events.close()
  await queue.obliterate({ force: true })
  await queue.close()
  return rate
}

async function compare(title: string, ways: readonly Way[]): Promise<void> {
  if (only !== undefined && !title.includes(only)) return
  const rates = ways.map(() => [] as number[])
  for (let round = 0; round < rounds; round += 1)
    for (const [at, [, perSecond]] of ways.entries()) rates[at]?.push(await perSecond())
  const base = rates.at(-1) as number[]
  console.log(title)
  for (const [at, [name]] of ways.entries()) {
    const own = rates[at] as number[]
    const ratios = own.map((rate, round) => rate / (base[round] as number))
    console.log(
      `  ${name.padEnd(34)} ${Math.round(middle(own)).toString().padStart(9)}/s [${own.map(Math.round).sort(up).join(' ')}]  ${middle(ratios).toFixed(2)} of the last`,
    )
  }
}

const up = (one: number, other: number) => one - other
const middle = (values: readonly number[]): number =>
  [...values].sort(up)[Math.floor(values.length / 2)] as number

await compare(`submit acknowledged, 1 KiB, ${inFlight} in flight`, [
  ['atonce submit', submitted],
  ['BullMQ add', added],
])
await compare(`complete tasks, 1 KiB, one worker, ${inFlight} at a time`, [
  ['atonce, result kept', () => completed('keep')],
  ['atonce, without', () => completed('none')],
  ['BullMQ, result kept', () => processed(false)],
  ['BullMQ, without', () => processed(true)],
])
await compare(`results of small items (${items}; BullMQ: ${bullItems})`, [
  ['atonce map', mapped],
  ['BullMQ addBulk, waitUntilFinished', awaited],
])
if (only === undefined || 'ask'.includes(only)) await askBesideRequest(nats.url, rounds)
if (only === undefined || 'large'.includes(only)) await largeResults(nats.url, rounds)
if (only === undefined || 'kill'.includes(only)) await againAfterKill(nats.url, rounds)
