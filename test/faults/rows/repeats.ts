/**
 * A failed call is repeated; a worn worker is replaced, a new one prepared; a producer waits for
 * room.
 */
import { type Expectation, rejects, resolves, throws } from '../expect.ts'
import type { Row } from '../row.ts'
import type { Pool } from '../subject.ts'

const sharedProcess = 'threads share one process: the signal ends the whole program'

function repeated(row: Pick<Row, 'name' | 'fault' | 'running' | 'expect'> & Partial<Row>): Row {
  return {
    ...row,
    needs: ['atonce', ...(row.needs ?? [])],
    pool: { module: 'repeats', ...(row.pool as object) },
  }
}

/** Every attempt failed, so often, and the last one with this code. */
function failedTimes(times: number, code: string): Expectation {
  return throws(
    `RETRY of ${times}`,
    error =>
      error.code === 'ATONCE_RETRY' &&
      error.errors.length === times &&
      error.cause === error.errors.at(-1) &&
      error.errors.every((each: { code?: unknown }) => each.code === `ATONCE_${code}`),
  )
}

const repeats: Row[] = [
  ...(
    [
      ['exit', 'exits', true],
      ['uncaught', 'throws from a timer', false],
      ['throw', 'throws', false],
      ['kill', 'is killed', false],
    ] as const
  ).map(([how, does, short]) =>
    repeated({
      name: `retry-${how}`,
      fault: `a call that may be repeated ${does} in its first attempt`,
      short,
      ...(how === 'kill' ? { inherent: { threads: sharedProcess } } : {}),
      running: pool => pool.run('failsUntil', { works: 2, how }, { retries: 3 }),
      expect: { running: resolves(2) },
    }),
  ),
  repeated({
    name: 'retry-out-of-memory',
    fault: 'a call that may be repeated takes more memory than its worker has in its first attempt',
    pool: { memoryMb: 32 },
    limitMs: 30_000,
    running: pool => pool.run('failsUntil', { works: 2, how: 'memory' }, { retries: 1 }),
    expect: { running: resolves(2) },
  }),
  repeated({
    name: 'retry-all-exit',
    fault: 'a call exits in each of its three attempts',
    short: true,
    running: pool => pool.run('failsUntil', { works: 9, how: 'exit' }, { retries: 2 }),
    expect: { running: failedTimes(3, 'WORKER_EXITED') },
  }),
  repeated({
    name: 'retry-all-throw',
    fault: 'a call throws in each of its five attempts',
    running: pool => pool.run('failsUntil', { works: 9, how: 'throw' }, { retries: 4 }),
    expect: {
      running: throws(
        'RETRY of 5',
        error =>
          error.code === 'ATONCE_RETRY' &&
          error.errors.map(({ message }: Error) => message).join() ===
            'attempt 1,attempt 2,attempt 3,attempt 4,attempt 5',
      ),
    },
  }),
  repeated({
    name: 'retry-unmarked',
    fault: 'a call is to be repeated whose task does not say that it may run twice',
    short: true,
    running: pool => pool.run('unmarked', undefined, { retries: 1 }),
    expect: { running: rejects('OPTION') },
  }),
  repeated({
    name: 'retry-moved',
    fault: 'a call is to be repeated, and its argument moves',
    running: pool => {
      const buffer = new ArrayBuffer(8)
      return pool.run('failsUntil', { works: 1, how: 'exit', buffer }, { retries: 1, transfer: buffer })
    },
    expect: { running: rejects('OPTION') },
  }),
  repeated({
    name: 'retry-result-function',
    fault: 'a call that may be repeated gives a function: a repeat would not mend that',
    running: pool => pool.run('failsUntil', { works: 9, how: 'function' }, { retries: 5 }),
    expect: { running: rejects('SERIALIZATION', { path: 'result' }) },
  }),
  repeated({
    name: 'retry-if-throws',
    fault: 'what decides on a repeat throws',
    running: pool =>
      pool.run(
        'failsUntil',
        { works: 9, how: 'exit' },
        {
          retries: 5,
          retryIf: () => {
            throw new RangeError('undecided')
          },
        },
      ),
    expect: { running: throws('its RangeError', error => error instanceof RangeError) },
  }),
  repeated({
    name: 'retry-timeout',
    fault: 'the time runs out in the second attempt: a call has one time for all',
    needs: ['timeout'],
    running: pool =>
      pool.run('failsUntil', { works: 9, how: 'throwThenHold' }, { retries: 5, timeoutMs: 1_500 }),
    expect: { running: rejects('TIMEOUT', { timeoutMs: 1_500 }) },
  }),
  repeated({
    name: 'retry-aborted-between',
    fault: 'a call is cancelled while it waits for its next attempt',
    needs: ['signal'],
    running: (pool, stage) =>
      pool.run(
        'failsUntil',
        { works: 2, how: 'throw' },
        {
          retries: 1,
          retryDelayMs: 60_000,
          signal: stage.abort.signal,
          retryIf: () => {
            setTimeout(() => stage.abort.abort(new Error('the reason')), 10)
            return true
          },
        },
      ),
    expect: { running: rejects('ABORTED', { cause: 'the reason' }) },
  }),
  repeated({
    name: 'retry-closed-between',
    fault: 'the pool is closed while a call waits for its next attempt',
    short: true,
    running: (pool, stage) =>
      pool.run(
        'failsUntil',
        { works: 2, how: 'throw' },
        {
          retries: 1,
          retryDelayMs: 600,
          retryIf: () => {
            setTimeout(() => stage.closeNow(300), 10)
            return true
          },
        },
      ),
    queued: null,
    later: pool => pool.run('echo', 'later'),
    closeGraceMs: 300,
    expect: {
      running: throws(
        'RETRY of 2, the last CLOSED',
        error =>
          error.code === 'ATONCE_RETRY' &&
          error.errors.length === 2 &&
          error.errors[0].message === 'attempt 1' &&
          error.cause.code === 'ATONCE_CLOSED',
      ),
      later: rejects('CLOSED'),
    },
  }),
]

