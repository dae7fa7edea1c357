/**
 * Where each kept call stands in the picture: in a lane of its worker, as a slice that nests with
 * all others of that lane.
 *
 * Readers of traces want slices of a lane to nest, to the nanosecond, and bind an arrow to the
 * innermost slice at its moment. So times here are whole ticks of 125 ns, which a double of µs
 * holds exactly; no two slices of a lane begin in the same tick; and what marks a moment (a call is
 * made, its result is there) is one tick long, so that it crosses no border of another slice.
 */
import type { KeptCall, Recording, WorkerRecord } from './recorder.ts'

/** A tick is an eighth of a microsecond. */
export const ticksPerUs = 8

/** Slices of one row. */
export interface Lane {
  /** Undefined: this thread. */
  readonly record: WorkerRecord | undefined
  /** 0 is the worker itself; others hold calls that ran beside those of the lanes before. */
  readonly number: number
  /** Ticks in which a slice begins. */
  readonly taken: Set<number>
}

/** From one tick to before another one. */
export interface Slice {
  readonly lane: Lane
  readonly from: number
  readonly to: number
}

/** A call in the picture. */
export interface PlacedCall {
  readonly call: KeptCall
  readonly came: number
  /** Undefined if it never began. */
  readonly ran: Slice | undefined
  /** Where it was made, and where its result came: undefined if there is no place for them. */
  readonly made: Slice | undefined
  readonly settled: Slice | undefined
}

export interface Layout {
  /** This thread, where all is made that no task has made. */
  readonly here: Lane
  readonly lanes: readonly Lane[]
  readonly calls: readonly PlacedCall[]
  /** All that happens lies between tick 0 and this one. */
  readonly length: number
}

/** The tick of a moment of the recording. */
export function tickOf({ beganMs }: Recording, ms: number): number {
  return Math.max(0, Math.round((ms - beganMs) * 1_000 * ticksPerUs)) + 1
}

/** What readers see beside each lane: `this thread`, `thread 2`, `thread 2, beside it (2)`. */
export function laneNames({ lanes }: Pick<Layout, 'lanes'>): Map<Lane, string> {
  const executors = new Set(lanes.map(({ record }) => record?.executor))
  return new Map(
    lanes.map(lane => {
      const { record, number } = lane
      const own = record?.worker?.name ?? record?.executor ?? 'this thread'
      const whole = record?.worker !== undefined && executors.size > 2 ? `${record.executor}: ${own}` : own
      return [lane, number === 0 ? whole : `${whole}, beside it (${number + 1})`]
    }),
  )
}

/** A worker's start, before what it ran: this side may hear late that it was over. */
export function startOf(recording: Recording, record: WorkerRecord, { lanes }: Layout): Slice | undefined {
  const lane = lanes.find(one => one.record === record)
  if (record.readyMs === undefined || lane === undefined) return undefined
  const from = tickOf(recording, record.readyMs - record.startMs)
  const firstCall = [...lane.taken].reduce((least, tick) => Math.min(least, tick), Number.POSITIVE_INFINITY)
  const to = Math.min(tickOf(recording, record.readyMs), firstCall)
  return to > from ? { lane, from, to } : undefined
}

export function layOut(recording: Recording): Layout {
  const here: Lane = { record: undefined, number: 0, taken: new Set() }
  const rows = new Map(recording.workers.map(record => [record, [newRow(record, 0)]]))
  const ran = placeRuns(recording, rows)
  // Markers of moments that share a tick move on by one each.
  const length = tickOf(recording, recording.endedMs) + 2 * recording.calls.length + 1
  const calls = recording.calls.map(call =>
    placeMarkers(recording, call, ran, { lane: here, from: 0, to: length }),
  )
  return { here, lanes: [here, ...[...rows.values()].flat()], calls, length }
}

/** A lane that is filled from its end. */
interface Row extends Lane {
  /** The tick in which the slice begins that was placed last. */
  free: number
}

function newRow(record: WorkerRecord, number: number): Row {
  return { record, number, taken: new Set(), free: Number.POSITIVE_INFINITY }
}

/**
 * From the last outcome to the first: a call ends when its outcome was here, or when the next one
 * in its lane begins, since outcomes of short calls come together.
 */
