/**
 * Listens to the channels of trace.ts while a program runs, and keeps what a trace is made of.
 *
 *     atonce.worker.start ─▶ a worker ┐
 *     atonce.call.start ─▶ open call  ├─▶ Recording: so many calls, and totals of all
 *     atonce.call.end ─▶ its outcome ─┘
 *
 * Calls beyond the bound are counted and added up, so the totals are exact however many there are.
 *
 * The class stands for itself: its text is evaluated in programs that run already (elsewhere.ts),
 * so nothing outside of it may be named in it.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { runtime } from '../../runtime/runtime.ts'
import type {
  CallEndEvent,
  CallStartEvent,
  RetryEvent,
  TracedWorker,
  WorkerCrashEvent,
  WorkerStartEvent,
} from '../../trace.ts'

/** One call, or one chunk of calls, that was kept. */
export interface KeptCall {
  readonly id: number
  readonly maker: number | undefined
  readonly traceparent: string | undefined
  readonly task: string
  /** That declares the task. */
  readonly module: string
  /** Who ran it; undefined if it never began. */
  worker: WorkerRecord | undefined
  readonly cameMs: number
  readonly beganMs: number | undefined
  endedMs: number | undefined
  runMs: number | undefined
  /** When it made a call itself for the first time. */
  madeMs: number | undefined
  outcome: CallEndEvent['outcome'] | undefined
  calls: number
}

/** A worker, or the event loop of an executor that has no workers; and what it did. */
export interface WorkerRecord {
  readonly executor: string
  /** Undefined: this event loop. */
  readonly worker: TracedWorker | undefined
  /** When it could work, and how long its start took; undefined if it had started before. */
  readyMs: number | undefined
  startMs: number
  /** When it failed, and of what. */
  crash: { readonly atMs: number; readonly reason: string } | undefined
  /** From calls that no other one on this worker has made. */
  calls: number
  /** How long it had any call in its hands, and how long these ran there. */
  busyMs: number
  runMs: number
  lastEndedMs: number | undefined
  /** Whether any two such calls ran at a time. */
  overlapped: boolean
}

/** What happened at one moment. */
export interface Note {
  readonly atMs: number
  readonly text: string
}

export interface Recording {
  readonly beganMs: number
  readonly endedMs: number
  readonly calls: readonly KeptCall[]
  /** Calls and chunks that there were: more than are kept, perhaps. */
  readonly seen: number
  /** Those among them that had begun before: where they ran is not known. */
  readonly begunBefore: number
  /** Calls of all of them: those of a chunk are many. */
  readonly each: Readonly<Record<CallEndEvent['outcome'], number>>
  /** How long all of them waited for a worker. */
  readonly queueMs: number
  readonly workers: readonly WorkerRecord[]
  readonly retries: number
  readonly notes: readonly Note[]
}

interface OpenCall {
  readonly beganMs: number
  madeMs: number | undefined
  readonly maker: number | undefined
  readonly kept: KeptCall | undefined
  readonly record: WorkerRecord
  /** It stems from another call on the same worker, which waits for it. */
  readonly inside: boolean
}

/** What it is to do, and what it needs for that. */
export interface RecorderOptions {
  /** The most calls that are kept whole. */
  readonly keep: number
  /** Which of them: the newest instead of the first ones. */
  readonly newest: boolean
  /** So many notes of single moments are kept: crashes and repeats of a program gone wrong. */
  readonly notes: number
  now(): number
  subscribe(channel: string, hear: (event: unknown) => void): void
  unsubscribe(channel: string, hear: (event: unknown) => void): void
}

export const mostNotes = 1_000

/** What comes within this time may have been read at once, some time after it happened. */
const readAtOnceMs = 1

/** In this program, from its beginning. */
export function recordHere(keep: number): Recorder {
  const now = () => runtime().now()
  return new Recorder({ keep, newest: false, notes: mostNotes, now, subscribe, unsubscribe })
}

