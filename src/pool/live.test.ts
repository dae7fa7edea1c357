/** A pool, its workers and their calls in one tree; the test plays the workers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createExecutor } from '../executor/executor.ts'
import { treeLines } from '../live/print.ts'
import { liveTree } from '../live/register.ts'
import { withRuntime } from '../runtime/runtime.ts'
import { VirtualRuntime } from '../runtime/virtual.ts'
import { task } from '../task/task.ts'
import { FakeWorker } from '../worker/fixtures/fake-worker.ts'
import { checkPoolOptions } from './options.ts'
import { Pool } from './pool.ts'

const meta = { url: 'test:live-pool' } as ImportMeta
const count = task(meta, function count(n: number) {
  return n
})
const draw = task(meta, function draw(n: number) {
  return n
})

test('each worker is told with its state, its calls and since when, and the queue behind them', () =>
  played(async ({ pool, workers, advance }) => {
    const calls = [pool.run(count, 1), pool.run(count, 2), pool.run(count, 3), pool.run(draw, 4)]
    for (const call of calls) call.catch(() => {}) // The error to be seen is that of an assertion.
    await advance(10)
    assert.deepEqual(seen(), [
      'executor mill (threads): open, 0 running, 4 waiting, 0 done',
      '├─ fake 1: starting',
      '│  └─ count: next',
      '├─ fake 2: starting',
      '│  └─ count: next',
      '├─ count: queued',
      '└─ draw: queued',
    ])
    workers[0]?.ready()
    workers[0]?.begin()
    await advance(1_500)
    assert.deepEqual(seen(), [
      'executor mill (threads): open, 1 running, 3 waiting, 0 done',
      '├─ fake 1: busy',
      '│  └─ count: running for 1.5 s',
      '├─ fake 2: starting',
      '│  └─ count: next',
      '├─ count: queued',
      '└─ draw: queued',
    ])
    calls[0]?.cancel()
    await assert.rejects(calls[0] as Promise<number>)
    assert.deepEqual(seen().slice(1, 3), [
      '├─ fake 1: busy',
      '│  └─ count: cancelled, but not left for 1.5 s',
    ])
    for (const call of calls) call.cancel()
    assert.deepEqual(seen().slice(3), ['└─ fake 2: starting'])
  }))

test('a worker that nobody gives anything idles, and a closed pool is told no more', () =>
  played(async ({ pool, workers, advance }) => {
    const call = pool.run(count, 1)
    await advance(0)
    workers[0]?.ready()
    workers[0]?.work()
    assert.equal(await call, 1)
    await advance(2_000)
    assert.deepEqual(seen(), [
      'executor mill (threads): open, 0 running, 0 waiting, 1 done',
      '└─ fake 1: idle for 2.0 s',
    ])
    const closing = pool.close()
    workers[0]?.die({ kind: 'exit', code: 0 })
    await closing
    assert.deepEqual(seen(), [])
  }))

const seen = () => treeLines(liveTree())

interface Played {
  readonly pool: ReturnType<typeof createExecutor>
  readonly workers: FakeWorker[]
  advance(ms: number): Promise<void>
}

/** Plays with a pool on a clock of the test's own; nothing is left of it. */
async function played(play: (played: Played) => Promise<void>): Promise<void> {
  const virtual = new VirtualRuntime({ seed: 1, schedule: 'fifo' })
  const workers: FakeWorker[] = []
  await withRuntime(virtual, async () => {
    const pool = createExecutor(
      new Pool(
        'threads',
        checkPoolOptions('threads', { workers: 2, name: 'mill' }),
        (index, owner) => {
          const worker = new FakeWorker(index, owner, true)
          workers.push(worker)
          return worker
        },
        { sharedMemory: true, maxPayloadBytes: 1_000_000 },
      ),
    )
    try {
      await play({ pool, workers, advance: ms => virtual.advance(ms) })
    } finally {
      const closed = pool.close({ graceMs: 0 })
      for (const worker of workers) if (worker.state !== 'ended') worker.die({ kind: 'exit', code: 0 })
      await virtual.advance(0)
      await closed
    }
  })
}
