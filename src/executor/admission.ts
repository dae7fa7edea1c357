/**
 * What an executor takes, and how it closes: one rule for all models, and for run, map, stream,
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

/** How long accepted calls may go on after `close()`, unless it is said. */
export const defaultCloseGraceMs = 5_000

/** What an executor does for its admission. */
export interface AdmissionOwner {
  readonly name: string
  /** How many more jobs would be taken now. */
  places(): number
  /**
   * Settles what was accepted and has not begun with `why`; not what is a part of something that
   * has.
   */
  refuseQueued(why: ClosedError): void
  /** Settles all that is left with `why`, and ends who runs it. */
  force(why: ClosedError): void
  /** Whether no job is left; if so, and there are workers, they are asked to end. */
  finish(): boolean
}

export class Admission {
  readonly room: Room
  readonly #owner: AdmissionOwner
  readonly #pauses = new Pauses(() => this.checkClosed())
  /** Maps that were accepted. One that nobody can use any more may go: it is not waited for. */
  readonly #calls = new WeakList<LongCall>()
  #closed: Parked<void> | undefined
  /** Why calls that have not begun are refused, if they are. */
  #refused: ClosedError | undefined
  #forced: ClosedError | undefined

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

  /** Why nothing is taken any more, once the grace is over. */
  get forced(): ClosedError | undefined {
    return this.#forced
  }

  /** Why the job is not taken, if it is not. `isPart`: of a call that was accepted before. */
  refusalOf(job: Job, isPart: boolean): ClosedError | undefined {
    if (this.#closed === undefined || (isPart && this.#forced === undefined)) return undefined
    return new ClosedError(
      `${this.#owner.name} is closed; ${nameOf(job.task)} was not run. Run tasks before close(), or before the end of the block with \`await using\`.`,
    )
  }

  /** Whether the job belongs to what was accepted before: it may come while the executor closes. */
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

  pause(ms: number, paused: Paused): Pause {
    // What fails while its worker is being ended comes at once, to be refused.
    return this.#pauses.begin(this.#forced === undefined ? ms : 0, paused)
  }

  async close({ graceMs, queued }: Closing): Promise<void> {
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

  /** Something has ended: looks whether it was the last. */
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

  /** The grace is over: nobody waits for anything any more. */
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
