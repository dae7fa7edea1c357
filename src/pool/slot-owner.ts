/** What a slot tells its pool about its worker and the jobs in its hand. */
import type { ReadyJob } from '../executor/ready-job.ts'
import type { Outcome } from '../task/results.ts'
import type { NestMessage, UnnestMessage } from '../wire/messages.ts'
import type { EndOfLife, LifeOptions } from '../worker/life.ts'

export interface OwnerOf<S> {
  /** The worker can work, `startMs` after it was started. */
  started?(slot: S, startMs: number): void
  /** The worker has nothing in its hand. */
  idle(slot: S): void
  /** The worker has answered and may be given more. */
  answered(slot: S): void
  /** The worker begins the job: as far as this side knows, when it has answered the one before. */
  began(ready: ReadyJob, nowMs: number): void
  /** The job has an outcome. */
  settled(ready: ReadyJob, outcome: Outcome<unknown>, workMs?: number): void
  /** These jobs are back, in their order; the worker has not begun them. */
  returned(jobs: readonly ReadyJob[]): void
  /** A call that the worker runs has made a call of its own. */
  nest(slot: S, parent: ReadyJob, message: NestMessage): void
  /** That call has cancelled one that it made. */
  unnest(parent: ReadyJob, message: UnnestMessage): void
  /** The worker has ended. */
  ended(slot: S, why: Error, details: EndOfSlot): void
}

/** What a worker leaves behind. */
export interface EndOfSlot extends EndOfLife {
  /** It had nothing to do. */
  readonly idle: boolean
  /** Its end was not wanted, and no call has failed with it. */
  readonly untold: boolean
  /** The jobs that it had not begun, in their order. */
  readonly back: readonly ReadyJob[]
  /** It had started, and had begun nothing of what it was given. */
  readonly fruitless: boolean
}

export interface SlotOptions extends LifeOptions {
  /** How many calls the worker runs side by side. */
  readonly callsPerWorker: number
  readonly maxCallsPerWorker: number
}
