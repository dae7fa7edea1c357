/**
 * How long the calls of an executor wait and run, for `stats()` and for whoever listens on
 * `diagnostics_channel`.
 *
 *     came ─▶ began ─▶ ended
 *
 * A call keeps one small integer: when it came, then how long it has waited. To measure a call
 * costs as much as a fifth of a small one. So of many that come at once only some are measured, and
 * each of these stands for those that end before it.
 */
import { type Runtime, runtime } from '../runtime/runtime.ts'
import { nameOf, type Task } from '../task/task.ts'
import {
  type CallEndEvent,
  callsAreTraced,
  publishCallEnd,
  publishCallStart,
  type TracedCall,
} from '../trace.ts'
import type { Job } from './backend.ts'
import { note, noteOf } from './call-notes.ts'
import { TimeHistogram, type Times } from './time-histogram.ts'

/** Who is measured: `time` is this file's own note. */
export interface Timed {
  time: number
}

const ticksPerMs = 128
/** Times are told apart modulo 2.3 hours. */
const mask = 0x3fff_ffff
/**
 * The note of a call that is not measured; of others it is the tick when they came, then -1 less
 * the ticks that they waited.
 */
const skipped = -0x8000_0000
/**
 * So many calls in a millisecond are measured; of those that come after them in it, one in so many.
 */
const few = 16
/** Where more than this wait, one in so many is measured. */
const longLine = 128
const periodMs = 1

export class CallTimes {
  readonly #executor: string
  readonly #runtime: Runtime = runtime()
  readonly #queue = new TimeHistogram()
  readonly #run = new TimeHistogram()
  /** As the clock was last read. */
  #nowMs = 0
  #periodFromMs = Number.NEGATIVE_INFINITY
  #inPeriod = 0
  /** Calls that were not measured and have ended since one that was has. */
  #unseen = 0

  constructor(executor: string) {
    this.#executor = executor
  }

  get all(): { readonly queueMs: Times; readonly runMs: Times } {
    return { queueMs: this.#queue.times, runMs: this.#run.times }
  }

  /**
   * The call has come, and `waiting` are before it; says whether it is measured. `maker` stands for
   * the call that made it, if one has.
   */
  came(call: Timed, waiting: number, maker?: object): boolean {
    this.#inPeriod += 1
    const oneIn = waiting > longLine ? longLine : few
    if ((this.#inPeriod & (oneIn - 1)) !== 0 && this.#inPeriod > few && !callsAreTraced()) {
      call.time = skipped
      return false
    }
    const nowMs = this.#runtime.now()
    if (nowMs - this.#periodFromMs > periodMs) {
      this.#periodFromMs = nowMs
      this.#inPeriod = 1
    }
    this.#nowMs = nowMs
    call.time = ticksOf(nowMs)
    if (callsAreTraced()) note(call, nowMs, maker)
    return true
  }

  /** The call begins. */
  began(call: Timed, task: Task, nowMs: number): void {
    if (call.time < 0) return // Not measured; or given back by its worker, where the first time counts.
    this.#nowMs = nowMs
    this.#waited(call, task)
  }

  /** A job of a pool has its outcome, after `workMs` in its worker if that is known. */
  settled(job: Job & Timed, outcome: CallEndEvent['outcome'], workMs: number | undefined): void {
    if (job.time === skipped) this.#unseen += 1
    else this.ended(job, job.task, outcome, job.stream === undefined ? workMs : undefined, job.calls)
  }

  /** One that was not measured has ended. */
  unseen(): void {
    this.#unseen += 1
  }

  /** The call, or each of `calls`, took `runMs` together; undefined where nobody knows. */
  ended(
    call: Timed,
    task: Task,
    outcome: CallEndEvent['outcome'],
    runMs: number | undefined,
    calls = 1,
  ): void {
    if (call.time === skipped) return this.unseen()
    // Its answer came together with that of the call before it, which began at the last look at the
    // clock.
    if (call.time >= 0 && runMs !== undefined) this.#waited(call, task)
    const queueMs = call.time < 0 ? (-1 - call.time) / ticksPerMs : undefined
    if (queueMs !== undefined && runMs !== undefined) {
      const standsFor = 1 + this.#unseen
      this.#unseen = 0
      this.#queue.add(queueMs, standsFor)
      this.#run.add(runMs / calls, standsFor * calls)
    }
    if (!callsAreTraced()) return
    const endedMs = this.#runtime.now()
    publishCallEnd({ ...this.#about(call, task), outcome, queueMs, runMs, calls, endedMs })
  }

  #waited(call: Timed, task: Task): void {
    const behind = (ticksOf(this.#nowMs) - call.time) & mask
    const waited = behind > mask / 2 ? 0 : behind // It came after the last look at the clock.
    call.time = -1 - waited
    if (!callsAreTraced()) return
    noteOf(call).beganMs = this.#nowMs
    publishCallStart({ ...this.#about(call, task), queueMs: waited / ticksPerMs })
  }

  #about(call: Timed, task: Task): TracedCall {
    return { executor: this.#executor, task: nameOf(task), module: task.module, ...noteOf(call) }
  }
}

function ticksOf(ms: number): number {
  return Math.floor(ms * ticksPerMs) & mask
}
