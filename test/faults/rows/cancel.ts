/** The call is cancelled, or runs out of time. */
import { rejects, resolves } from '../expect.ts'
import type { Call, Row } from '../row.ts'

const reason = new Error('the reason')

const withSignal =
  (task: string): Call =>
  (pool, stage) =>
    pool.run(task, stage.marker, { signal: stage.abort.signal })

function abortOnceBegun(name: string, task: string, fault: string, short = false): Row {
  return {
    name,
    fault,
    short,
    needs: ['signal'],
    running: withSignal(task),
    meanwhile: async stage => {
      await stage.begun()
      stage.abort.abort(reason)
    },
    expect: { running: rejects('ABORTED', { cause: 'the reason' }) },
  }
}

function timeOut(name: string, task: string, fault: string, short = false): Row {
  return {
    name,
    fault,
    short,
    needs: ['timeout'],
    running: (pool, stage) => pool.run(task, stage.marker, { timeoutMs: 1_000 }),
    expect: { running: rejects('TIMEOUT', { timeoutMs: 1_000 }) },
  }
}

const aborts: Row[] = [
  {
    name: 'abort-before',
    fault: 'the signal has aborted before the call is made',
    short: true,
    needs: ['signal'],
    running: (pool, stage) => {
      stage.abort.abort(reason)
      return pool.run('echo', 1, { signal: stage.abort.signal })
    },
    expect: { running: rejects('ABORTED', { cause: 'the reason' }) },
  },
  {
    name: 'abort-queued',
    fault: 'a call is cancelled while it waits in the queue',
    short: true,
    needs: ['signal'],
    running: pool => pool.run('sleep', 300),
    queued: (pool, stage) => pool.run('exit', 3, { signal: stage.abort.signal }),
    meanwhile: stage => stage.abort.abort(reason),
    expect: { running: resolves('done'), queued: rejects('ABORTED', { cause: 'the reason' }) },
  },
  abortOnceBegun('abort-spinning', 'spin', 'a spinning task is cancelled', true),
  abortOnceBegun('abort-blocked', 'waitForever', 'a task that blocks in Atomics.wait is cancelled'),
  abortOnceBegun('abort-awaiting', 'hold', 'a task that awaits is cancelled', true),
  abortOnceBegun('abort-microtasks', 'spinOnPromises', 'a task that spins on promises is cancelled'),
  {
    name: 'abort-after',
    fault: 'the signal aborts after the result has come',
    needs: ['signal'],
    running: async (pool, stage) => {
      const value = await pool.run('echo', 'kept', { signal: stage.abort.signal })
      stage.abort.abort(reason)
      return value
    },
    expect: { running: resolves('kept') },
  },
  {
    name: 'abort-without-reason',
    fault: 'the signal aborts with null for a reason',
    needs: ['signal'],
    running: withSignal('spin'),
    meanwhile: async stage => {
      await stage.begun()
      stage.abort.abort(null)
    },
    expect: { running: rejects('ABORTED') },
  },
  {
    name: 'abort-storm',
    fault: 'two hundred calls are cancelled at once, one of them running',
    needs: ['signal'],
    running: async (pool, stage) => {
      const calls = Array.from({ length: 200 }, (_, n) =>
        pool.run(n === 0 ? 'spin' : 'echo', stage.marker, { signal: stage.abort.signal }),
      )
      const outcomes = await Promise.allSettled(calls)
      return outcomes.filter(({ status }) => status === 'rejected').length
    },
    meanwhile: async stage => {
      await stage.begun()
      stage.abort.abort(reason)
    },
    expect: { running: resolves(200) },
  },
  {
    name: 'abort-at-the-result',
    fault: 'fifty calls are cancelled at about the moment of their result',
    needs: ['signal'],
    limitMs: 15_000,
    running: async pool => {
      const ends: string[] = []
      for (let n = 0; n < 50; n += 1) {
        const controller = new AbortController()
        const call = pool.run('echo', n, { signal: controller.signal })
        setTimeout(() => controller.abort(reason), n % 3)
        ends.push(
          await call.then(
            value => (value === n ? 'own' : 'foreign'),
            () => 'own',
          ),
        )
      }
      return ends.every(end => end === 'own')
    },
    expect: { running: resolves(true) },
  },
]

const times: Row[] = [
  timeOut('timeout-spinning', 'spin', 'a spinning task runs out of time', true),
  timeOut('timeout-blocked', 'waitForever', 'a task that blocks in Atomics.wait runs out of time', true),
  timeOut('timeout-microtasks', 'spinOnPromises', 'a task that spins on promises runs out of time'),
  timeOut('timeout-never', 'never', 'a promise that nothing will ever settle runs out of time', true),
  timeOut('timeout-held', 'hold', 'a task that awaits runs out of time'),
  {
    name: 'timeout-queued',
    fault: 'a call runs out of time while it waits in the queue',
    short: true,
    needs: ['timeout'],
    running: pool => pool.run('sleep', 900),
    queued: pool => pool.run('exit', 3, { timeoutMs: 200 }),
    expect: { running: resolves('done'), queued: rejects('TIMEOUT', { timeoutMs: 200 }) },
  },
  ...[0, Number.NaN, -1].map(
    (timeoutMs): Row => ({
      name: `timeout-${String(timeoutMs).toLowerCase()}`,
      fault: `a time limit of ${timeoutMs} ms is asked for`,
      needs: ['atonce'],
      running: pool => pool.run('echo', 1, { timeoutMs }),
      expect: { running: rejects('OPTION') },
    }),
  ),
  {
    name: 'timeout-beyond-timers',
    fault: 'a time limit of 2³¹ + 5 ms is asked for, more than a timer takes',
    short: true,
    needs: ['timeout-option'],
    running: pool => pool.run('sleep', 100, { timeoutMs: 2 ** 31 + 5 }),
    expect: { running: resolves('done') },
  },
  {
    name: 'clock-jumps',
    fault: 'the wall clock jumps an hour ahead and two hours back',
    needs: ['timeout'],
    running: pool => pool.run('sleep', 300, { timeoutMs: 5_000 }),
    meanwhile: async stage => {
      const now = Date.now
      Date.now = () => now() + 3_600_000
      await stage.pause(100)
      Date.now = () => now() - 3_600_000
    },
    expect: { running: resolves('done') },
  },
]

const limits: Row[] = [
  {
    name: 'queue-full',
    fault: 'more calls are made than the queue may hold',
    needs: ['queue-limit'],
    pool: { queueLimit: 2 },
    running: async pool => {
      const calls = Array.from({ length: 10 }, () => pool.run('sleep', 20))
      const outcomes = await Promise.allSettled(calls)
      const refused = outcomes.find(outcome => outcome.status === 'rejected')
      if (refused === undefined) return 'all were taken'
      throw refused.reason
    },
    queued: null,
    expect: { running: rejects('QUEUE_FULL', { queueLimit: 2 }) },
  },
]

export const cancelRows: readonly Row[] = [...aborts, ...times, ...limits]
