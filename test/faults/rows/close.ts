/** The pool is closed while something else goes on. */
import { rejects, resolves, settles } from '../expect.ts'
import type { Row } from '../row.ts'

/** The pool is closed as soon as the calls are made. */
function closing(row: Pick<Row, 'name' | 'fault' | 'running' | 'expect'> & Partial<Row>): Row {
  const graceMs = row.closeGraceMs ?? 300
  return {
    closeGraceMs: graceMs,
    queued: null,
    meanwhile: stage => stage.closeNow(graceMs),
    later: null,
    ...row,
  }
}

/** The pool is closed as soon as the first call runs. */
function closeOnceBegun(name: string, task: string, fault: string, short = false): Row {
  return closing({
    name,
    fault,
    short,
    running: (pool, stage) => pool.run(task, stage.marker),
    queued: pool => pool.run('echo', 'queued'),
    meanwhile: async stage => {
      await stage.begun()
      stage.closeNow(300)
    },
    expect: { running: rejects('CLOSED'), queued: rejects('CLOSED') },
  })
}

export const closeRows: readonly Row[] = [
  closeOnceBegun('close-spinning', 'spin', 'the pool is closed while a task spins', true),
  closeOnceBegun('close-blocked', 'waitForever', 'the pool is closed while a task blocks in Atomics.wait'),
  closeOnceBegun('close-awaiting', 'hold', 'the pool is closed while a task awaits', true),
  closeOnceBegun(
    'close-never',
    'never',
    'the pool is closed while a task waits for what nothing will settle',
    true,
  ),
  closing({
    name: 'close-lets-finish',
    fault: 'the pool is closed while tasks run that end within the grace',
    short: true,
    closeGraceMs: 3_000,
    running: pool => pool.run('sleep', 200),
    queued: pool => pool.run('echo', 'queued'),
    expect: { running: resolves('done') },
  }),
  closing({
    name: 'close-with-queue',
    fault: 'the pool is closed while fifty tasks wait behind one that spins',
    running: (pool, stage) => pool.run('spin', stage.marker),
    queued: async pool => {
      const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => pool.run('echo', 1)))
      return outcomes.filter(({ status }) => status === 'rejected').length
    },
    expect: { running: rejects('CLOSED'), queued: resolves(50) },
  }),
  closing({
    name: 'close-starting',
    fault: 'the pool is closed while its worker starts',
    closeGraceMs: 3_000,
    running: pool => pool.run('echo', 'made it'),
    expect: { running: resolves('made it') },
  }),
  closing({
    name: 'close-starting-at-once',
    fault: 'the pool is closed without any grace while its worker starts',
    closeGraceMs: 0,
    policy: true,
    running: pool => pool.run('echo', 1),
    expect: { running: rejects('CLOSED') },
  }),
  closing({
    name: 'close-loading',
    fault: 'the pool is closed while a module loads that never will',
    short: true,
    pool: { module: 'load-never', startTimeoutMs: 60_000 },
    running: pool => pool.run('answer'),
    expect: { running: rejects('CLOSED') },
  }),
  closing({
    name: 'close-and-exit',
    fault: 'the worker exits at the moment at which the pool is closed',
    closeGraceMs: 5_000,
    running: pool => pool.run('exitLater', 3),
    expect: { running: rejects('WORKER_EXITED') },
  }),
  closing({
    name: 'close-large',
    fault: 'the pool is closed while 4 MiB cross',
    closeGraceMs: 10_000,
    limitMs: 15_000,
    running: async pool =>
      ((await pool.run('echo', new Uint8Array(4 * 2 ** 20).fill(9))) as Uint8Array).every(byte => byte === 9),
    expect: { running: resolves(true) },
  }),
  {
    name: 'close-unused',
    fault: 'a pool is closed that was never used',
    running: async () => 'unused',
    queued: null,
    later: null,
    expect: { running: resolves('unused') },
  },
  {
    name: 'close-twice',
    fault: 'the pool is closed three times, twice at once',
    running: pool => pool.run('echo', 1),
    close: async pool => {
      await Promise.all([pool.close(300), pool.close(300)])
      await pool.close(300)
    },
    expect: { running: resolves(1) },
  },
  {
    name: 'run-after-close',
    fault: 'a task is run after the pool was closed',
    short: true,
    policy: true,
    running: async pool => {
      await pool.run('echo', 1)
      await pool.close(300)
      return pool.run('echo', 2)
    },
    queued: null,
    later: pool => pool.run('echo', 3),
    expect: { running: rejects('CLOSED'), later: rejects('CLOSED') },
  },
  {
    name: 'close-after-cancel',
    fault: 'the pool is closed right after a spinning task was cancelled',
    needs: ['signal'],
    running: (pool, stage) => pool.run('spin', stage.marker, { signal: stage.abort.signal }),
    queued: null,
    meanwhile: async stage => {
      await stage.begun()
      stage.abort.abort()
    },
    later: null,
    expect: { running: rejects('ABORTED') },
  },
  {
    name: 'close-exit-handler-spins',
    fault: "the pool is closed, and what its worker does on 'exit' has no end",
    running: pool => pool.run('spinAtExit'),
    expect: { running: resolves('done') },
  },
  {
    name: 'close-stopped-worker',
    fault: 'the pool is closed while its worker is stopped (SIGSTOP)',
    short: true,
    inherent: { threads: 'threads share one process: the signal stops the whole program' },
    running: (pool, stage) => pool.run('sleepMarked', { marker: stage.marker, ms: 0 }),
    queued: null,
    before: async stage => process.kill(await stage.begun(), 'SIGSTOP'),
    later: null,
    expect: { running: settles() },
  },
]
