/**
 * The life of pools and their workers, on real ones: nested calls and deaths, repeats, replacement,
 * room in the queue.
 */
import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import {
  AbortError,
  ClosedError,
  coroutines,
  type Executor,
  move,
  OptionError,
  processes,
  QueueFullError,
  RetryError,
  type ThreadsOptions,
  threads,
  WorkerExitedError,
  WorkerStartError,
} from '../../src/index.ts'
import { until } from '../../src/testing/suite/until.ts'
import * as tasks from './tasks.ts'

const timeout = 60_000
const pools = { threads, processes } satisfies Record<string, (options: ThreadsOptions) => Executor>

/** On threads and on processes. */
function onPools(name: string, body: (make: (options: ThreadsOptions) => Executor) => Promise<void>): void {
  for (const [model, make] of Object.entries(pools)) test(`${model}: ${name}`, { timeout }, () => body(make))
}

/** On every model; `workers` tasks at a time. */
function onAll(
  name: string,
  body: (make: (options: { workers: number; queueLimit?: number }) => Executor) => Promise<void>,
): void {
  onPools(name, body)
  test(`coroutines: ${name}`, { timeout }, () =>
    body(({ workers, ...rest }) => coroutines({ concurrency: workers, ...rest })),
  )
}

// ── nested calls and death ──

onPools(
  'a nested call that kills its worker fails for the task that made it, which goes on elsewhere',
  async make => {
    await using pool = make({ workers: 2, minWorkers: 2 })
    await until(() => pool.stats().workers.idle === 2)
    const [ending, worker] = await pool.run(tasks.survive)
    assert.equal(ending, 'WorkerExitedError')
    assert.ok(worker)
  },
)

onPools(
  'a nested call that kills the worker which waits for it fails both, and the pool works on',
  async make => {
    await using pool = make({ workers: 1 })
    await assert.rejects(pool.run(tasks.dieNested), WorkerExitedError)
    assert.ok(await pool.run(tasks.whoAmI))
    assert.equal(pool.stats().queued, 0)
  },
)

onPools('when a task dies, what it has run on its pool is cancelled', async make => {
  await using pool = make({ workers: 2, minWorkers: 2 })
  await until(() => pool.stats().workers.idle === 2)
  await assert.rejects(pool.run(tasks.dieAsParent), WorkerExitedError)
  await pool.close()
  const { cancelled, running, queued } = pool.stats()
  assert.deepEqual([cancelled, running, queued], [1, 0, 0])
})

onAll('when a task is cancelled, what it has run on its executor is cancelled too', async make => {
  for (const workers of [1, 2]) {
    await using pool = make({ workers })
    const begun = Promise.withResolvers<void>()
    const future = pool.run(tasks.parentOfEndless).onProgress(() => begun.resolve())
    await begun.promise
    future.cancel('enough')
    await assert.rejects(future, AbortError)
    assert.ok(await pool.run(tasks.whoAmI))
    await pool.close()
    const { cancelled, crashes, running } = pool.stats()
    assert.deepEqual([cancelled, crashes, running], [2, 0, 0])
  }
})

onPools('a nested call that spins is ended with its worker after the grace', async make => {
  await using pool = make({ workers: 1, graceMs: 20 })
  const future = pool.run(tasks.nestedSpin)
  await until(() => pool.stats().running === 2)
  future.cancel()
  await assert.rejects(future, AbortError)
  assert.ok(await pool.run(tasks.whoAmI))
})

onAll('close ends nested calls with the calls that wait for them', async make => {
  const pool = make({ workers: 1 })
  const begun = Promise.withResolvers<void>()
  const future = pool.run(tasks.parentOfEndless).onProgress(() => begun.resolve())
  await begun.promise
  const closing = pool.close({ graceMs: 5 })
  await assert.rejects(future, ClosedError)
  await closing
  assert.equal(pool.stats().running, 0)
})

