/**
 * Large values lie in pieces, for as long as what points at them, and no other value is taken for
 * them.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { coroutines } from '../../coroutines/coroutines.ts'
import { cluster } from '../cluster.ts'
import { NatsServer, noServer } from '../fixtures/nats-server.ts'
import * as tasks from '../fixtures/tasks.ts'
import { Blobs } from './blobs.ts'
import { loadNats, type NatsConnection } from './load.ts'
import { Requests } from './requests.ts'
import { type Shelf, shelfNumbers, shelves } from './shelves.ts'
import { Streams } from './streams.ts'

const options = { skip: noServer, timeout: 60_000 }
let server: NatsServer
let connection: NatsConnection
let requests: Requests
let streams: Streams
before(async () => {
  if (noServer !== false) return
  server = await NatsServer.start()
  const nats = await loadNats()
  connection = await nats.connect({ servers: server.url })
  requests = new Requests(connection, nats.createInbox())
  streams = new Streams(requests, 1)
})
after(async () => {
  await connection?.close()
  await server?.[Symbol.asyncDispose]()
})

async function blobsIn(bucket: string, pieceBytes = 100_000): Promise<Blobs> {
  await streams.ensureBucket(bucket, 60_000)
  return new Blobs({ shelf: 1, requests, bucket, ensure: () => undefined, mostBytes: () => pieceBytes })
}

const bytesOf = (length: number) => Uint8Array.from({ length }, (_, at) => at * 31)
const gone = { code: 'ATONCE_ENGINE_UNAVAILABLE', message: /large value is gone/ }

test(
  'values of any length come back whole, also to programs whose pieces have other lengths',
  options,
  async () => {
    const writer = await blobsIn('lengths')
    const reader = await blobsIn('lengths', 1_000)
    for (const length of [0, 1, 99_999, 100_000, 100_001, 1_234_567]) {
      const bytes = bytesOf(length)
      assert.ok(Buffer.from(bytes).equals(await reader.get(await writer.put(bytes))), `${length}`)
    }
  },
)

test('the same value is written once, and again after the server was away', options, async () => {
  const blobs = await blobsIn('once')
  const written = async () => (await streams.stream('KV_once'))?.state.last_seq
  const bytes = bytesOf(250_000)
  assert.deepEqual(await blobs.put(bytes), await blobs.put(bytes.slice()))
  assert.equal(await written(), 3)
  const isBack = new Promise<void>(resolve => requests.onReconnect(resolve))
  await server.kill()
  await server.start()
  await isBack
  await blobs.put(bytes.slice())
  assert.equal(await written(), 6)
})

test(
  'a piece that is missing, or another one, is no value, and neither is what is no address',
  options,
  async () => {
    const blobs = await blobsIn('missing')
    const address = await blobs.put(bytesOf(250_000))
    const [subject = assert.fail()] = (await streams.keys('missing')).filter(key => key.endsWith('.1'))
    await requests.write(`$KV.missing.${subject}`, bytesOf(100_000).fill(0))
    await assert.rejects(blobs.get(address), gone)
    await requests.write(`$KV.missing.${subject}`, bytesOf(99_999))
    await assert.rejects(blobs.get(address), gone)
    await streams.remove('KV_missing')
    await streams.ensureBucket('missing', 60_000)
    await assert.rejects(blobs.get(address), gone)
    const forged = Buffer.from(address)
    forged.writeUInt32BE(2 ** 32 - 1, 33)
    for (const none of [forged, address.subarray(0, 40), Uint8Array.of(1)])
      await assert.rejects(blobs.get(none), { message: /none of atonce/ })
  },
)

/** How many pieces lie on a shelf of the namespace. */
async function piecesOn(shelf: Shelf, namespace: string): Promise<number> {
  const info = await streams.stream(`KV_AO_${namespace}_${shelves[shelf].bucket}`)
  return info?.state.messages ?? 0
}

test(
  'arguments of what outlives its caller lie where they last, and so do dead letters',
  options,
  async () => {
    await using jobs = cluster({ servers: server.url, namespace: 'shelves', on: coroutines() })
    const bytes = bytesOf(300_000)
    await jobs.run(tasks.same, bytes)
    assert.deepEqual(await Promise.all(shelfNumbers.map(shelf => piecesOn(shelf, 'shelves'))), [3, 3, 0])
    await (await jobs.submit(tasks.same, [bytes])).result()
    const lasting = await piecesOn(3, 'shelves')
    assert.equal(lasting, 3)
    await assert.rejects((await jobs.submit(tasks.fail, ['long ', 400_000])).result(), RangeError)
    assert.ok((await piecesOn(3, 'shelves')) > lasting)
    const [dead] = await jobs.dead.list()
    assert.match(dead?.error ?? '', /long long/)
  },
)

test('a task with large arguments may not wait for longer than these are kept', options, async () => {
  await using jobs = cluster({ servers: server.url, namespace: 'delays' })
  const days = (count: number) => ({ delayMs: count * 24 * 3_600_000 })
  await jobs.submit(tasks.same, [bytesOf(300_000)], days(14))
  await jobs.submit(tasks.same, [1], days(15))
  await assert.rejects(jobs.submit(tasks.same, [bytesOf(300_000)], days(15)), {
    code: 'ATONCE_PAYLOAD_TOO_LARGE',
    message: /kept for two weeks/,
  })
})

test('a task whose large arguments are gone fails, for whoever waits for it', options, async () => {
  const at = { servers: server.url, namespace: 'gone' }
  await using caller = cluster(at)
  const submitted = await caller.submit(tasks.same, [bytesOf(300_000)])
  const calling = caller.run(tasks.same, bytesOf(300_001))
  while ((await caller.status()).queues[0]?.waiting !== 2);
  for (const shelf of shelfNumbers) {
    const name = `KV_AO_gone_${shelves[shelf].bucket}`
    await requests.ask(`$JS.API.STREAM.PURGE.${name}`, Buffer.from('{}'))
  }
  await using _node = cluster({ ...at, on: coroutines() })
  const why = { code: 'ATONCE_ENGINE_UNAVAILABLE', message: /its large arguments are gone/ }
  await assert.rejects(submitted.result(), why)
  await assert.rejects(calling, why)
  while ((await caller.status()).queues[0]?.taken !== 0);
})

test(
  "a dead letter whose arguments are gone is listed, counted and dropped, and can't be retried",
  options,
  async () => {
    await using jobs = cluster({ servers: server.url, namespace: 'letters', on: coroutines() })
    const { id } = await jobs.submit(tasks.fail, ['long ', 400_000])
    await assert.rejects(jobs.result(id), RangeError)
    await requests.ask(`$JS.API.STREAM.PURGE.KV_AO_letters_${shelves[3].bucket}`, Buffer.from('{}'))
    const [dead] = await jobs.dead.list()
    assert.equal(dead?.id, id)
    assert.match(dead.task, /arguments are gone/)
    assert.match(dead.error, /^RangeError: long/)
    assert.equal((await jobs.status()).dead, 1)
    await assert.rejects(jobs.dead.retry(id), { message: /can't be retried.*dead drop/ })
    await jobs.dead.drop(id)
    assert.deepEqual(await jobs.dead.list(), [])
  },
)