/** How many workers have run these calls, and the most calls of one. */
function workersOf(names: readonly unknown[]): { workers: number; most: number } {
  const counts = new Map<unknown, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return { workers: counts.size, most: Math.max(...counts.values()) }
}

const worn: Row[] = [
  repeated({
    name: 'worn-with-backlog',
    fault: 'a worker is replaced after five calls, and thirty wait',
    short: true,
    pool: { maxCallsPerWorker: 5 },
    limitMs: 20_000,
    running: async pool => workersOf(await Promise.all(Array.from({ length: 30 }, () => pool.run('here')))),
    expect: {
      running: resolves({ workers: 6, most: 5 }, ({ workers, most }) => workers >= 6 && most <= 5),
    },
  }),
  repeated({
    name: 'worn-two-with-backlog',
    fault: 'two workers are replaced after one call each, and twenty wait',
    pool: { maxCallsPerWorker: 1, workers: 2 },
    limitMs: 20_000,
    running: async pool => workersOf(await Promise.all(Array.from({ length: 20 }, () => pool.run('here')))),
    expect: { running: resolves({ workers: 20, most: 1 }) },
  }),
  repeated({
    name: 'worn-memory',
    fault: 'each call keeps 32 MiB, and a worker that uses more than 200 MiB is replaced',
    limitMs: 30_000,
    pool: { maxWorkerMiB: 200 },
    running: async pool => {
      const first = await pool.run('grows')
      for (let calls = 1; calls < 12; calls += 1) if ((await pool.run('grows')) !== first) return 'replaced'
      return 'kept'
    },
    expect: { running: resolves('replaced') },
  }),
  repeated({
    name: 'worn-and-exits',
    fault: 'the last call of a worn worker exits',
    pool: { maxCallsPerWorker: 2 },
    running: async pool => {
      const first = pool.run('here')
      await Promise.all([first, pool.run('exit', 3, { module: 'faults' }).catch(() => {})])
      return (await pool.run('here')) !== (await first)
    },
    expect: { running: resolves(true) },
  }),
]

