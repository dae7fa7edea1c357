/** Limiters and channels in the tree of what runs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Channel } from '../../channel/channel.ts'
import { treeLines } from '../../live/print.ts'
import { liveTree } from '../../live/register.ts'
import { simulate } from '../../runtime/simulate.ts'
import { scope } from '../scope/scope.ts'
import { sleep } from '../time/sleep.ts'
import { Limiter } from './limiter.ts'

const seen = () => treeLines(liveTree())

test('a limiter is told with how many run and wait, while there are any', () =>
  simulate(async () => {
    const limiter = new Limiter({ concurrency: 2, name: 'one host' })
    assert.deepEqual(seen(), [])
    const calls = Array.from({ length: 5 }, () => limiter.run(() => sleep(10)))
    await sleep(1)
    assert.equal(seen().at(-1), 'limiter one host: open, 2 of 2 running, 3 queued')
    limiter.pause()
    assert.equal(seen().at(-1), 'limiter one host: paused, 2 of 2 running, 3 queued')
    limiter.resume()
    await Promise.all(calls)
    assert.deepEqual(seen(), [])
  }))

test('a channel that blocks is told with what it holds, and who waits for it', () =>
  simulate(
    async () => {
      const jobs = new Channel<number>(1, { name: 'jobs' })
      await scope(
        async s => {
          for (const n of [1, 2, 3]) s.spawn(() => jobs.send(n), { name: 'producer' })
          await sleep(1)
          assert.deepEqual(
            seen().map(line => line.replace(/ ?for at least [^,]+/, '')),
            [
              'scope pipeline: running',
              '├─ child producer: running, waits for room in jobs',
              '└─ child producer: running, waits for room in jobs',
              'main: waits for pipeline to end',
              'channel jobs: 1 of 1 items, producer waits for room in jobs ×2',
            ],
          )
          for (const n of [1, 2, 3]) assert.equal(await jobs.receive(), n)
        },
        { name: 'pipeline' },
      )
      assert.deepEqual(seen(), [])
    },
    { schedule: 'fifo' },
  ))