export class Recorder {
  readonly #options: RecorderOptions
  readonly #beganMs: number
  readonly #calls: KeptCall[] = []
  /** Where the oldest of them is, once there are as many as are kept. */
  #oldest = 0
  #seen = 0
  #begunBefore = 0
  readonly #each = { done: 0, failed: 0, cancelled: 0 }
  #queueMs = 0
  #retries = 0
  readonly #workers = new Map<string, WorkerRecord>()
  /** Calls that have begun and not ended. */
  readonly #open = new Map<number, OpenCall>()
  /** Of each worker: how many calls it has, and since when it has any. */
  readonly #at = new Map<WorkerRecord, { calls: number; sinceMs: number }>()
  readonly #notes: Note[] = []
  readonly #hears: readonly (readonly [channel: string, hear: (event: unknown) => void])[] = [
    ['atonce.call.start', event => this.#began(event as CallStartEvent)],
    ['atonce.call.end', event => this.#ended(event as CallEndEvent)],
    ['atonce.call.retry', event => this.#retried(event as RetryEvent)],
    ['atonce.worker.start', event => this.#started(event as WorkerStartEvent)],
    ['atonce.worker.crash', event => this.#crashed(event as WorkerCrashEvent)],
  ]

  /** Listens from now on. */
  constructor(options: RecorderOptions) {
    this.#options = options
    this.#beganMs = options.now()
    for (const [channel, hear] of this.#hears) options.subscribe(channel, hear)
  }

  /** Listens no more. */
  stop(): Recording {
    for (const [channel, hear] of this.#hears) this.#options.unsubscribe(channel, hear)
    const endedMs = this.#options.now()
    for (const { record, inside } of this.#open.values()) if (!inside) this.#left(record, endedMs)
    return {
      beganMs: this.#beganMs,
      endedMs,
      calls: [...this.#calls.slice(this.#oldest), ...this.#calls.slice(0, this.#oldest)],
      seen: this.#seen,
      begunBefore: this.#begunBefore,
      each: this.#each,
      queueMs: this.#queueMs,
      workers: [...this.#workers.values()],
      retries: this.#retries,
      notes: this.#notes,
    }
  }

  #began(event: CallStartEvent): void {
    const record = this.#workerOf(event.executor, event.worker)
    const beganMs = event.beganMs ?? this.#options.now()
    const inside = this.#stemsFrom(record, event.maker)
    const kept = this.#kept(event, beganMs, event.cameMs ?? beganMs - event.queueMs)
    this.#open.set(event.id, { beganMs, maker: event.maker, kept, record, inside, madeMs: undefined })
    this.#made(event.maker, event.cameMs ?? beganMs)
    if (inside) return
    const at = this.#at.get(record) ?? { calls: 0, sinceMs: 0 }
    this.#at.set(record, at)
    if (at.calls === 0) at.sinceMs = Math.max(beganMs, record.lastEndedMs ?? 0)
    at.calls += 1
  }

  #ended(event: CallEndEvent): void {
    const {
      id,
      endedMs,
      runMs,
      beganMs,
      outcome,
      calls,
      queueMs = endedMs - (event.cameMs ?? endedMs),
    } = event
    const open = this.#open.get(id)
    this.#open.delete(id)
    this.#each[outcome] += calls
    this.#queueMs += queueMs
    if (open === undefined && runMs !== undefined && event.worker === undefined && beganMs === undefined) {
      // Nobody listened when it was given to its worker.
      this.#seen += 1
      this.#begunBefore += 1
      return
    }
    const kept = open === undefined ? this.#kept(event, beganMs, event.cameMs ?? endedMs) : open.kept
    if (kept !== undefined) Object.assign(kept, { endedMs, runMs, outcome, calls })
    if (open === undefined) return
    // One that was taken back before it began has gone to another worker.
    if (kept !== undefined && event.worker !== undefined)
      kept.worker = this.#workerOf(event.executor, event.worker)
    if (open.inside) return
    const { record } = open
    record.calls += 1
    const sinceMadeMs = open.madeMs === undefined ? 0 : endedMs - open.madeMs
    const ranForMs = Math.max(runMs ?? endedMs - (beganMs ?? endedMs), sinceMadeMs)
    record.runMs += ranForMs
    record.overlapped ||= this.#hadAnother(record, Math.min(endedMs, (beganMs ?? endedMs) + ranForMs))
    this.#left(record, endedMs)
  }

  /**
   * Whether another call of the worker's had begun well before. That two are open at a time does
   * not tell: this side may read the outcome of one and the beginnings of both at once.
   */
  #hadAnother(record: WorkerRecord, atMs: number): boolean {
    if ((this.#at.get(record)?.calls ?? 0) < 2) return false
    for (const open of this.#open.values())
      if (open.record === record && !open.inside && open.beganMs + readAtOnceMs < atMs) return true
    return false
  }

  #stemsFrom(record: WorkerRecord, maker: number | undefined): boolean {
    for (let id = maker; id !== undefined; ) {
      const open = this.#open.get(id)
      if (open?.record === record) return true
      id = open?.maker
    }
    return false
  }

  /**
   * A worker's clock begins anew with each call that it runs while another one waits: that one has
   * run at least since it made a call.
   */
  #made(maker: number | undefined, atMs: number): void {
    const open = maker === undefined ? undefined : this.#open.get(maker)
    if (open === undefined || (open.madeMs ?? Number.POSITIVE_INFINITY) <= atMs) return
    open.madeMs = atMs
    if (open.kept !== undefined) open.kept.madeMs = atMs
  }

  #left(record: WorkerRecord, endedMs: number): void {
    const at = this.#at.get(record)
    if (at === undefined) return
    at.calls -= 1
    if (at.calls === 0) record.busyMs += endedMs - at.sinceMs
    record.lastEndedMs = endedMs
  }

  #kept(
    { id, maker, traceparent, task, module, executor, worker }: CallStartEvent | CallEndEvent,
    beganMs: number | undefined,
    cameMs: number,
  ): KeptCall | undefined {
    this.#seen += 1
    const { keep, newest } = this.#options
    const isFull = this.#calls.length >= keep
    if (isFull && !newest) return undefined
    const call: KeptCall = {
      ...{ id, maker, traceparent, task, module, cameMs, beganMs },
      worker: beganMs === undefined ? undefined : this.#workerOf(executor, worker),
      ...{ endedMs: undefined, runMs: undefined, madeMs: undefined, outcome: undefined, calls: 1 },
    }
    if (isFull) {
      this.#calls[this.#oldest] = call
      this.#oldest = (this.#oldest + 1) % keep
    } else this.#calls.push(call)
    return call
  }

  #retried({ task, attempt, error }: RetryEvent): void {
    this.#retries += 1
    this.#note(`${task}, attempt ${attempt}: ${error.message}`)
  }

  #started({ executor, worker, startMs }: WorkerStartEvent): void {
    Object.assign(this.#workerOf(executor, worker), { readyMs: this.#options.now(), startMs })
  }

  #crashed({ executor, worker: name, error }: WorkerCrashEvent): void {
    this.#note(`${name} failed: ${error.message}`)
    for (const record of this.#workers.values())
      if (record.executor === executor && record.worker?.name === name)
        record.crash ??= { atMs: this.#options.now(), reason: error.message }
  }

  #note(text: string): void {
    if (this.#notes.length < this.#options.notes) this.#notes.push({ atMs: this.#options.now(), text })
  }

  #workerOf(executor: string, worker: TracedWorker | undefined): WorkerRecord {
    const key =
      worker === undefined ? executor : `${executor}\n${worker.name}\n${worker.pid ?? worker.threadId}`
    const known = this.#workers.get(key)
    if (known !== undefined) return known
    const record: WorkerRecord = {
      ...{ executor, worker, readyMs: undefined, startMs: 0, crash: undefined },
      ...{ calls: 0, busyMs: 0, runMs: 0, lastEndedMs: undefined, overlapped: false },
    }
    this.#workers.set(key, record)
    return record
  }
}
