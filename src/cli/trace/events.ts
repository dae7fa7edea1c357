/**
 * A recording in the Trace Event Format, which Perfetto and chrome://tracing open (Duca and
 * Sinclair, "Trace Event Format"; what Perfetto takes of it: perfetto.dev, "Visualizing external
 * trace formats").
 *
 *     M  names of processes and lanes          X  a slice: a call, a chunk, a start, a moment
 *     b … e  a call waits, beside others       s → t → f  an arrow: caller → worker → caller
 *     i  something happened, as a crash
 *
 * Ids of processes and lanes are numbers, and no two lanes have the same: Perfetto names a lane by
 * its number alone. `traceEvents` comes first, since readers may stop at a key unknown to them;
 * there is no `displayTimeUnit`, which says what is so without it, and which Perfetto remarks upon.
 */
import { jsonLine } from '../json.ts'
import {
  type Lane,
  type Layout,
  laneNames,
  type PlacedCall,
  type Slice,
  startOf,
  tickOf,
  ticksPerUs,
} from './lanes.ts'
import type { Recording } from './recorder.ts'

export interface TraceEvent {
  readonly ph: 'M' | 'X' | 'b' | 'e' | 's' | 't' | 'f' | 'i'
  readonly name: string
  readonly cat?: string
  /** In µs. */
  readonly ts?: number
  readonly dur?: number
  readonly pid: number
  readonly tid: number
  readonly id?: number | string
  /** Of an arrow's end: it binds to the slice around it. */
  readonly bp?: 'e'
  readonly s?: 'p'
  readonly args?: object
}

/** The file as text, piece by piece; `totals` goes along for who reads it by program. */
export function* traceText(events: readonly TraceEvent[], totals: object): Generator<string> {
  yield '{"traceEvents":[\n'
  for (const [at, event] of events.entries())
    yield `${jsonLine(event)}${at === events.length - 1 ? '' : ','}\n`
  yield `],"otherData":${jsonLine(totals)}}\n`
}

/** Whose recording it is. */
export interface TracedProgram {
  readonly pid: number
  readonly name: string
  /** What its main thread did meanwhile. */
  readonly title: string
}

/** All events, in the order of time. */
export function traceEvents(recording: Recording, layout: Layout, program: TracedProgram): TraceEvent[] {
  const ids = numbered(layout.lanes, program.pid)
  const { here, length } = layout
  const at = (lane: Lane) => ids.get(lane) as LaneIds
  const timed = [
    slice(at(here), { lane: here, from: 0, to: length }, { name: program.title, cat: 'program' }),
    ...recording.workers.flatMap(record => {
      const start = startOf(recording, record, layout)
      return start === undefined ? [] : [slice(at(start.lane), start, { name: 'start-up', cat: 'start' })]
    }),
    ...recording.notes.map(
      ({ atMs, text }): TraceEvent => ({
        ...{ ph: 'i', name: text, cat: 'trouble', ts: us(tickOf(recording, atMs)), s: 'p' },
        ...at(here),
      }),
    ),
    ...layout.calls.flatMap(call => eventsOf(call, at, at(here))),
  ]
  return [...namesOf(layout, at, program.name), ...timed.sort((a, b) => (a.ts as number) - (b.ts as number))]
}

interface LaneIds {
  readonly pid: number
  readonly tid: number
}

function eventsOf(
  { call, came, ran, made, settled }: PlacedCall,
  at: (lane: Lane) => LaneIds,
  here: LaneIds,
): TraceEvent[] {
  const { id, task, maker, traceparent, calls, runMs, outcome } = call
  const name = calls === 1 ? task : `${task} ×${calls}`
  const events: TraceEvent[] = []
  const arrow = (ph: 's' | 't' | 'f', { lane, from }: Slice): TraceEvent => ({
    ...{ ph, name: 'call', cat: 'arrow', id, ts: us(from), ...at(lane) },
    ...(ph === 'f' ? { bp: 'e' as const } : {}),
  })
  if (made !== undefined) events.push(slice(at(made.lane), made, { name: `call ${name}`, cat: 'caller' }))
  if (settled !== undefined)
    events.push(slice(at(settled.lane), settled, { name: `${outcome} ${name}`, cat: 'caller' }))
  if (ran !== undefined) {
    const args = { id, maker, traceparent, outcome: outcome ?? 'not ended', calls, runMs }
    events.push({ ...slice(at(ran.lane), ran, { name, cat: calls === 1 ? 'call' : 'chunk' }), args })
    if (made !== undefined) {
      events.push(arrow('s', made), arrow(settled === undefined ? 'f' : 't', ran))
      if (settled !== undefined) events.push(arrow('f', settled))
    }
  }
  const waitedTo = ran?.from ?? settled?.from
  if (waitedTo !== undefined && waitedTo > came) {
    const waiting = { name: 'waiting for a worker', cat: 'waiting', id: `0x${id.toString(16)}`, ...here }
    events.push(
      { ph: 'b', ts: us(came), ...waiting, args: { call: name } },
      { ph: 'e', ts: us(waitedTo), ...waiting },
    )
  }
  return events
}

function slice(ids: LaneIds, { from, to }: Slice, words: { name: string; cat: string }): TraceEvent {
  return { ph: 'X', ...words, ts: us(from), dur: us(to - from), ...ids }
}

/**
 * A process has its system id, and its first lane, as this thread, too; other lanes are numbered,
 * past all these.
 */
function numbered(lanes: readonly Lane[], own: number): Map<Lane, LaneIds> {
  const pidOf = ({ record }: Lane) => record?.worker?.pid ?? own
  const pids = new Set(lanes.map(pidOf))
  const ids = new Map<Lane, LaneIds>()
  let tid = 0
  for (const lane of lanes) {
    const pid = pidOf(lane)
    const isMain = lane.number === 0 && (lane.record === undefined || lane.record.worker?.pid !== undefined)
    if (!isMain)
      do tid += 1
      while (pids.has(tid))
    ids.set(lane, { pid, tid: isMain ? pid : tid })
  }
  return ids
}

function namesOf(layout: Layout, at: (lane: Lane) => LaneIds, program: string): TraceEvent[] {
  const named = new Set<number>()
  return [...laneNames(layout)].flatMap(([lane, laneName], index): TraceEvent[] => {
    const ids = at(lane)
    const metadata = (name: string, args: object): TraceEvent => ({ ph: 'M', name, ...ids, args })
    const processName = named.has(ids.pid)
      ? []
      : [metadata('process_name', { name: lane === layout.here ? program : laneName })]
    named.add(ids.pid)
    return [
      ...processName,
      metadata('thread_name', { name: laneName }),
      metadata('thread_sort_index', { sort_index: index }),
    ]
  })
}

function us(ticks: number): number {
  return ticks / ticksPerUs
}
