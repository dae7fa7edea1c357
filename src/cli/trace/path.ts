/**
 * The longest critical path: from the last outcome back to the beginning, each step what the one
 * after it waited for. Its steps follow each other without a gap, so their sum is the whole time.
 *
 *     a call ◀─ the last call that it made itself, while it waited for that
 *            ◀─ the call before it on its worker, if it was made before that one ended
 *            ◀─ the start of its worker, if it was made before that
 *            ◀─ this thread, which made it ◀─ the last outcome that had come until then
 */
import { type Lane, type Layout, type PlacedCall, type Slice, tickOf, ticksPerUs } from './lanes.ts'
import type { Recording, WorkerRecord } from './recorder.ts'

export interface Step {
  readonly what: 'run' | 'start-up' | 'handing over' | 'this thread'
  readonly task: string | undefined
  /** As `thread 2`; undefined on this thread. */
  readonly worker: string | undefined
  readonly ms: number
  /** How many calls, or chunks, one after the other. */
  readonly calls: number
}

/** A step, and where it stands in the picture. */
export interface PlacedStep extends Slice {
  readonly step: Step
}

/** In the order of time, each where it happened. */
export function placedPath(recording: Recording, layout: Layout): PlacedStep[] {
  const walk = new Walk(recording, layout)
  for (let at = walk.last; at !== undefined; at = walk.before(at)) walk.through(at)
  walk.add('this thread', undefined, 0)
  return walk.steps.reverse()
}

/** The same in words: steps of one kind that follow each other are one. */
export function criticalPath(placed: readonly PlacedStep[]): Step[] {
  return merged(placed.map(({ step }) => step))
}

/** A call that has run to its end. */
interface Ran extends PlacedCall {
  readonly ran: Slice
  /** When its outcome was here. */
  readonly ended: number
}

class Walk {
  /** The last first. */
  readonly steps: PlacedStep[] = []
  readonly #recording: Recording
  readonly #here: Lane
  /**
   * The calls that a call has made; those that none has, of each worker, and all. Each by its end.
   */
  readonly #made = new Map<number, Ran[]>()
  readonly #of = new Map<WorkerRecord, Ran[]>()
  readonly #all: Ran[] = []
  /** The moment that the walk has come to. */
  #at: number

  constructor(recording: Recording, { calls, here }: Layout) {
    this.#recording = recording
    this.#here = here
    this.#at = tickOf(recording, recording.endedMs)
    const ended = calls
      .flatMap(placed => {
        const { call, ran } = placed
        return ran === undefined || call.endedMs === undefined
          ? []
          : [{ ...placed, ran, ended: tickOf(recording, call.endedMs) }]
      })
      .sort((a, b) => a.ended - b.ended)
    for (const one of ended) {
      if (one.call.maker !== undefined) push(this.#made, one.call.maker, one)
      else {
        push(this.#of, one.call.worker as WorkerRecord, one)
        this.#all.push(one)
      }
    }
  }

  /** The call whose outcome came last. */
  get last(): Ran | undefined {
    const last = this.#all.at(-1)
    if (last !== undefined) this.add('this thread', undefined, last.ended)
    return last
  }

  /** This is what happened from that tick on to where the walk is, which goes there. */
  add(what: Step['what'], call: Ran | undefined, from: number): void {
    if (from >= this.#at) return
    const ms = (this.#at - from) / (ticksPerUs * 1_000)
    const isRun = what === 'run'
    const lane = call?.ran.lane ?? this.#here
    const worker = lane.record?.worker?.name ?? lane.record?.executor
    const step = { what, task: isRun ? call?.call.task : undefined, worker, ms, calls: isRun ? 1 : 0 }
    this.steps.push({ step, lane, from, to: this.#at })
    this.#at = from
  }

  /** The call itself, or those that it waited for meanwhile. */
  through(one: Ran): void {
    this.add('handing over', one, one.ran.to)
    for (const inside of (this.#made.get(one.call.id) ?? []).toReversed()) {
      if (inside.ended > this.#at || inside.came < one.ran.from) continue
      this.add('run', one, inside.ended)
      this.through(inside)
      this.add('handing over', inside, inside.came)
    }
    this.add('run', one, one.ran.from)
  }

  /** What the call waited for before it began. */
  before(one: Ran): Ran | undefined {
    const record = one.call.worker as WorkerRecord
    const { came, ran } = one
    const onWorker = lastBefore(this.#of.get(record) ?? [], one, ({ ran: other }) => other.to <= ran.from)
    if (onWorker !== undefined && onWorker.ran.to > came) {
      this.add('handing over', one, onWorker.ran.to)
      return onWorker
    }
    const { readyMs, startMs } = record
    if (readyMs !== undefined && tickOf(this.#recording, readyMs) > came) {
      this.add('handing over', one, tickOf(this.#recording, readyMs))
      this.add('start-up', one, tickOf(this.#recording, readyMs - startMs))
      return undefined
    }
    this.add('handing over', one, came)
    const heard = lastBefore(this.#all, one, other => other.ended <= came)
    if (heard !== undefined) this.add('this thread', undefined, heard.ended)
    return heard
  }
}

/**
 * Of calls by their end, the last that ended before this one, for which `holds`, as for all before.
 */
function lastBefore(calls: readonly Ran[], one: Ran, holds: (call: Ran) => boolean): Ran | undefined {
  let [low, high] = [0, calls.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    const call = calls[middle] as Ran
    if (call.ended < one.ended && holds(call)) low = middle + 1
    else high = middle
  }
  return calls[low - 1]
}

/** Calls of one task on one worker, with what lies between them. */
function merged(steps: readonly Step[]): Step[] {
  const whole: Step[] = []
  for (const step of steps) {
    const last = whole.at(-1)
    if (last?.what === step.what && last.task === step.task && last.worker === step.worker)
      whole[whole.length - 1] = { ...last, ms: last.ms + step.ms, calls: last.calls + step.calls }
    else whole.push(step)
  }
  return whole
}

function push<K>(map: Map<K, Ran[]>, key: K, call: Ran): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [call])
  else list.push(call)
}
