/** What a slot tells its pool of its worker and of the jobs in its hand. */
import type { ReadyJob } from '../executor/ready-job.ts'
import type { Outcome } from '../task/results.ts'
import type { NestMessage, UnnestMessage } from '../wire/messages.ts'
import type { EndOfLife, LifeOptions } from '../worker/life.ts'

export interface OwnerOf<S> {
  /** The worker can work, `startMs` after it was started. */
  started?(slot: S, startMs: number): void
  /** The worker has nothing in its hands. */
  idle(slot: S): void
  /** The worker has answered and may be given more. */
  answered(slot: S): void
  /** The worker begins the job, or is given it when it has answered what it has. */
  began(ready: ReadyJob, nowMs: number): void
  /** The job has an outcome. */
  settled(ready: ReadyJob, outcome: Outcome<unknown>, workMs?: number): void
  /** These jobs are back, in their order; the worker has not begun them. */
  returned(jobs: readonly ReadyJob[]): void
  /** A call that the worker runs has made a call of its own. */
  nest(slot: S, parent: ReadyJob, message: NestMessage): void
  /** It does not want that one any more. */
  unnest(parent: ReadyJob, message: UnnestMessage): void
  /** Nothing of the worker is left. */
  ended(slot: S, why: Error, details: EndOfSlot): void
}

/** What a worker leaves behind. */
export interface EndOfSlot extends EndOfLife {
  /** It had nothing to do. */
  readonly idle: boolean
  /** It was not to end, or not so, and no call has failed with it. */
  readonly untold: boolean
  /** The jobs that it had not begun, in their order. */
  readonly back: readonly ReadyJob[]
  /** It could work, and has begun nothing of what it was given. */
  readonly fruitless: boolean
}

export interface SlotOptions extends LifeOptions {
  /** How many calls the worker runs side by side. */
  readonly callsPerWorker: number
  readonly maxCallsPerWorker: number
}
