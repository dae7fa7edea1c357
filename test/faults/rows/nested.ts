/**
 * Something happens to a call that a task makes on its own executor, or to the task that makes it.
 */
import { rejects, resolves, throws } from '../expect.ts'
import type { Row } from '../row.ts'

const sharedProcess = 'threads share one process: the signal ends the whole program'

function nested(row: Pick<Row, 'name' | 'fault' | 'running' | 'expect'> & Partial<Row>): Row {
  return { ...row, needs: ['atonce', ...(row.needs ?? [])], pool: { module: 'nested', ...row.pool } }
}

/** On one worker, which helps itself, and on two. */
function alone(row: Parameters<typeof nested>[0]): Row[] {
  return [
    nested(row),
    nested({ ...row, name: `${row.name}-beside`, fault: `${row.fault}; two workers`, pool: { workers: 2 } }),
  ].map((made, at) => (at === 0 ? made : { ...made, short: false }))
}

const parents: Row[] = [
  ...alone({
    name: 'nested-parent-exits',
    fault: 'a task exits while one that it has run on its own executor never ends',
    short: true,
    running: (pool, stage) => pool.run('exitsAboveHold', stage.marker),
    expect: { running: rejects('WORKER_EXITED', { exitCode: 3 }) },
  }),
  ...alone({
    name: 'nested-parent-killed',
    fault: 'the worker of a task is killed while one that it has run on its own executor never ends',
    inherent: { threads: sharedProcess },
    running: (pool, stage) => pool.run('killedAboveHold', stage.marker),
    expect: { running: rejects('WORKER_CRASHED', { signal: 'SIGKILL' }) },
  }),
  ...alone({
    name: 'nested-parent-throws',
    fault: 'a task throws while one that it has run on its own executor never ends',
    running: (pool, stage) => pool.run('throwsAboveHold', stage.marker),
    expect: {
      running: throws('its RangeError', error => error instanceof RangeError && error.message === 'above it'),
    },
  }),
  ...alone({
    name: 'nested-left',
    fault: 'a task returns without waiting for one that it has run, which never ends',
    short: true,
    running: (pool, stage) => pool.run('leavesHold', stage.marker),
    expect: { running: resolves('left') },
  }),
  ...alone({
    name: 'nested-cancelled',
    fault: 'a task is cancelled while it waits for one that it has run, which never ends',
    short: true,
    needs: ['signal'],
    running: (pool, stage) => pool.run('awaitsHold', stage.marker, { signal: stage.abort.signal }),
    meanwhile: async stage => {
      await stage.begun()
      stage.abort.abort(new Error('the reason'))
    },
    expect: { running: rejects('ABORTED', { cause: 'the reason' }) },
  }),
  ...alone({
    name: 'nested-cancelled-spinning',
    fault: 'a task is cancelled while it waits for one that it has run, which spins',
    needs: ['signal'],
    running: (pool, stage) => pool.run('awaitsSpin', stage.marker, { signal: stage.abort.signal }),
    meanwhile: async stage => {
      await stage.begun()
      stage.abort.abort(new Error('the reason'))
    },
    expect: { running: rejects('ABORTED', { cause: 'the reason' }) },
  }),
  ...alone({
    name: 'nested-cancelled-deep',
    fault: 'a task is cancelled while the one three calls below it never ends',
    needs: ['signal'],
    running: (pool, stage) => pool.run('awaitsAwaitsHold', stage.marker, { signal: stage.abort.signal }),
    meanwhile: async stage => {
      await stage.begun()
      stage.abort.abort(new Error('the reason'))
    },
    expect: { running: rejects('ABORTED', { cause: 'the reason' }) },
  }),
  nested({
    name: 'nested-timeout',
    fault: 'a task runs out of time while it waits for one that it has run, which never ends',
    needs: ['timeout'],
    running: (pool, stage) => pool.run('awaitsHold', stage.marker, { timeoutMs: 500 }),
    expect: { running: rejects('TIMEOUT', { timeoutMs: 500 }) },
  }),
]