// ── repeats ──

onAll('a call that fails is repeated until it succeeds, and each repeat can be seen', async make => {
  await using pool = make({ workers: 1 })
  const seen: unknown[] = []
  const note = (event: unknown) => {
    const { task, attempt, error } = event as { task: string; attempt: number; error: Error }
    seen.push([task, attempt, error.message])
  }
  subscribe('atonce.call.retry', note)
  try {
    assert.equal(await pool.with({ retries: 5 }).run(tasks.flaky, 3), 3)
  } finally {
    unsubscribe('atonce.call.retry', note)
  }
  assert.deepEqual(seen, [
    ['(anonymous)', 2, 'call 1'],
    ['(anonymous)', 3, 'call 2'],
  ])
  const { retried, done, failed } = pool.stats()
  assert.deepEqual([retried, done, failed], [2, 1, 2])
})

onAll('a call that fails at each attempt rejects with the errors of all of them', async make => {
  await using pool = make({ workers: 1 })
  await assert.rejects(
    pool.with({ retries: 2, retryDelayMs: 1 }).run(tasks.alwaysFails),
    (error: unknown) => {
      assert.ok(error instanceof RetryError)
      const messages = (error.errors as Error[]).map(({ message }) => message)
      assert.deepEqual(messages, ['attempt 1', 'attempt 2', 'attempt 3'])
      assert.equal(error.cause, error.errors[2])
      return error.cause instanceof RangeError
    },
  )
  const never = pool.with({ retries: 2, retryIf: error => !(error instanceof RangeError) })
  await assert.rejects(never.run(tasks.alwaysFails), RangeError)
  const broken = pool.with({
    retries: 2,
    retryIf: () => {
      throw new SyntaxError('in retryIf')
    },
  })
  await assert.rejects(broken.run(tasks.alwaysFails), SyntaxError)
})

onPools('a call whose worker dies is repeated on another one, only where it may be', async make => {
  await using pool = make({ workers: 1 })
  assert.equal(await pool.with({ retries: 2 }).run(tasks.dieUntil, 3), 3)
  await assert.rejects(pool.run(tasks.dieUntil, 2), WorkerExitedError)
})

onAll('map repeats the items that have failed, one by one, and keeps their order', async make => {
  await using pool = make({ workers: 2 })
  const numbers = Array.from({ length: 100 }, (_, n) => n)
  const expected = numbers.map(n => (n % 2 === 1 ? 2 * n : n))
  const again = pool.with({ retries: 1 })
  for (const chunk of [1, 7, 100] as const) {
    assert.deepEqual(await again.map(tasks.oddFailsOnce, numbers, { chunk }), expected)
    const unordered = await again.map(tasks.oddFailsOnce, numbers, { chunk, ordered: false })
    assert.deepEqual(
      unordered.toSorted((a, b) => a - b),
      expected.toSorted((a, b) => a - b),
    )
  }
  assert.deepEqual(await again.map(tasks.oddFailsOnce, new Float64Array(numbers), { chunk: 50 }), expected)
  const endings = await pool.map(tasks.oddFailsOnce, numbers).settled()
  assert.equal(endings.filter(({ status }) => status === 'rejected').length, 50)
})

onAll(
  'repeats are refused at the call: of an unmarked task, of what moves; and options that are none',
  async make => {
    await using pool = make({ workers: 1 })
    const again = pool.with({ retries: 1 })
    assert.throws(() => again.run(tasks.whoAmI), OptionError)
    assert.throws(() => again.run(tasks.whoAmI), /\{ idempotent: true \}/)
    assert.throws(() => again.map(tasks.whoAmI, [1]), OptionError)
    const bytes = new Uint8Array(8)
    assert.throws(() => again.run(tasks.takesBytes, move(bytes)), /is moved/)
    await assert.rejects(async () => await again.map(tasks.takesBytes, [bytes]), /is moved/)
    assert.equal(await pool.run(tasks.takesBytes, bytes), 8)
    for (const options of [
      { retries: -1 },
      { retries: 1.5 },
      { retryDelayMs: -1 },
      { retryDelayMs: Number.POSITIVE_INFINITY },
      { retryIf: 5 as unknown as () => boolean },
    ])
      assert.throws(() => pool.with(options), OptionError)
  },
)

