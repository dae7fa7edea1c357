/** A program whose every moment is known: what the trace says of it must be that. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CallEndEvent, CallStartEvent, TracedWorker, WorkerStartEvent } from '../../trace.ts'
import { traceEvents } from './events.ts'
import { complaintsAbout, type TraceFile } from './fixtures/check.ts'
import { layOut } from './lanes.ts'
import { workerTime } from './lost.ts'
import { criticalPath, placedPath } from './path.ts'
import { Recorder, type Recording } from './recorder.ts'
import { lostLines, pathLines, placesOf, sentenceOf } from './words.ts'

const module = new URL('../fixtures/tasks.ts', import.meta.url).href
const one: TracedWorker = { name: 'thread 1', pid: undefined, threadId: 1 }
const other: TracedWorker = { name: 'thread 2', pid: undefined, threadId: 2 }

/** A recorder, and a program that publishes what a test says, at times that it says. */
function stage() {
  let atMs = 0
  const hears = new Map<string, (event: unknown) => void>()
  const recorder = new Recorder({
    ...{ keep: 100, newest: false, notes: 10, now: () => atMs },
    subscribe: (channel, hear) => void hears.set(channel, hear),
    unsubscribe: () => {},
  })
  const publish = (channel: string, ms: number, event: unknown) => {
    atMs = ms
    hears.get(channel)?.(event)
  }
  return {
    started: (worker: TracedWorker, startMs: number) =>
      publish('atonce.worker.start', startMs, {
        executor: 'mill',
        worker,
        startMs,
      } satisfies WorkerStartEvent),
    call: (
      id: number,
      task: string,
      worker: TracedWorker,
      cameMs: number,
      beganMs: number,
    ): CallStartEvent => ({
      ...{ executor: 'mill', id, task, module, maker: undefined, worker, cameMs, beganMs },
      traceparent: undefined,
      queueMs: beganMs - cameMs,
    }),
    began: (event: CallStartEvent) => publish('atonce.call.start', event.beganMs as number, event),
    ended: (event: CallStartEvent, endedMs: number, runMs: number) =>
      publish('atonce.call.end', endedMs, {
        ...{ ...event, outcome: 'done', runMs, calls: 1, endedMs },
      } satisfies CallEndEvent),
    stop: (ms: number): Recording => {
      atMs = ms
      return recorder.stop()
    },
  }
}

/**
 * Two threads, 160 ms: one starts in 20 ms and squares for 100, the other in 40 ms and adds twice
 * for 20; when the square is there, the program thinks for 5 ms and has one more sum made, in 28.
 *
 *     thread 1  start 20 │ square ─────────── 100 │ 6 │ add 28 ─│ 4
 *     thread 2  start ── 40 │ add 20 │ add 20 │ tail ─────────── 80
 */
function recorded(): Recording {
  const { started, call, began, ended, stop } = stage()
  const square = call(1, 'square', one, 1, 20)
  const first = call(2, 'add', other, 1, 40)
  const second = call(3, 'add', other, 1, 60)
  const last = call(4, 'add', one, 125, 126)
  started(one, 20)
  began(square)
  started(other, 40)
  began(first)
  ended(first, 60, 20)
  began(second)
  ended(second, 80, 20)
  ended(square, 120, 100)
  began(last)
  ended(last, 156, 28)
  return stop(160)
}

for (const [what, atOnce, lanes] of [
  ['calls whose beginnings and outcomes were read at once share a lane', true, 1],
  ['calls that ran at a time have a lane each', false, 2],
] as const)
  test(what, () => {
    const { started, call, began, ended, stop } = stage()
    const first = call(1, 'add', one, 1, 30)
    const second = call(2, 'add', one, 1, 30.001)
    started(one, 10)
    began(first)
    began(second)
    const endedMs = atOnce ? 30.002 : 40
    ended(first, endedMs, 10)
    ended(second, endedMs, 10)
    assert.equal(layOut(stop(50)).lanes.length, 1 + lanes)
  })

test('the three largest reasons of lost time, in their order, with what the workers ran', () => {
  const time = workerTime(recorded(), { workers: 2, onLoop: false, loop: { idle: 150, active: 10 } })
  assert.deepEqual([time.totalMs, time.runMs], [320, 168])
  assert.equal(
    sentenceOf(time, 2),
    '2 workers ran calls 53 % of the time; most of the rest went to the tail: workers with nothing left while the last calls ran.',
  )
  assert.deepEqual(
    lostLines(time).map(line => line.replace(/ Try: .*/, '')),
    [
      '  1. 84.0 ms (26 %) the tail: workers with nothing left while the last calls ran.',
      '  2. 60.0 ms (19 %) the start of workers.',
      '  3. 6.00 ms (1.9 %) workers that waited for their next call.',
    ],
  )
})

test('the longest path is the one that the last result waited for, with the lines where the tasks stand', () => {
  const recording = recorded()
  const path = criticalPath(placedPath(recording, layOut(recording)))
  assert.deepEqual(
    path
      .filter(({ ms }) => ms >= 0.01)
      .map(({ what, task, worker, ms }) => [what, task, worker, Math.round(ms)]),
    [
      ['start-up', undefined, 'thread 1', 20],
      ['run', 'square', 'thread 1', 100],
      ['this thread', undefined, undefined, 5],
      ['handing over', undefined, 'thread 1', 3],
      ['run', 'add', 'thread 1', 28],
      ['this thread', undefined, undefined, 4],
    ],
  )
  const lines = pathLines(path, placesOf(recording.calls)).map(line => line.trim())
  assert.match(lines.join('\n'), /^100 ms {2}square \(.*fixtures\/tasks\.ts:9\) on thread 1$/m)
  assert.match(lines.join('\n'), /^31\.0 ms {2}add \(.*fixtures\/tasks\.ts:13\) on thread 1/m)
})

test('its file is as readers of the format want it', () => {
  const recording = recorded()
  const program = { pid: 7, name: 'a program', title: 'a run' }
  const traced = traceEvents(recording, layOut(recording), program)
  assert.deepEqual(complaintsAbout({ traceEvents: traced, otherData: {} } as TraceFile), [])
  const wrong = (change: (event: Record<string, unknown>) => boolean) => {
    const events = structuredClone(traced) as unknown as Record<string, unknown>[]
    assert.ok(events.some(change), 'nothing was changed')
    return complaintsAbout({ traceEvents: events, otherData: {} } as unknown as TraceFile).length
  }
  const set = (ph: string, key: string, value: unknown) => (event: Record<string, unknown>) => {
    if (event['ph'] !== ph) return false
    event[key] = value
    return true
  }
  // What the check is for: each of these would be a warning, or a lane without a name.
  assert.ok(wrong(set('X', 'tid', 'thread 1')) > 0)
  assert.ok(wrong(set('X', 'pid', '7')) > 0)
  assert.ok(wrong(set('X', 'ts', undefined)) > 0)
  assert.ok(wrong(set('X', 'dur', undefined)) > 0)
  assert.ok(wrong(set('X', 'name', undefined)) > 0)
  assert.ok(wrong(set('s', 'ts', 1e9)) > 0)
  assert.ok(wrong(set('s', 'id', 'x')) > 0)
  assert.ok(wrong(set('f', 'bp', undefined)) > 0)
  assert.ok(wrong(set('M', 'args', {})) > 0)
  assert.ok(wrong(set('M', 'name', 'lane_name')) > 0)
  assert.ok(wrong(set('b', 'id', '')) > 0)
})
