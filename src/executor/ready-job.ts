/** A job that was checked, and readied for the wire. */
import type { Encoded } from '../wire/codec.ts'
import type { Job } from './backend.ts'
import type { Held } from './hand.ts'
import type { EncodedStore } from './propagation.ts'
import type { Queued } from './queue.ts'
import type { TaskCost } from './task-cost.ts'

export interface ReadyJob extends Queued, Held {
  readonly job: Job
  /** The arguments as the codec made them; undefined for those that need no codec: `job.calls[0]` as it is. */
  readonly encoded: Encoded | undefined
  /** What the caller's propagated storages held, if anything. */
  readonly stores: readonly EncodedStore[] | undefined
  /** What is known about the task's cost. */
  readonly cost: TaskCost
  /** Where a nested call comes from: the call that made it, and the one from outside that all this began with. */
  readonly nesting: { readonly id: number; readonly parent: ReadyJob; readonly root: ReadyJob } | undefined
  /** The nested calls that it has made and that have no outcome, by their numbers. */
  nested: Map<number, ReadyJob> | undefined
  /** Whether it has its outcome. */
  settled: boolean
}