onAll('a time limit covers all attempts, and a cancel ends the wait for the next one', async make => {
  await using pool = make({ workers: 1 })
  const slowly = pool.with({ retries: 1_000, retryDelayMs: 60_000 })
  await assert.rejects(slowly.with({ timeoutMs: 50 }).run(tasks.alwaysFails), { name: 'TimeoutError' })
  const { failed } = pool.stats()
  const future = slowly.run(tasks.alwaysFails)
  await until(() => pool.stats().failed > failed)
  future.cancel()
  await assert.rejects(future, AbortError)
  const running = pool.with({ retries: 5, timeoutMs: 5 }).run(tasks.endlessly)
  await assert.rejects(running, { name: 'TimeoutError' })
  assert.equal(pool.stats().retried, 0)
})

onAll('close waits for calls that wait for their next attempt, and for all of their attempts', async make => {
  const pool = make({ workers: 1 })
  const again = pool.with({ retries: 2, retryDelayMs: 50 })
  const calls = [again.run(tasks.flaky, 3), again.map(tasks.oddFailsOnce, [1, 3])] as const
  await until(() => pool.stats().failed > 0)
  await pool.close({ graceMs: 60_000 })
  assert.equal(calls[0].state, 'done')
  assert.deepEqual(await Promise.all(calls), [3, [2, 6]])
})

onAll('what waits for its next attempt when the grace of close is over is settled then', async make => {
  const pool = make({ workers: 1 })
  const slowly = pool.with({ retries: 2, retryDelayMs: 60_000 })
  const ends: unknown[] = []
  const note = (error: unknown) => ends.push(error)
  slowly.run(tasks.alwaysFails).catch(note)
  slowly.map(tasks.oddFailsOnce, [1]).then(null, note)
  await until(() => pool.stats().failed === 2)
  const begun = performance.now()
  await pool.close({ graceMs: 50 })
  await until(() => ends.length === 2)
  assert.ok(performance.now() - begun < 20_000)
  for (const error of ends as RetryError[]) {
    assert.ok(error instanceof RetryError)
    assert.deepEqual(
      (error.errors as Error[]).map(({ name }) => name),
      ['RangeError', 'ClosedError'],
    )
  }
})

onPools('what has failed while close ends its worker does not wait for another attempt', async make => {
  const pool = make({ workers: 1 })
  const slowly = pool.with({ retries: 1, retryDelayMs: 60_000 })
  await assert.rejects(pool.run(tasks.alwaysFails), RangeError)
  const future = slowly.run(tasks.alwaysFails)
  await turn()
  const begun = performance.now()
  while (performance.now() - begun < 200); // Its failure lies here unread.
  const [, ending] = await Promise.all([pool.close({ graceMs: 0 }), Promise.allSettled([future])])
  assert.ok(performance.now() - begun < 20_000)
  assert.equal(ending[0]?.status, 'rejected')
})

onAll('a cancel of what waits for its next attempt lets close end', async make => {
  const pool = make({ workers: 1 })
  const future = pool.with({ retries: 2, retryDelayMs: 60_000 }).run(tasks.alwaysFails)
  await until(() => pool.stats().failed === 1)
  const begun = performance.now()
  const closing = pool.close({ graceMs: 60_000 })
  future.cancel()
  await assert.rejects(future, AbortError)
  await closing
  assert.ok(performance.now() - begun < 20_000, 'not only when its idle worker has ended by itself')
})

