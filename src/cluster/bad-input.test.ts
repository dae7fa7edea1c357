/** What a user or a machine may do wrong: a clear error, and nothing lost. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { coroutines } from '../coroutines/coroutines.ts'
import { sleep } from '../coroutines/time/sleep.ts'
import { simulate } from '../runtime/simulate.ts'
import { threads } from '../threads/threads.ts'
import { cluster } from './cluster.ts'
import { leaseMs, machines } from './fixtures/machines.ts'
import { NatsServer, noServer } from './fixtures/nats-server.ts'
import * as tasks from './fixtures/tasks.ts'
import { maxMessageBytes } from './messages.ts'

const options = { timeout: 60_000 }

test('a server whose disk is full refuses in words; what it has acknowledged is done once it has room', {
  skip: noServer,
  timeout: 120_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'atonce-full-'))
  const config = join(folder, 'nats-server.conf')
  const write = (port: number, room: string) =>
    writeFileSync(
      config,
      `host: "127.0.0.1"\nport: ${port}\njetstream { store_dir: "${join(folder, 'store')}", max_file_store: ${room} }\n`,
    )
  await using server = await NatsServer.start(port => {
    write(port, '3MB')
    return ['-c', config]
  })
  await using jobs = cluster({ servers: server.url, namespace: 'full', closeGraceMs: 0 })
  const bytes = new Uint8Array(200_000).fill(1)
  const ids: string[] = []
  const filled = (async () => {
    for (;;) ids.push((await jobs.submit(tasks.same, [bytes])).id)
  })()
  await assert.rejects(filled, {
    code: 'ATONCE_ENGINE_UNAVAILABLE',
    message: /does not take a task: .*(storage|resource)/,
  })
  assert.ok(ids.length >= 5, `${ids.length}`)
  await server.stop()
  write(server.port, '100MB')
  await server.start()
  await using _node = cluster({ servers: server.url, namespace: 'full', on: coroutines() })
  await _node.status()
  for (const id of ids) assert.deepEqual(await jobs.result(id), bytes)
  assert.deepEqual(await (await jobs.submit(tasks.same, [bytes])).result(), bytes)
  rmSync(folder, { recursive: true, force: true })
})

test('a program whose task stands in its entry file is told to guard it, at once', options, async () => {
  const entry = fileURLToPath(new URL('./fixtures/entry.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [entry])
  // What the worker prints when it imports the file comes first.
  assert.match(stdout, /run ATONCE_ENTRY_POINT\nsubmit ATONCE_ENTRY_POINT\n$/)
})

test('a node in this program is told of, and arguments that are no list are refused in words', async () => {
  await using jobs = cluster({ on: coroutines({ concurrency: 3 }) })
  const { nodes } = await jobs.status()
  assert.deepEqual(
    nodes.map(({ id, workers, queues }) => [id, workers, queues]),
    [['cluster node', 3, ['default']]],
  )
  for (const wrong of [5, undefined, 'abc', { retries: 2 }])
    await assert.rejects(jobs.submit(tasks.double, wrong as never), {
      code: 'ATONCE_OPTION',
      message: /takes the arguments in an array, as submit\(double, \[/,
    })
  for (const servers of ['', '  ', 'nats://'])
    assert.throws(() => cluster({ servers }), { code: 'ATONCE_OPTION', message: /takes URLs, as nats:/ })
})

test('a result that shares memory is refused, with its place', async () => {
  await using jobs = cluster({ on: threads({ workers: 1 }) })
  await assert.rejects(jobs.run(tasks.sharing, 8), {
    code: 'ATONCE_SERIALIZATION',
    message: /^result\.words\[0\] is a SharedArrayBuffer/,
  })
})

test('arguments above the limit are refused before they are sent; the next call is none the worse', () =>
  simulate(async () => {
    const all = machines(1)
    const large = new Uint8Array(maxMessageBytes)
    const refused = { code: 'ATONCE_PAYLOAD_TOO_LARGE', limitBytes: maxMessageBytes }
    await assert.rejects(async () => await all.jobs.run(tasks.same, large), refused)
    await assert.rejects(all.jobs.submit(tasks.same, [large]), refused)
    assert.equal(await all.jobs.run(tasks.double, 2, 0), 4)
    await all.close()
  }))

test('clocks that jump by hours end no lease and lose no task; only deadlines feel them', () =>
  simulate(
    async () => {
      tasks.begun.clear()
      const all = machines(2)
      const [first, second] = all.nodes
      const hourMs = 3_600_000
      const long = all.jobs.run(tasks.charge, 4, 5 * leaseMs)
      await sleep(100)
      all.near.skewMs = 2 * hourMs
      if (first !== undefined) first.engine.skewMs = hourMs
      if (second !== undefined) second.engine.skewMs = -hourMs
      const numbers = [10, 11, 12, 13, 14, 15]
      const handles = await Promise.all(numbers.map(n => all.jobs.submit(tasks.charge, [n, 100])))
      assert.deepEqual(await Promise.all(handles.map(handle => handle.result())), numbers)
      assert.equal(await long, 4)
      for (const n of [4, ...numbers]) assert.deepEqual(tasks.begun.get(n), [1])
      for (const { engine } of all.nodes) engine.skewMs = 5 * hourMs
      const late = await all.jobs.submit(tasks.charge, [16, 0], { deadlineMs: 60_000 })
      await assert.rejects(late.result(), { name: 'TimeoutError', message: /not begun before its deadline/ })
      await all.close()
    },
    { runs: 20 },
  ))

for (const [name, on] of [
  ['coroutines', () => coroutines()],
  ['threads', () => threads({ workers: 1 })],
] as const)
  test(
    `what is above the limit on its way back from ${name} is the error of its own call`,
    options,
    async () => {
      await using jobs = cluster({ on: on() })
      const refused = { code: 'ATONCE_PAYLOAD_TOO_LARGE' }
      const tooLong = maxMessageBytes + 1
      await assert.rejects(async () => await jobs.run(tasks.zeros, tooLong), refused)
      const submitted = await jobs.submit(tasks.zeros, [tooLong])
      await assert.rejects(submitted.result(), refused)
      const values: unknown[] = []
      const streaming = (async () => {
        for await (const value of jobs.stream(tasks.yieldZeros, [1, tooLong, 1])) values.push(value)
      })()
      await assert.rejects(streaming, refused)
      assert.deepEqual(values, [new Uint8Array(1)])
      assert.deepEqual(
        (await jobs.dead.list()).map(({ id }) => id),
        [submitted.id],
      )
      assert.equal(await jobs.run(tasks.double, 2, 0), 4)
    },
  )

test(
  'a task as long as a message may be, and an error that is longer, are dead letters like any',
  options,
  async () => {
    await using jobs = cluster({ on: coroutines() })
    const text = 'x'.repeat(maxMessageBytes / 2 - 1_000)
    const long = await jobs.submit(tasks.fail, [text, text.length])
    await assert.rejects(long.result(), { name: 'RangeError' })
    const longer = await jobs.submit(tasks.fail, ['x', maxMessageBytes])
    await assert.rejects(longer.result(), { code: 'ATONCE_PAYLOAD_TOO_LARGE' })
    const dead = await jobs.dead.list()
    assert.deepEqual(
      dead.map(({ id }) => id),
      [long.id, longer.id],
    )
    for (const { history } of dead) assert.ok((history[0]?.error.length ?? 0) <= 10_000)
  },
)
