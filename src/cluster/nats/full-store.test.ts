/** A store that is full says so, to whoever waits, and is not filled by what it refuses. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { coroutines } from '../../coroutines/coroutines.ts'
import { cluster } from '../cluster.ts'
import { NatsServer, noServer } from '../fixtures/nats-server.ts'
import * as tasks from '../fixtures/tasks.ts'
import { clusterHealth } from '../operate.ts'

const options = { skip: noServer, timeout: 60_000 }
const full = { code: 'ATONCE_ENGINE_UNAVAILABLE', message: /does not take .*insufficient.*max_file_store/ }

test(
  'a value that does not fit is refused, as argument and as result, and leaves room for others',
  options,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'atonce-full-'))
    try {
      await using server = await NatsServer.start(port => {
        const path = join(folder, 'nats-server.conf')
        const store = `jetstream { store_dir: "${join(folder, 'store')}", max_file_store: 20MB }`
        writeFileSync(path, `host: "127.0.0.1"\nport: ${port}\n${store}\n`)
        return ['-c', path]
      })
      await using jobs = cluster({ servers: server.url, on: coroutines(), leaseMs: 60_000 })
      const large = 30 * 2 ** 20
      for (let round = 0; round < 2; round += 1) {
        await assert.rejects(jobs.run(tasks.same, new Uint8Array(large)), full)
        await assert.rejects(jobs.submit(tasks.same, [new Uint8Array(large)]), full)
        await assert.rejects(jobs.run(tasks.zeros, large), full)
        await assert.rejects((await jobs.submit(tasks.zeros, [large])).result(), full)
        assert.equal(await jobs.run(tasks.double, 4, 0), 8)
        assert.equal((await jobs.run(tasks.zeros, 400_000)).length, 400_000)
      }
      assert.equal((await clusterHealth({ servers: server.url })).refusal, undefined)
      const fill = async () => {
        await jobs.submit(tasks.same, [new Uint8Array(4 * 2 ** 20)], { delayMs: 3_600_000 })
        for (let n = 0; n < 500; n += 1)
          await jobs.submit(tasks.same, [new Uint8Array(200_000)], { delayMs: 3_600_000 })
      }
      await assert.rejects(fill(), full)
      const { refusal, largeBytes } = await clusterHealth({ servers: server.url })
      assert.ok(largeBytes > 4 * 2 ** 20)
      assert.match(refusal ?? '', /insufficient/)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
)
