/** Values that are larger than a message of the server may be. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { actor } from '../../actors/definition.ts'
import { coroutines } from '../../coroutines/coroutines.ts'
import { cluster } from '../cluster.ts'
import { NatsServer, noServer } from '../fixtures/nats-server.ts'
import * as tasks from '../fixtures/tasks.ts'

const Ledger = actor(
  import.meta,
  class Ledger {
    text = ''
    add(letters: number): number {
      this.text += 'x'.repeat(letters)
      return this.text.length
    }
  },
)

const options = { skip: noServer, timeout: 60_000 }

/** A server whose messages are no longer than that. */
async function serverOf(maxPayload: number): Promise<NatsServer & AsyncDisposable> {
  const folder = mkdtempSync(join(tmpdir(), 'atonce-payload-'))
  const config = join(folder, 'nats-server.conf')
  const server = await NatsServer.start(port => {
    writeFileSync(
      config,
      `host: "127.0.0.1"\nport: ${port}\nmax_payload: ${maxPayload}\njetstream { store_dir: "${join(folder, 'store')}" }\n`,
    )
    return ['-c', config]
  })
  const end = server[Symbol.asyncDispose].bind(server)
  server[Symbol.asyncDispose] = async () => {
    await end()
    rmSync(folder, { recursive: true, force: true })
  }
  return server
}

test(
  'values around the length of the longest message come over whole, whatever they are part of',
  options,
  async () => {
    await using server = await serverOf(65_536)
    await using jobs = cluster({ servers: server.url, on: coroutines() })
    const all = [64_500, 65_024, 65_535, 65_536, 200_000].map(length => new Uint8Array(length).fill(length))
    const isSame = (one: unknown, other: unknown) => assert.ok(isDeepStrictEqual(one, other)) // Their difference is no help.
    for (const bytes of all) {
      const submitted = await jobs.submit(tasks.same, [bytes])
      isSame(await submitted.result(), bytes)
      isSame(await jobs.run(tasks.same, bytes), bytes)
    }
    isSame(await jobs.map(tasks.same, all, { chunk: all.length }), all)
    const failing = await jobs.submit(tasks.fail, ['long ', 100_000])
    await assert.rejects(failing.result(), { name: 'RangeError', message: /^(long ){20000}$/ })
    assert.deepEqual(
      (await jobs.dead.list()).map(({ id }) => id),
      [failing.id],
    )
  },
)

test(
  'a server whose messages are too short for any use is refused at once, by the name of the setting',
  options,
  async () => {
    await using server = await serverOf(200)
    await using jobs = cluster({ servers: server.url })
    await assert.rejects(jobs.submit(tasks.double, [1, 0]), {
      code: 'ATONCE_ENGINE_UNAVAILABLE',
      message: /messages of up to 200 bytes; one has \d+\. Set max_payload/,
    })
  },
)

test(
  'the state of an entity is stored whole, as nothing else is kept for as long; one that is too long is refused',
  options,
  async () => {
    await using server = await serverOf(400_000)
    await using jobs = cluster({ servers: server.url, on: coroutines() })
    const ledger = jobs.entity(Ledger, 'large')
    assert.equal(await ledger.ask.add(300_000), 300_000)
    await assert.rejects(ledger.ask.add(100_000), {
      code: 'ATONCE_PAYLOAD_TOO_LARGE',
      message: /state of an entity.*keep less in its fields.*max_payload/,
    })
    assert.equal(await ledger.ask.add(1), 300_001)
  },
)
