/**
 * Thousands of calls on real workers, some of which die: nothing runs twice, nothing is lost,
 * nobody pays for another.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { AbortError, TimeoutError, WorkerCrashedError, WorkerExitedError } from '../../src/errors.ts'
import type { Executor } from '../../src/executor/executor.ts'
import { processes } from '../../src/processes/processes.ts'
import { VirtualRuntime } from '../../src/runtime/virtual.ts'
import type { Future } from '../../src/task/future.ts'
import { threads } from '../../src/threads/threads.ts'
import { counted, logged, type Manner, Refused } from './tasks.ts'

/** Of a thousand calls, so many behave like this; the others answer at once. */
const manners: readonly (readonly [Manner, number])[] = [
  ['answer at length', 40],
  ['work', 60],
  ['wait', 40],
  ['talk', 40],
  ['throw', 20],
  ['exit', 3],
  ['crash', 2],
  ['spin', 3],
  ['spin deafly', 2],
]
const longestMs = 5_000

interface Attempt {
  readonly manner: Manner
  readonly future: Future<unknown>
  cancelled: boolean
}

/**
 * Submits calls in bursts of any size, cancels some at any time, until there are `count` of them or
 * the time is over.
 */
async function attack(
  pool: Executor,
  random: () => number,
  count: number,
  runOne: (pool: Executor, index: number, manner: Manner) => Future<unknown>,
): Promise<Attempt[]> {
  const attempts: Attempt[] = []
  const untilMs = performance.now() + longestMs
  let open = 0
  const add = () => {
    const manner = draw(random)
    const patience = manner === 'spin' || manner === 'spin deafly' ? 5 + random() * 60 : undefined
    const options = {
      priority: random() < 0.1 ? 1 : 0,
      ...(patience === undefined ? {} : { timeoutMs: patience }),
    }
    const attempt = { manner, future: runOne(pool.with(options), attempts.length, manner), cancelled: false }
    attempts.push(attempt)
    open += 1
    const closed = () => {
      open -= 1
    }
    attempt.future.then(closed, closed)
    if (random() < 0.03) setImmediate(() => cancel(attempt))
  }
  while (attempts.length < count && performance.now() < untilMs) {
    for (let left = Math.ceil(random() ** 3 * 400); left > 0 && attempts.length < count; left -= 1) add()
    if (random() < 0.3) cancel(attempts[Math.floor(random() * attempts.length)] as Attempt)
    if (random() < 0.1) keepLoopBusy(random() * 60)
    const enough = random() * 200
    do await new Promise(resolve => setImmediate(resolve))
    while (open > enough && random() < 0.98)
  }
  await Promise.allSettled(attempts.map(({ future }) => future))
  return attempts
}

/** Timers fall due and answers lie unread meanwhile. */
function keepLoopBusy(ms: number): void {
  const endMs = performance.now() + ms
  while (performance.now() < endMs);
}

function cancel(attempt: Attempt): void {
  if (attempt.future.cancel()) attempt.cancelled = true
}

function draw(random: () => number): Manner {
  let at = random() * 1_000
  for (const [manner, share] of manners) {
    at -= share
    if (at < 0) return manner
  }
  return 'answer'
}

/** What became of the call is what its manner says, and nothing else. */
async function check({ manner, future, cancelled }: Attempt, index: number): Promise<void> {
  const [outcome] = await Promise.allSettled([future])
  const error: unknown = outcome.status === 'rejected' ? outcome.reason : undefined
  const what = `call ${index}, which was to ${manner}: ${error ?? 'done'}`
  if (cancelled) return assert.ok(error instanceof AbortError, what)
  switch (manner) {
    case 'throw':
      return assert.ok(error instanceof Refused && error.index === index, what)
    case 'exit':
      return assert.ok(error instanceof WorkerExitedError && error.exitCode === 3, what)
    case 'crash':
      return assert.ok(
        error instanceof WorkerCrashedError && String(error.cause).includes(`call ${index} `),
        what,
      )
    case 'spin':
    case 'spin deafly':
      return assert.ok(error instanceof TimeoutError, what)
  }
  assert.equal(outcome.status, 'fulfilled', what)
  const expected =
    manner === 'answer at length'
      ? { index, text: 'ж'.repeat(600), parts: new Map([[index, [index]]]) }
      : index * 2
  assert.deepEqual(await future, expected, what)
}

async function stress(model: 'threads' | 'processes', count: number): Promise<void> {
  const seed = Number(process.env['ATONCE_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
  const virtual = new VirtualRuntime({ seed })
  const random = () => virtual.random()
  const folder = mkdtempSync(join(tmpdir(), 'atonce-stress-'))
  const log = join(folder, 'log')
  writeFileSync(log, '')
  const cells = new Int32Array(new SharedArrayBuffer(4 * count))
  const pool = (model === 'threads' ? threads : processes)({ workers: 2, graceMs: 30 })
  try {
    const attempts = await attack(pool, random, count, (view, index, manner) =>
      model === 'threads' && index % 3 === 0
        ? view.run(counted, cells, index, manner)
        : view.run(logged, log, index, manner),
    )
    const { queued, running, done, failed, cancelled } = pool.stats()
    assert.deepEqual([queued, running, done + failed + cancelled], [0, 0, attempts.length])
    await pool.close()
    const runs = cells.slice()
    for (const line of readFileSync(log, 'utf8').split('\n').slice(0, -1))
      runs[Number(line)] = (runs[Number(line)] ?? 0) + 1
    for (const [index, attempt] of attempts.entries()) {
      assert.ok((runs[index] ?? 0) <= 1, `call ${index} ran ${runs[index]} times`)
      if (attempt.future.state === 'done')
        assert.equal(runs[index], 1, `call ${index} is done, and never ran`)
      await check(attempt, index)
    }
    assert.ok(attempts.length > 500, `only ${attempts.length} calls were made`)
  } catch (error) {
    throw new Error(`With ATONCE_SEED=${seed}: ${(error as Error).message}`, { cause: error })
  } finally {
    await pool.close({ graceMs: 0 })
    rmSync(folder, { recursive: true })
  }
}

test(
  'on threads that die, no call runs twice, every call ends as it must, and neighbours do not notice',
  { timeout: 60_000 },
  () => stress('threads', 6_000),
)

test(
  'on processes that die, no call runs twice, every call ends as it must, and neighbours do not notice',
  { timeout: 60_000 },
  () => stress('processes', 3_000),
)
