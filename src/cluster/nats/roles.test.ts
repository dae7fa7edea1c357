/**
 * What each role may do on a server that `atonce cluster init` has configured, and what it may not.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Diary, Player } from '../../actors/fixtures/player.ts'
import { spawn } from '../../actors/spawn.ts'
import { supervisor } from '../../actors/supervisor.ts'
import { coroutines } from '../../coroutines/coroutines.ts'
import { threads } from '../../threads/threads.ts'
import { type Cluster, cluster } from '../cluster.ts'
import { Account } from '../fixtures/account.ts'
import { NatsServer, noServer } from '../fixtures/nats-server.ts'
import * as tasks from '../fixtures/tasks.ts'
import { startWorker } from '../worker.ts'
import { NatsEngine } from './engine.ts'
import { loadNats } from './load.ts'
import { inboxOf, permissionsOf, type Role, roles, serverConfig } from './roles.ts'
import { consumerOf } from './streams.ts'

const options = { skip: noServer, timeout: 30_000 }
const passwords = { client: 'c', worker: 'w', admin: 'a' } as const
const namespace = 'shop'
const folder = mkdtempSync(join(tmpdir(), 'atonce-roles-'))
let server: NatsServer

before(async () => {
  if (noServer !== false) return
  const config = join(folder, 'nats-server.conf')
  server = await NatsServer.start(port => {
    writeFileSync(
      config,
      serverConfig({ host: '127.0.0.1', port, store: join(folder, 'store'), namespace, passwords }),
    )
    return ['-c', config]
  })
  for (const role of roles)
    writeFileSync(fileOf(role), JSON.stringify({ user: role, password: passwords[role] }))
  const admin = new NatsEngine({ ...as('admin'), leaseMs: 2_000, replicas: 1 })
  await admin.provision(['default'])
  await admin.close()
})
after(async () => {
  await server?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const fileOf = (role: Role) => join(folder, `${role}.json`)
const as = (role: Role) => ({ servers: server.url, namespace, credentials: fileOf(role) })

function asCluster(role: Role, more = {}): Cluster {
  return cluster({ ...as(role), ...more })
}

test(
  'a client submits to a queue that is there, large values too, and a worker runs it',
  options,
  async () => {
    const worker = await startWorker({
      ...as('worker'),
      queues: ['default'],
      on: coroutines(),
      tasks: Object.values(tasks) as never,
    })
    await using jobs = asCluster('client')
    assert.equal(await jobs.run(tasks.double, 21, 0), 42)
    assert.equal(await (await jobs.submit(tasks.charge, [5, 0])).result(), 5)
    const bytes = new Uint8Array(600_000).fill(3)
    assert.deepEqual(await jobs.run(tasks.same, bytes), bytes)
    const values: number[] = []
    for await (const n of jobs.stream(tasks.countTo, 3)) values.push(n)
    assert.deepEqual(values, [0, 1, 2])
    const stuck = await jobs.submit(tasks.untilStopped, [])
    assert.equal(await stuck.cancel(), true)
    await worker.close(2_000)
  },
)

test('a client asks entities, which live on a worker', options, async () => {
  const worker = await startWorker({
    ...as('worker'),
    queues: ['default'],
    on: coroutines(),
    tasks: [],
    entities: [Account],
  })
  await using jobs = asCluster('client')
  const alice = jobs.entity(Account, 'alice')
  assert.equal(await alice.ask.deposit(5), 5)
  await assert.rejects(alice.ask.withdraw(9), { name: 'RangeError', message: 'alice has too little' })
  assert.equal(await alice.ask.total(), 5)
  await worker.close(2_000)
})

test('a client supervises actors, which live on a worker', options, async () => {
  const worker = await startWorker({
    ...as('worker'),
    queues: ['default'],
    on: threads({ workers: 1 }),
    tasks: [],
    entities: [Player],
  })
  await using jobs = asCluster('client')
  await using tree = supervisor()
  const diary = await spawn(Diary, [])
  const player = await tree.start(Player, ['p', diary, 0], { on: jobs })
  assert.equal(await player.ask.here(), 'p')
  assert.equal(await diary.ask.count('p starts'), 1)
  await tree.stop()
  await worker.close(2_000)
})

test('neither client nor worker makes a queue; a worker does not submit', options, async () => {
  await using client = asCluster('client')
  await assert.rejects(client.submit(tasks.double, [1, 0], { queue: 'other' }), {
    code: 'ATONCE_DENIED',
  })
  await using worker = asCluster('worker')
  await assert.rejects(worker.submit(tasks.double, [1, 0]), { code: 'ATONCE_DENIED' })
})

test('a worker may set a limit, as its permits are in that record; a client may not', options, async () => {
  await using client = asCluster('client')
  await assert.rejects(client.limit('default', 3), { code: 'ATONCE_DENIED' })
  await using worker = asCluster('worker')
  await worker.limit('default', 3)
  await worker.limit('default', Number.POSITIVE_INFINITY)
})

test('no client hears the answers of another user, nor takes tasks or deletes streams', options, async () => {
  const nats = await loadNats()
  const connection = await nats.connect({ servers: server.url, user: 'client', pass: 'c' })
  const denied = (subject: string) =>
    new Promise<string>(resolve => {
      connection.subscribe(subject, { callback: error => resolve(error?.name ?? 'heard') })
    })
  for (const subject of ['_INBOX.>', `${inboxOf('worker')}.>`, '$JS.API.>', '$KV.>'])
    assert.equal(await denied(subject), 'PermissionViolationError')
  const refused = new Set<string>()
  void (async () => {
    for await (const { error } of connection.status())
      if (error?.subject !== undefined) refused.add(error.subject)
  })()
  const tried = [
    `$JS.API.STREAM.DELETE.AO_${namespace}_tasks`,
    `$JS.API.STREAM.PURGE.AO_${namespace}_tasks`,
    `$JS.API.STREAM.PURGE.KV_AO_${namespace}_blobs`,
    `$JS.API.STREAM.MSG.DELETE.KV_AO_${namespace}_results`,
    `$JS.API.CONSUMER.MSG.NEXT.AO_${namespace}_tasks.${consumerOf('default', 'p1')}`,
    '$KV.AO_other_results.x',
    `$KV.AO_${namespace}_owners.shard-1`,
  ]
  for (const subject of tried) connection.publish(subject)
  while (refused.size < tried.length) await connection.flush()
  assert.deepEqual([...refused].sort(), [...tried].sort())
  await connection.close()
})

test('a wrong password is an error that says so, within its time', options, async () => {
  await using jobs = cluster({ servers: server.url, namespace, user: 'client', password: 'wrong' })
  await assert.rejects(jobs.submit(tasks.double, [1, 0]), {
    code: 'ATONCE_ENGINE_UNAVAILABLE',
    message: /refuses this user: .*auth.*Give credentials/i,
  })
})

test('a server without TLS under a URL of TLS is refused before it hears the password', options, async () => {
  const heard: Buffer[] = []
  const spy = createServer(socket => {
    const far = connect(server.port, '127.0.0.1')
    socket.on('data', data => heard.push(data))
    for (const end of [socket, far]) end.on('error', () => {})
    socket.pipe(far).pipe(socket)
  })
  await new Promise<void>(resolve => spy.listen(0, '127.0.0.1', resolve))
  const { port } = spy.address() as AddressInfo
  await using jobs = cluster({ ...as('client'), servers: `tls://127.0.0.1:${port}` })
  await assert.rejects(jobs.submit(tasks.double, [1, 0]), {
    code: 'ATONCE_ENGINE_UNAVAILABLE',
    message: /does not support 'tls'.*with tls \{/,
  })
  assert.equal(Buffer.concat(heard).toString(), '')
  spy.close()
})

test('only an admin may publish to the interface that makes and deletes', () => {
  for (const role of ['client', 'worker'] as const) {
    const { publish, subscribe } = permissionsOf(role, namespace)
    const wide = [...publish, ...subscribe].filter(subject => /^(>|\$JS\.API\.>|_INBOX\.>)$/.test(subject))
    assert.deepEqual(wide, [])
    assert.deepEqual(
      publish.filter(subject =>
        /STREAM\.(CREATE|DELETE|UPDATE|PURGE)|MSG\.DELETE\.(?!KV_AO_\w+_(passing|blobs|lasting)$)|CONSUMER\.[A-Z]*\.?CREATE/.test(
          subject,
        ),
      ),
      [],
    )
  }
})
