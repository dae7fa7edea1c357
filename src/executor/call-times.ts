/**
 * How long the calls of an executor wait and run, for `stats()` and for `diagnostics_channel`.
 *
 *     came ─▶ began ─▶ ended
 *
 * Each call keeps one small integer: first when it came, then how long it has waited. Measuring a
 * call costs a fifth of what a small call does. So of many calls that come at once only some are
 * measured, and each of these stands for those that end before it.
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

/** What is measured; only this file uses `time`. */
export interface Timed {
  time: number
}

const ticksPerMs = 128
/** Times are kept modulo 2.3 hours. */
const mask = 0x3fff_ffff
/**
 * The note of a call that is not measured. That of others is the tick when they came, and then -1
 * minus the ticks that they waited.
 */
const skipped = -0x8000_0000
/**
 * In each millisecond this many calls are measured; of the calls after them, one in this many.
 */
const few = 16
/** If more calls than this wait, one in this many is measured. */
const longLine = 128
const periodMs = 1

export class CallTimes {
  readonly #executor: string
  readonly #runtime: Runtime = runtime()
  readonly #queue = new TimeHistogram()
  readonly #run = new TimeHistogram()
  /** The time at the last reading of the clock. */
  #nowMs = 0
  #periodFromMs = Number.NEGATIVE_INFINITY
  #inPeriod = 0
  /** How many calls that are not measured have ended since one that is. */
  #unseen = 0

  constructor(executor: string) {
    this.#executor = executor
  }

  get all(): { readonly queueMs: Times; readonly runMs: Times } {
    return { queueMs: this.#queue.times, runMs: this.#run.times }
  }

  /**
   * The call has come, and `waiting` calls are before it. Says whether it is measured. `maker`
   * stands for the call that made it, if one has.
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
    if (call.time < 0) return // Not measured; or taken back and given again, where the first time counts.
    this.#nowMs = nowMs
    this.#waited(call, task)
  }

  /** A job of a pool has its outcome; `workMs` is how long it ran in its worker, if known. */
  settled(job: Job & Timed, outcome: CallEndEvent['outcome'], workMs: number | undefined): void {
    if (job.time === skipped) this.#unseen += 1
    else this.ended(job, job.task, outcome, job.stream === undefined ? workMs : undefined, job.calls)
  }

  /** A call that is not measured has ended. */
  unseen(): void {
    this.#unseen += 1
  }

  /**
   * The call has ended, or a chunk of `calls`. They ran for `runMs` together; undefined if that is
   * not known.
   */
  ended(
    call: Timed,
    task: Task,
    outcome: CallEndEvent['outcome'],
    runMs: number | undefined,
    calls = 1,
  ): void {
    if (call.time === skipped) return this.unseen()
    // Its answer came together with that of the call before it, so its beginning was not told.
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
    const waited = behind > mask / 2 ? 0 : behind // It came after the last reading of the clock.
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