onAll('a call that ends takes along what it has made and what waits for its next attempt', async make => {
  await using pool = make({ workers: 1 })
  await pool.run(tasks.leavesRepeat)
  assert.equal(await pool.run(tasks.stateOfLeft), 'cancelled')
})

// ── replacement ──

onPools(
  'a worker takes so many calls, then another takes the next (test_max_tasks_per_child)',
  async make => {
    await using pool = make({ workers: 1, maxCallsPerWorker: 3 })
    const workers: string[] = []
    for (let count = 0; count < 7; count += 1) workers.push(await pool.run(tasks.whoAmI))
    assert.equal(new Set(workers).size, 3)
    assert.equal(new Set(workers.slice(0, 3)).size, 1)
    assert.equal(new Set(workers.slice(3, 6)).size, 1)
    assert.equal(pool.stats().crashes, 0)
  },
)

onPools('workers are replaced under a backlog, and early close returns every result', async make => {
  for (const [workers, maxCallsPerWorker, count] of [
    [1, 2, 5],
    [2, 3, 12],
  ] as const) {
    const pool = make({ workers, maxCallsPerWorker })
    const futures = Array.from({ length: count }, () => pool.run(tasks.whoAmI))
    const closing = pool.close({ graceMs: 120_000 })
    const ran = new Map<string, number>()
    for (const worker of await Promise.all(futures)) ran.set(worker, (ran.get(worker) ?? 0) + 1)
    assert.ok([...ran.values()].every(calls => calls <= maxCallsPerWorker))
    await closing
  }
})

onPools('the inputs of a chunk count, and nested calls too', async make => {
  await using pool = make({ workers: 1, maxCallsPerWorker: 4 })
  const [first] = await pool.map(tasks.whoAmI, [1, 2, 3, 4], { chunk: 4 })
  assert.notEqual(await pool.run(tasks.whoAmI), first)
})

onPools('a worker that uses too much memory is replaced after its call', async make => {
  await using pool = make({ workers: 1, maxWorkerMiB: 200 })
  const first = await pool.run(tasks.keep, 1)
  assert.equal(await pool.run(tasks.keep, 1), first)
  let worker = first
  for (let count = 0; count < 20 && worker === first; count += 1) {
    await pool.run(tasks.slow, 60)
    worker = await pool.run(tasks.keep, 100)
  }
  assert.notEqual(worker, first)
  assert.equal(pool.stats().crashes, 0)
})

onPools('each new worker is initialized once, before anything else', async make => {
  await using pool = make({ workers: 2, maxCallsPerWorker: 2, initialize: tasks.initialize })
  const times = await Promise.all(Array.from({ length: 10 }, () => pool.run(tasks.timesInitialized)))
  assert.deepEqual(times, new Array(10).fill(1))
})

onPools(
  'when it throws or exits, waiting calls fail with the reason, and later ones try again (FailingInitializer)',
  async make => {
    await using pool = make({ workers: 2, initialize: tasks.failToInitialize })
    for (let round = 0; round < 2; round += 1) {
      await assert.rejects(pool.run(tasks.whoAmI), (error: unknown) => {
        assert.ok(error instanceof WorkerStartError)
        assert.match(error.message, /no licence/)
        return error.cause instanceof RangeError
      })
    }
    await using exits = make({ workers: 1, initialize: tasks.exitAtInitialize })
    await assert.rejects(exits.run(tasks.whoAmI), WorkerStartError)
  },
)

test('an initializer is a task', () => {
  assert.throws(() => threads({ initialize: (() => 5) as unknown as typeof tasks.initialize }), {
    name: 'InvalidTaskError',
  })
})

// ── a worker that died unnoticed ──

test('processes: a call given to a process that died unnoticed runs on another one', {
  timeout,
  skip: process.platform !== 'linux',
}, async () => {
  await using pool = processes({ workers: 1 })
  for (let round = 0; round < 3; round += 1) {
    await pool.run(tasks.whoAmI)
    const [pid] = pool.stats().pids
    process.kill(pid as number, 'SIGKILL')
    assert.notEqual(Number.parseInt(await pool.run(tasks.whoAmI), 10), pid)
  }
})

