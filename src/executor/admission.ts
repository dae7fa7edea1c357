/**
 * What an executor accepts, and how it closes: one rule for all models, and for run, map, stream,
 * loans and nested calls.
 *
 *     open ──close()──▶ closing: only parts of what was accepted are taken ──nothing is left──▶ closed
 *                          └──the grace is over──▶ forced: nothing is taken, all that is left is cancelled ──▶ closed
 *
 * What was accepted before `close` ends within the grace. A map is accepted whole, with all its
 * inputs; a repeat is a part of its call, and so is a call that a running one makes on its own
 * executor. `queued: 'cancel'` ends what has not begun.
 */
import { ClosedError } from '../errors.ts'
import { WeakList } from '../live/weak-list.ts'
import { type Parked, park } from '../runtime/park.ts'
import { runtime } from '../runtime/runtime.ts'
import { nameOf } from '../task/task.ts'
import type { Closing, Job, LongCall } from './backend.ts'
import { type Pause, type Paused, Pauses } from './repeat/pauses.ts'
import { Room } from './room.ts'

/** How long accepted calls may go on after `close()`, by default. */
export const defaultCloseGraceMs = 5_000

/** What an executor does for its admission. */
export interface AdmissionOwner {
  readonly name: string
  /** How many more jobs would be taken now. */
  places(): number
  /**
   * Settles with `why` the jobs that were accepted and have not begun, except parts of calls that
   * have.
   */
  refuseQueued(why: ClosedError): void
  /** Settles all jobs that are left with `why`, and ends the workers that run them. */
  force(why: ClosedError): void
  /** Whether no job and no worker is left. If only workers are left, it asks them to end. */
  finish(): boolean
}

export class Admission {
  readonly room: Room
  readonly #owner: AdmissionOwner
  readonly #pauses = new Pauses(() => this.checkClosed())
  /** Maps that were accepted, held weakly: a map that nobody can use any more is not waited for. */
  readonly #calls = new WeakList<LongCall>()
  #closed: Parked<void> | undefined
  /** Why calls that have not begun are cancelled, if they are. */
  #refused: ClosedError | undefined
  #forced: ClosedError | undefined
  /** When the grace of the first `close` to end is over. */
  #untilMs = Number.POSITIVE_INFINITY

  constructor(owner: AdmissionOwner) {
    this.#owner = owner
    this.room = new Room(owner.name, () => owner.places())
  }

  /** As tools show it; undefined once it is closed. */
  get state(): 'open' | 'closing' | undefined {
    if (this.#closed === undefined) return 'open'
    return this.#closed.state === 'waiting' ? 'closing' : undefined
  }

  get isClosing(): boolean {
    return this.#closed !== undefined
  }

  /** Why nothing is accepted any more, once the grace is over. */
  get forced(): ClosedError | undefined {
    return this.#forced
  }

  /** Why the job is refused, if it is. `isPart`: of a call that was accepted before. */
  refusalOf(job: Job, isPart: boolean): ClosedError | undefined {
    if (this.#closed === undefined || (isPart && this.#forced === undefined)) return undefined
    return new ClosedError(
      `${this.#owner.name} is closed; ${nameOf(job.task)} was not run. Run tasks before close(), or before the end of the block with \`await using\`.`,
    )
  }

  /**
   * Whether the job is a part of something that was accepted before, and may come while the
   * executor closes.
   */
  isPart(job: Job): boolean {
    return (
      (job.attempt !== undefined && job.attempt > 1) || (job.accepted === true && this.#refused === undefined)
    )
  }

  /** Accepts a map as a whole; false if it comes too late. */
  accept(call: LongCall): boolean {
    if (this.#closed !== undefined) return false
    this.#calls.add(call)
    return true
  }

  /** More jobs are taken at a time than before. */
  demand(): void {
    for (const call of this.#calls) if (!call.over) call.demand()
  }

  pause(ms: number, paused: Paused): Pause {
    // A call that fails because its worker is being ended comes again at once, to be refused.
    return this.#pauses.begin(this.#forced === undefined ? ms : 0, paused)
  }

  /** How long what runs may still go on; Infinity before `close`. */
  get graceMs(): number {
    return Math.max(0, this.#untilMs - runtime().now())
  }

  async close({ graceMs, queued }: Closing): Promise<void> {
    this.#untilMs = Math.min(this.#untilMs, runtime().now() + graceMs)
    const isFirst = this.#closed === undefined
    this.#closed ??= park<void>('all that was accepted to end', this.#owner)
    if (isFirst) {
      this.room.close()
      for (const call of this.#calls) call.closing()
    }
    if (queued === 'cancel') this.#refuseQueued()
    const timer = graceMs === 0 ? undefined : runtime().setTimer(graceMs, () => this.#force())
    if (graceMs === 0) this.#force()
    this.checkClosed()
    await this.#closed.promise
    timer?.cancel()
  }

  /** Something has ended: checks whether it was the last. */
  checkClosed(): void {
    if (this.#closed === undefined || this.#pauses.size > 0) return
    if (this.#forced === undefined) for (const call of this.#calls) if (!call.over) return
    if (this.#owner.finish()) this.#closed.unpark()
  }

  #refuseQueued(): void {
    this.#refused ??= new ClosedError(
      `${this.#owner.name} was closed before this call had begun: close({ queued: 'cancel' }).`,
    )
    this.#owner.refuseQueued(this.#refused)
    this.#pauses.hurry()
  }

  /** The grace is over: nothing more is waited for. */
  #force(): void {
    this.#forced ??= new ClosedError(
      `${this.#owner.name} was closed before this call was done. Await it first, or give close() a longer graceMs.`,
    )
    this.room.close(true)
    this.#owner.force(this.#forced)
    this.#pauses.hurry()
    this.checkClosed()
  }
}
