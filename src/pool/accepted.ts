/**
 * The jobs that were accepted and have no outcome: each is counted, timed, and settled once. What a
 * call has made ends with it.
 *
 *     came ─▶ began ─▶ settle: its worker has answered, or has ended
 *         └───────┴──▶ cancel: its caller gives it up, or the call that made it has ended
 */
import type { Admission } from '../executor/admission.ts'
import type { Job } from '../executor/backend.ts'
import { CallTimes } from '../executor/call-times.ts'
import { callerError } from '../executor/caller.ts'
import type { ReadyJob } from '../executor/ready-job.ts'
import { makerCancelled } from '../executor/refusals.ts'
import type { ExecutorStats } from '../executor/stats.ts'
import { type Ending, Tally } from '../executor/tally.ts'
import type { Outcome } from '../task/results.ts'
import type { UnnestMessage } from '../wire/messages.ts'
import { Families } from './families.ts'

/** Where jobs wait. */
interface Line {
  /** Takes the job out; false if it does not wait there. */
  withdraw(ready: ReadyJob): boolean
}

export class Accepted {
  readonly families = new Families()
  readonly #admission: Admission
  readonly #line: Line
  readonly #allDone: () => void
  readonly #tally = new Tally()
  readonly #times: CallTimes
  #open = 0

  /** `allDone` is called when no job is left. */
  constructor(executor: string, admission: Admission, line: Line, allDone: () => void) {
    this.#admission = admission
    this.#line = line
    this.#allDone = allDone
    this.#times = new CallTimes(executor)
  }

  /** How many there are. */
  get open(): number {
    return this.#open
  }

  /** What `stats()` says of calls, of which so many run. */
  stats(running: number): Omit<ExecutorStats, 'model' | 'workers' | 'crashes' | 'pids' | 'choices'> {
    return { queued: this.#open - running, running, ...this.#tally.counts, ...this.#times.all }
  }

  /** Settles a job that is not accepted. */
  refuse(job: Job, error: unknown): void {
    this.#tally.ended(job, 'failed')
    job.settled({ ok: false, error })
  }

  /**
   * The job is accepted, and `waiting` are before it; `maker` stands for the call that made it, if
   * one has.
   */
  came(ready: ReadyJob, waiting: number, maker: object | undefined): void {
    this.#open += 1
    this.#tally.came(ready)
    this.#times.came(ready, waiting, maker)
  }

  /** Why no call that `parent` makes is accepted, if so. */
  refusalOfNested(parent: ReadyJob): Error | undefined {
    return this.#admission.forced ?? (parent.over ? makerCancelled(parent.task) : undefined)
  }

  /** The call `parent` has made this one, under that number. */
  cameNested(ready: ReadyJob, waiting: number, parent: ReadyJob, id: number): void {
    this.families.add(ready, parent, id)
    this.came(ready, waiting, parent)
  }

  /** A worker begins the job. */
  began(ready: ReadyJob, nowMs: number): void {
    this.#times.began(ready, ready.task, nowMs)
  }

  settle(ready: ReadyJob, outcome: Outcome<unknown>, as: Ending, workMs?: number): void {
    if (ready.over) return
    this.#count(ready, as, workMs, outcome.ok ? outcome.value : undefined)
    const made = ready.nested !== undefined
    ready.settled(outcome, workMs)
    if (made) this.#endNested(ready, undefined)
    if (this.#open === 0) this.#allSettled()
  }

  /** Settles the job early, if it has not settled. */
  cancel(ready: ReadyJob, error: Error): void {
    if (!ready.over) this.#end(ready, error, false)
  }

  /** The call `parent` does not want one any more that it has made. */
  unnest(parent: ReadyJob, { id, failure }: UnnestMessage): void {
    const ready = parent.nested?.get(id)
    if (ready !== undefined) this.cancel(ready, callerError(failure, undefined))
  }

  #count(ready: ReadyJob, as: Ending, workMs?: number, answer?: unknown): void {
    ready.over = true
    this.#open -= 1
    this.#tally.ended(ready, as, answer)
    this.families.settled(ready)
    this.#times.settled(ready, as, workMs)
  }

  /**
   * Ends a job early: first it, then those that it made, so that the deepest is flagged last.
   * `left`: the call that made it has ended, and nobody has to take the error.
   */
  #end(ready: ReadyJob, error: Error, left: boolean): void {
    const waited = this.#line.withdraw(ready)
    this.#count(ready, 'cancelled')
    const made = ready.nested !== undefined
    if (left) ready.left?.(error)
    else ready.settled({ ok: false, error })
    if (!waited) ready.slot?.abandon(ready, error)
    if (made) this.#endNested(ready, error)
    this.#admission.room.changed()
    if (this.#open === 0) this.#allSettled()
  }

  /** The call has ended, cancelled because of `cause` if it was; what it has made ends with it. */
  #endNested(parent: ReadyJob, cause: Error | undefined): void {
    this.families.leave(parent, cause, (ready, why) => this.#end(ready, why, true))
  }

  #allSettled(): void {
    this.#allDone()
    this.#admission.checkClosed()
  }
}
