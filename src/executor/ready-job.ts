/** A job that was checked, and readied for the wire. */
import type { Encoded } from '../wire/codec.ts'
import type { Job } from './backend.ts'
import type { Held } from './hand.ts'
import type { Queued } from './queue.ts'
import type { TaskCost } from './task-cost.ts'

export interface ReadyJob extends Queued, Held {
  readonly job: Job
  /** The arguments as the codec made them; undefined for those that need no codec: `job.calls[0]` as it is. */
  readonly encoded: Encoded | undefined
  /** What is known about the task's cost. */
  readonly cost: TaskCost
  /** Whether it has its outcome. */
  settled: boolean
}
