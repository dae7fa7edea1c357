/** Who was cancelled takes nothing more from a channel, and gives it nothing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Channel } from '../../channel/channel.ts'
import { select } from '../../channel/select.ts'
import { simulate } from '../../runtime/simulate.ts'
import { sleep } from '../time/sleep.ts'
import { scope } from './scope.ts'

test('a cancelled scope takes nothing from a channel that is ready, and sends nothing to one with room', () =>
  simulate(async () => {
    for (const step of [
      (channel: Channel<number>) => channel.receive(),
      (channel: Channel<number>) => channel.values().next(),
      (channel: Channel<number>) => channel.send(9),
      (channel: Channel<number>) => select([channel.receiving()]),
      (channel: Channel<number>) => channel.drained(),
    ]) {
      const channel = new Channel<number>(5)
      await channel.send(1)
      let after: unknown
      await assert.rejects(
        scope(
          async () => {
            await sleep(60_000).catch(() => {})
            after = await step(channel).catch(error => error)
            throw after
          },
          { timeoutMs: 10 },
        ),
        { code: 'ATONCE_TIMEOUT' },
      )
      assert.equal((after as { code?: string }).code, 'ATONCE_TIMEOUT')
      assert.equal(channel.size, 1)
    }
  }))

test('a worker with a backlog stops at its next receive when its scope is cancelled', () =>
  simulate(async () => {
    const jobs = new Channel<number>(1_000)
    for (let job = 0; job < 1_000; job += 1) jobs.trySend(job)
    let done = 0
    const work = async () => {
      for await (const _ of jobs) {
        await sleep(10).catch(() => {})
        done += 1
      }
    }
    await assert.rejects(
      scope(s => void s.spawn(work), { timeoutMs: 105 }),
      { code: 'ATONCE_TIMEOUT' },
    )
    assert.equal(done, 11)
  }))