const children: Row[] = [
  nested({
    name: 'nested-exits',
    fault: 'what a task has run exits, on the worker of that task',
    short: true,
    running: pool => pool.run('awaitsExit', 3),
    expect: { running: rejects('WORKER_EXITED', { exitCode: 3 }) },
  }),
  ...(
    [
      ['exit', 'exits', 'WORKER_EXITED'],
      ['uncaught', 'throws from a timer', 'WORKER_CRASHED'],
      ['kill', 'is killed', 'WORKER_CRASHED'],
    ] as const
  ).map(([how, does, code]) =>
    nested({
      name: `nested-neighbour-${how}`,
      fault: `what a task has run ${does}, on another worker; the task goes on`,
      pool: { workers: 2 },
      ...(how === 'kill' ? { inherent: { threads: sharedProcess } } : {}),
      running: async pool => {
        const seen = pool.run('seesNeighbourEnd', how)
        await pool.run('echo', 'starts the other worker')
        return seen
      },
      queued: null,
      expect: { running: resolves([`ATONCE_${code}`, 'goes on']) },
    }),
  ),
  nested({
    name: 'nested-exits-deep',
    fault: 'the last of twenty calls within each other exits, on one worker',
    running: pool => pool.run('diveToExit', 20),
    expect: { running: rejects('WORKER_EXITED', { exitCode: 3 }) },
  }),
  ...alone({
    name: 'nested-fails-among',
    fault: 'one of three calls that a task has run fails; the others never end',
    running: (pool, stage) => pool.run('failsAmong', stage.marker),
    expect: { running: throws('its RangeError', error => error instanceof RangeError) },
  }),
  nested({
    name: 'nested-send-function',
    fault: 'a task runs one on its own executor with a function in an argument',
    running: pool => pool.run('sendsFunction'),
    expect: { running: rejects('SERIALIZATION', { path: 'args[0].callback' }) },
  }),
]

const many: Row[] = [
  nested({
    name: 'nested-fifty-deep',
    fault: 'fifty calls within each other on one worker',
    short: true,
    running: pool => pool.run('dive', 50),
    queued: async pool => Promise.all(Array.from({ length: 20 }, (_, n) => pool.run('dive', n))),
    expect: { running: resolves(50), queued: resolves(Array.from({ length: 20 }, (_, n) => n)) },
  }),
  nested({
    name: 'nested-many',
    fault: 'a task runs two thousand others at once on its own worker, where no call may wait',
    pool: { queueLimit: 0 },
    running: pool => pool.run('spread', 2_000),
    queued: null,
    expect: { running: resolves(2_000) },
  }),
  nested({
    name: 'nested-worn',
    fault: 'each worker is replaced after one call, and ten calls are within each other',
    pool: { maxCallsPerWorker: 1 },
    running: pool => pool.run('dive', 10),
    expect: { running: resolves(10) },
  }),
]

const refusals: Row[] = [
  nested({
    name: 'nested-stream',
    fault: 'a task streams from its own executor, which a worker can not',
    running: pool => pool.run('streams', 3),
    expect: { running: rejects('OPTION') },
  }),
  nested({
    name: 'nested-close',
    fault: 'a task closes its own executor',
    running: pool => pool.run('closesItsOwn'),
    expect: { running: rejects('NOT_OWNER') },
  }),
  nested({
    name: 'nested-retry-unmarked',
    fault: 'a task wants one repeated that does not say that it may run twice',
    running: pool => pool.run('repeatsUnmarked'),
    expect: { running: rejects('OPTION') },
  }),
  nested({
    name: 'nested-after-end',
    fault: 'the executor of a task is used by another, after that one has ended',
    running: async pool => {
      await pool.run('keepsExecutor')
      return pool.run('usesKept')
    },
    queued: null,
    expect: { running: rejects('CLOSED') },
  }),
]

const closed: Row[] = [
  nested({
    name: 'nested-closing',
    fault: 'a task runs one on its own executor while the pool is being closed',
    short: true,
    running: (pool, stage) => pool.run('runsOnce', stage.marker),
    queued: null,
    meanwhile: async stage => {
      await stage.begun(`${stage.marker}.begun`)
      stage.closeNow(5_000)
      stage.write('begun', '')
    },
    later: pool => pool.run('echo', 'later'),
    closeGraceMs: 5_000,
    expect: { running: resolves('within the grace'), later: rejects('CLOSED') },
  }),
  ...alone({
    name: 'nested-closed',
    fault: 'the pool is closed while a task waits for one that it has run, which never ends',
    short: true,
    running: (pool, stage) => pool.run('awaitsHold', stage.marker),
    queued: null,
    meanwhile: async stage => {
      await stage.begun()
      stage.closeNow(300)
    },
    later: pool => pool.run('echo', 'later'),
    closeGraceMs: 300,
    expect: { running: rejects('CLOSED'), later: rejects('CLOSED') },
  }),
]

export const nestedRows: readonly Row[] = [...parents, ...children, ...many, ...refusals, ...closed]
