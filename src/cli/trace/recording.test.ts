import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { traceEvents } from './events.ts'
import { complaintsAbout, type TraceFile } from './fixtures/check.ts'
import { layOut } from './lanes.ts'
import { workerTime } from './lost.ts'
import { criticalPath, placedPath } from './path.ts'
import type { KeptCall, Recording, WorkerRecord } from './recorder.ts'

function workerOf(number: number, more: Partial<WorkerRecord> = {}): WorkerRecord {
  return {
    executor: 'threads',
    worker: { name: `thread ${number}`, pid: undefined, threadId: number },
    ...{ readyMs: undefined, startMs: 0, crash: undefined },
    ...{ calls: 0, busyMs: 0, runMs: 0, lastEndedMs: undefined, overlapped: false },
    ...more,
  }
}

function callOf(id: number, worker: WorkerRecord | undefined, more: Partial<KeptCall>): KeptCall {
  return {
    ...{
      id,
      maker: undefined,
      traceparent: undefined,
      task: 'work',
      module: 'file:///work.ts',
      worker,
      cameMs: 0,
      beganMs: 0,
      endedMs: 1,
      runMs: undefined,
    },
    ...{ madeMs: undefined, outcome: 'done', calls: 1 },
    ...more,
  }
}

function recordingOf(workers: WorkerRecord[], calls: KeptCall[], endedMs = 100): Recording {
  return {
    ...{
      beganMs: 0,
      endedMs,
      calls,
      seen: calls.length,
      begunBefore: 0,
      workers,
      retries: 0,
      notes: [],
      queueMs: 0,
    },
    each: { done: calls.length, failed: 0, cancelled: 0 },
  }
}

function fileOf(recording: Recording): TraceFile {
  return {
    traceEvents: traceEvents(recording, layOut(recording), { pid: 7, name: 'a program', title: 'a run' }),
    otherData: {},
  }
}

test('whatever the times are that both sides tell, no reader has anything to complain of', () => {
  const time = fc.double({ min: -1, max: 50, noNaN: true })
  const optional = fc.option(time, { nil: undefined })
  const one = fc.record({
    worker: fc.nat(2),
    maker: fc.option(fc.nat(8), { nil: undefined }),
    cameMs: time,
    beganMs: optional,
    endedMs: optional,
    runMs: fc.option(fc.double({ min: 0, max: 20, noNaN: true }), { nil: undefined }),
    madeMs: optional,
  })
  fc.assert(
    fc.property(
      fc.array(one, { maxLength: 12 }),
      fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
      (all, overlaps) => {
        const workers = overlaps.map((overlapped, number) =>
          workerOf(number, { overlapped, readyMs: 5, startMs: 4 }),
        )
        const calls = all.map(({ worker, maker, ...times }, id) =>
          callOf(id, times.beganMs === undefined ? undefined : workers[worker], {
            ...times,
            maker: maker !== undefined && maker < id ? maker : undefined,
          }),
        )
        const recording = recordingOf(workers, calls, 50)
        assert.deepEqual(complaintsAbout(fileOf(recording)), [])
        const path = criticalPath(placedPath(recording, layOut(recording)))
        const sum = path.reduce((total, { ms }) => total + ms, 0)
        assert.ok(Math.abs(sum - 50) < 0.01, `${sum}`)
      },
    ),
    { numRuns: 300 },
  )
})

test('short calls whose outcomes come together stand one after the other, as long as they took', () => {
  const worker = workerOf(1)
  const calls = [1, 2, 3].map(id => callOf(id, worker, { beganMs: 5, endedMs: 10 + id / 1_000, runMs: 1 }))
  const ran = layOut(recordingOf([worker], calls)).calls.map(({ ran }) => ran)
  assert.deepEqual(
    ran.map(slice => slice && slice.to - slice.from),
    [8_000, 8_000, 8_000],
  )
  assert.equal(new Set(ran.map(slice => slice?.lane)).size, 1)
  assert.ok(ran.every((slice, at) => at === 0 || (ran[at - 1]?.to ?? 0) <= (slice?.from ?? 0)))
})

test('the path goes through the calls that a call waited for, and the start of its worker', () => {
  const worker = workerOf(1, { readyMs: 10, startMs: 9, overlapped: false })
  const calls = [
    callOf(1, worker, { cameMs: 0, beganMs: 10, endedMs: 60, runMs: 50, madeMs: 20, task: 'outer' }),
    callOf(2, worker, { maker: 1, cameMs: 20, beganMs: 21, endedMs: 50, runMs: 29, task: 'inner' }),
    callOf(3, worker, { cameMs: 30, beganMs: 60, endedMs: 90, runMs: 28, task: 'after' }),
  ]
  const recording = recordingOf([worker], calls)
  const path = criticalPath(placedPath(recording, layOut(recording)))
  assert.deepEqual(
    path.map(({ what, task, ms }) => `${task ?? what} ${Math.round(ms)}`),
    [
      ...['this thread 1', 'start-up 9', 'outer 10', 'handing over 1', 'inner 29', 'outer 10'],
      ...['handing over 2', 'after 28', 'this thread 10'],
    ],
  )
})

test('what workers lose adds up with what they ran, and the largest reason comes first', () => {
  const workers = [
    workerOf(1, { readyMs: 20, startMs: 20, busyMs: 70, runMs: 60, lastEndedMs: 100 }),
    workerOf(2, { readyMs: 20, startMs: 20, busyMs: 20, runMs: 20, lastEndedMs: 50 }),
  ]
  const use = { workers: 2, onLoop: false, loop: { idle: 50, active: 50 } }
  const { totalMs, runMs, lost } = workerTime(recordingOf(workers, []), use)
  assert.deepEqual([totalMs, runMs], [200, 80])
  assert.deepEqual(
    lost.map(({ reason, ms }) => `${reason.split(/[:,]/)[0]} ${ms}`),
    [
      'the tail 50',
      'the start of workers 40',
      'workers that waited for their next call 20',
      'handing over 10',
    ],
  )
  const one = workerTime(recordingOf(workers.slice(0, 1), []), use)
  assert.match(one.lost[0]?.reason ?? '', /never got a call/)
})