function began(how: string, fault: string, expected: Expectation, more: Partial<Row> = {}): Row {
  const task = `begins${how}`
  const here = (pool: Pool) => pool.run('here')
  return repeated({
    name: `initialize-${how.toLowerCase()}`,
    fault: `each worker begins with a task that ${fault}`,
    pool: { initialize: task, startTimeoutMs: how === 'ForEver' || how === 'Spinning' ? 500 : 30_000 },
    running: here,
    queued: here,
    later: here,
    ...more,
    expect: { running: expected, queued: expected, later: expected },
  })
}

const initialize: Row[] = [
  repeated({
    name: 'initialize-with-crashes',
    fault: 'every new worker begins with a task, and the calls end their workers',
    pool: { initialize: 'begins' },
    running: async pool => {
      const counts: unknown[] = []
      for (let n = 0; n < 3; n += 1) {
        counts.push(await pool.run('hasBegun'))
        await pool.run('exit', 3, { module: 'faults' }).catch(() => {})
      }
      return counts
    },
    expect: { running: resolves([1, 1, 1]) },
  }),
  began('Throwing', 'throws', rejects('WORKER_START', { cause: 'no beginning' }), { short: true }),
  began('Exiting', 'exits', rejects('WORKER_START')),
  began('Uncaught', 'throws from a timer', rejects('WORKER_START')),
  began('ForEver', 'never ends', rejects('WORKER_START_TIMEOUT'), { short: true }),
  began('Spinning', 'spins', rejects('WORKER_START_TIMEOUT')),
  repeated({
    name: 'initialize-closed',
    fault: 'the pool is closed while a worker begins with a task that never ends',
    pool: { initialize: 'beginsForEver' },
    running: pool => pool.run('here'),
    queued: null,
    meanwhile: stage => stage.closeNow(300),
    later: null,
    closeGraceMs: 300,
    expect: { running: rejects('CLOSED') },
  }),
]

function room(pool: Pool, signal?: AbortSignal): Promise<void> {
  if (pool.room === undefined) throw new Error('It does not tell when it has room.')
  return pool.room(signal)
}

const rooms: Row[] = [
  repeated({
    name: 'room-closed',
    fault: 'the pool is closed while a producer waits for room',
    short: true,
    pool: { module: 'faults', queueLimit: 1 },
    running: (pool, stage) => pool.run('hold', stage.marker),
    queued: async (pool, stage) => {
      pool.run('echo', 1).catch(() => {})
      await stage.begun()
      const waiting = Promise.allSettled([room(pool), room(pool), room(pool)])
      stage.closeNow(300)
      const outcomes = await waiting
      return outcomes.map(outcome => outcome.status === 'rejected' && outcome.reason.code)
    },
    later: pool => room(pool),
    closeGraceMs: 300,
    expect: {
      running: rejects('CLOSED'),
      queued: resolves(['ATONCE_CLOSED', 'ATONCE_CLOSED', 'ATONCE_CLOSED']),
      later: rejects('CLOSED'),
    },
  }),
  repeated({
    name: 'room-aborted',
    fault: 'a producer does not want to wait for room any more',
    needs: ['signal'],
    pool: { module: 'faults', queueLimit: 1 },
    running: async (pool, stage) => {
      const held = new AbortController()
      const calls = [pool.run('hold', stage.marker, { signal: held.signal }), pool.run('echo', 1)]
      await stage.begun()
      const waiting = room(pool, stage.abort.signal)
      stage.abort.abort(new Error('the reason'))
      try {
        await waiting
      } finally {
        held.abort()
        await Promise.allSettled(calls)
      }
    },
    queued: null,
    expect: { running: rejects('ABORTED', { cause: 'the reason' }) },
  }),
  repeated({
    name: 'room-after-exit',
    fault: 'a producer waits for room, and the worker in the way exits',
    pool: { module: 'faults', queueLimit: 1 },
    running: async (pool, stage) => {
      const spared = pool.run('sleepMarked', { marker: stage.marker, ms: 20 })
      const exits = pool.run('exit', 3)
      exits.catch(() => {})
      await room(pool)
      return [await pool.run('echo', 'room'), await spared]
    },
    queued: null,
    expect: { running: resolves(['room', 'done']) },
  }),
]

export const repeatRows: readonly Row[] = [...repeats, ...worn, ...initialize, ...rooms]