// ── room ──

onAll('a producer that waits for room is never refused, however many there are', async make => {
  await using pool = make({ workers: 1, queueLimit: 2 })
  await pool.run(tasks.slow, 2)
  let produced = 0
  const produce = async () => {
    for (let count = 0; count < 20; count += 1) {
      await pool.room()
      produced += 1
      pool.run(tasks.slow, 2).catch(assert.fail)
      assert.ok(pool.stats().queued <= 2 + 1) // One more may wait in the worker's hands, behind a call that takes milliseconds.
    }
  }
  await Promise.all([produce(), produce(), produce()])
  await pool.close()
  assert.deepEqual([produced, pool.stats().done], [60, 61])
})

onAll('who waits for room is served in order, and leaves by its signal or by close', async make => {
  const pool = make({ workers: 1, queueLimit: 0 })
  const begun = Promise.withResolvers<void>()
  const blocker = pool.run(tasks.endless).onProgress(() => begun.resolve())
  await begun.promise
  await assert.rejects(pool.run(tasks.slow, 0), QueueFullError)
  const order: number[] = []
  const stop = new AbortController()
  const waits = [0, 1, 2].map(async n => {
    await pool.room(n === 1 ? { signal: stop.signal } : {})
    order.push(n)
    await pool.run(tasks.slow, 0)
  })
  stop.abort('enough')
  await assert.rejects(waits[1] as Promise<void>, AbortError)
  blocker.cancel()
  await Promise.all([waits[0], waits[2]])
  assert.deepEqual(order, [0, 2])
  const last = pool.run(tasks.endless)
  last.catch(() => {})
  const never = pool.room()
  const closing = pool.close({ graceMs: 0 })
  await assert.rejects(never, ClosedError)
  await closing
  await assert.rejects(pool.room(), ClosedError)
})

onAll('a map waits for its place in a full queue, whoever fills it', async make => {
  await using pool = make({ workers: 1, queueLimit: 0 })
  const blocker = pool.run(tasks.slow, 30)
  assert.deepEqual(await pool.map(tasks.slow, [1, 2, 3], { chunk: 1 }), [1, 2, 3])
  await blocker
})

test('threads: each idle worker begins a call of one turn, though the caller then blocks its loop', {
  timeout,
}, async () => {
  const workers = 3
  await using pool = threads({ workers, minWorkers: workers })
  const arrived = new Int32Array(new SharedArrayBuffer(8))
  const callAll = () => Array.from({ length: workers }, () => pool.run(tasks.arrive, arrived))
  while (pool.stats().workers.idle < workers) await turn()
  await Promise.all(callAll())
  while (pool.stats().workers.idle < workers) await turn()
  Atomics.store(arrived, 0, 0)
  const calls = callAll()
  for (let seen = 0; seen < workers; seen = Atomics.load(arrived, 0))
    assert.notEqual(Atomics.wait(arrived, 0, seen, 10_000), 'timed-out', `${seen} have begun`)
  await Promise.all(calls)
})

onPools('calls begin while their caller blocks its loop, on cold workers and on idle ones', async make => {
  const folder = await mkdtemp(join(tmpdir(), 'atonce-blocked-'))
  try {
    await using pool = make({ workers: 2 })
    for (const round of ['cold', 'idle']) {
      const traces = [1, 2].map(n => join(folder, `${round} ${n}`))
      const calls = traces.map(trace => pool.run(tasks.leaveTrace, trace))
      const endMs = Date.now() + timeout / 2
      while (!traces.every(trace => existsSync(trace)))
        assert.ok(Date.now() < endMs, `${round} workers wait for the loop of their caller`)
      await Promise.all(calls)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
