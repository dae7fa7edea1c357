/**
 * How long the calls of a loop wait and run. Calls are started many in one turn, and the short ones
 * end at once: the clock is read before the first of them and behind the last, and each is said to
 * have taken as long.
 */
import { CallTimes, type Timed } from '../executor/call-times.ts'
import type { Times } from '../executor/time-histogram.ts'
import { type Runtime, runtime } from '../runtime/runtime.ts'
import type { Outcome } from '../task/results.ts'
import type { Task } from '../task/task.ts'
import { callsAreTraced } from '../trace.ts'

/** A call of the loop; the notes are this file's own. */
export interface LoopTimed extends Timed {
  readonly job: { readonly task: Task; readonly stream?: object | undefined }
  /** Whether its times are taken. */
  measured: boolean
  /** When it began, in microseconds, modulo half an hour. */
  beganUs: number
}

const mask = 0x7fff_ffff

export class LoopTimes {
  readonly #times: CallTimes
  readonly #runtime: Runtime = runtime()
  #nowMs = 0
  /** Calls whose times are taken, and that have not begun. */
  #waiting = 0
  /** Such calls may be started now; how many have ended meanwhile, of them and of all. */
  #starting = false
  #atOnce = 0
  readonly #ended: { readonly call: LoopTimed; readonly ok: boolean }[] = []

  constructor(executor: string) {
    this.#times = new CallTimes(executor)
  }

  get all(): { readonly queueMs: Times; readonly runMs: Times } {
    return this.#times.all
  }

  /** The call has come; `waiting` calls of this loop wait for their turn. */
  came(call: LoopTimed, waiting: number, maker: object | undefined): void {
    call.measured = this.#times.came(call, waiting, maker)
    if (call.measured) this.#waiting += 1
  }

  /** Calls are started now, until `started`. */
  starts(): void {
    if (this.#waiting === 0) return
    this.#nowMs = this.#runtime.now()
    this.#starting = true
    this.#atOnce = 0
  }

  started(): void {
    if (!this.#starting) return
    this.#starting = false
    if (this.#ended.length === 0) return
    const meanMs = (this.#runtime.now() - this.#nowMs) / this.#atOnce
    for (const { call, ok } of this.#ended)
      this.#times.ended(call, call.job.task, ok ? 'done' : 'failed', meanMs)
    this.#ended.length = 0
  }

  began(call: LoopTimed): void {
    if (!call.measured) return
    this.#waiting -= 1
    call.beganUs = microseconds(this.#nowMs)
    this.#times.began(call, call.job.task, this.#nowMs)
  }

  ended(call: LoopTimed, { ok }: Outcome<unknown>): void {
    this.#atOnce += 1
    if (!call.measured) return this.#times.unseen()
    const { task, stream } = call.job
    const outcome = ok ? 'done' : 'failed'
    if (stream !== undefined) return this.#times.ended(call, task, outcome, undefined)
    if (this.#starting && !callsAreTraced()) this.#ended.push({ call, ok })
    else {
      const runMs = ((microseconds(this.#runtime.now()) - call.beganUs) & mask) / 1_000
      this.#times.ended(call, task, outcome, runMs)
    }
  }

  /** The call was given up: before it began, if it was `queued`. */
  cancelled(call: LoopTimed, queued: boolean): void {
    if (queued && call.measured) this.#waiting -= 1
    this.#times.ended(call, call.job.task, 'cancelled', undefined)
  }
}

function microseconds(ms: number): number {
  return Math.floor(ms * 1_000) & mask
}