function placeRuns(recording: Recording, rows: ReadonlyMap<WorkerRecord, Row[]>): ReadonlyMap<number, Slice> {
  const { calls, endedMs } = recording
  const ran = new Map<number, Slice>()
  const byId = new Map(calls.map(call => [call.id, call]))
  /** In each call: the tick before which the next slice must end that it holds. */
  const freeIn = new Map<Slice, number>()
  const order = calls
    .filter(({ beganMs, worker }) => beganMs !== undefined && worker !== undefined)
    .sort((a, b) => (b.endedMs ?? endedMs) - (a.endedMs ?? endedMs) || a.id - b.id)
  for (const call of order) {
    const record = call.worker as WorkerRecord
    const end = tickOf(recording, call.endedMs ?? endedMs)
    const began = tickOf(recording, call.beganMs as number)
    const ranFor = call.runMs === undefined ? end - began : Math.round(call.runMs * 1_000 * ticksPerUs)
    const madeFor = call.madeMs === undefined ? 0 : end - tickOf(recording, call.madeMs) + 2
    const length = Math.max(ranFor, madeFor)
    const wanted = { end, length: Math.max(1, length), earliest: record.overlapped ? began : 1 }
    const around = heldBy(call, record, byId, ran)
    const slice =
      (around === undefined ? undefined : placeInside(around, freeIn, wanted)) ??
      placeInRow(rows.get(record) as Row[], record, wanted)
    slice.lane.taken.add(slice.from)
    ran.set(call.id, slice)
  }
  return ran
}

interface Wanted {
  readonly end: number
  readonly length: number
  readonly earliest: number
}

/** The slice of the nearest call that it stems from on the same worker. */
function heldBy(
  { maker }: KeptCall,
  record: WorkerRecord,
  byId: ReadonlyMap<number, KeptCall>,
  ran: ReadonlyMap<number, Slice>,
): Slice | undefined {
  for (let id = maker; id !== undefined; id = byId.get(id)?.maker) {
    const slice = ran.get(id)
    if (slice?.lane.record === record) return slice
  }
  return undefined
}

function placeInside(around: Slice, freeIn: Map<Slice, number>, { end, length }: Wanted): Slice | undefined {
  const to = Math.min(end, freeIn.get(around) ?? around.to)
  const from = Math.max(to - length, around.from + 1)
  if (from >= to) return undefined
  freeIn.set(around, from)
  return { lane: around.lane, from, to }
}

/** In the first row where it need not begin earlier than it did. */
function placeInRow(rows: Row[], record: WorkerRecord, { end, length, earliest }: Wanted): Slice {
  for (const lane of rows) {
    const to = Math.min(end, lane.free)
    const from = to - length
    if (from < earliest && lane.free <= end) continue
    lane.free = Math.max(1, from)
    return { lane, from: lane.free, to: Math.max(to, lane.free + 1) }
  }
  rows.push(newRow(record, rows.length))
  return placeInRow(rows, record, { end, length, earliest })
}

function placeMarkers(
  recording: Recording,
  call: KeptCall,
  ran: ReadonlyMap<number, Slice>,
  here: Slice,
): PlacedCall {
  const slice = ran.get(call.id)
  const came = tickOf(recording, call.cameMs)
  const around = call.maker === undefined ? here : ran.get(call.maker)
  if (around === undefined) return { call, came, ran: slice, made: undefined, settled: undefined }
  const made = markBefore(around, Math.min(came, (slice?.from ?? came + 1) - 1))
  const settled =
    call.endedMs === undefined
      ? undefined
      : markFrom(around, Math.max(tickOf(recording, call.endedMs), (slice?.from ?? came) + 1))
  return { call, came, ran: slice, made, settled }
}

/** One tick for a moment within a slice: the last until then in which nothing begins. */
function markBefore({ lane, from, to }: Slice, at: number): Slice | undefined {
  let tick = Math.min(at, to - 1)
  while (lane.taken.has(tick)) tick -= 1
  return tick > from ? mark(lane, tick) : undefined
}

/** The same: the first from then on. */
function markFrom({ lane, from, to }: Slice, at: number): Slice | undefined {
  let tick = Math.max(at, from + 1)
  while (lane.taken.has(tick)) tick += 1
  return tick < to ? mark(lane, tick) : undefined
}

function mark(lane: Lane, tick: number): Slice {
  lane.taken.add(tick)
  return { lane, from: tick, to: tick + 1 }
}
