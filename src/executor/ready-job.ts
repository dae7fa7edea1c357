/** A job that a pool has accepted, and what the pool notes on it. */
import type { Encoded } from '../wire/codec.ts'
import type { EncodedStore } from '../wire/propagation.ts'
import type { Job } from './backend.ts'
import type { Timed } from './call-times.ts'
import type { Queued } from './queue.ts'
import { TaskCost } from './task-cost.ts'

/**
 * What a pool notes on a job, on the job itself: in a burst a call costs what it keeps in memory
 * until it is settled, and another object for each would be a fifth more. The pool writes them, and
 * nobody else looks at them.
 */
export interface PoolNotes extends Omit<Queued, 'priority'>, Timed {
  /** The slot of the worker that has it, as long as it has. */
  slot: Holder | undefined
  /** Where it waits for one worker alone, if it does. */
  pin: { withdraw(ready: ReadyJob): boolean } | undefined
  /** Its number in the hand of that worker. */
  seq: number
  /**
   * The arguments as the codec made them; undefined for those that need no codec: they cross as
   * they are.
   */
  encoded: Encoded | undefined
  /** What the caller's propagated storages held, if anything. */
  stores: readonly EncodedStore[] | undefined
  /** What is known about the task's cost. */
  cost: TaskCost
  /**
   * Where a nested call comes from: the call that made it, and the one from outside that all this
   * began with.
   */
  nesting: { readonly id: number; readonly parent: ReadyJob; readonly root: ReadyJob } | undefined
  /** The nested calls that it has made and that have no outcome, by their numbers. */
  nested: Map<number, ReadyJob> | undefined
  /**
   * Whether the pool has nothing to do with it: before it was accepted, and once it has its
   * outcome.
   */
  over: boolean
}

export type ReadyJob = Job & PoolNotes

/** Who has a job in hand: what is asked of a worker because of one job goes there. */
export interface Holder {
  /** The job was settled by somebody else: it is taken back, or its worker is asked to leave it. */
  abandon(ready: ReadyJob, reason: Error): void
  /** The generator of a stream may yield so much more. */
  pull(ready: ReadyJob, count: number): void
  /** Nobody wants more of a stream. */
  leave(ready: ReadyJob, reason: Error): void
}

/** Until the pool knows better. */
export const unknownCost: TaskCost = new TaskCost()

/** The places for a backend's notes. */
export class Noted implements PoolNotes {
  ready: object | undefined = undefined
  encoded: Encoded | undefined = undefined
  stores: readonly EncodedStore[] | undefined = undefined
  cost: TaskCost = unknownCost
  waiting = false
  order = 0
  slot: Holder | undefined = undefined
  pin: PoolNotes['pin'] = undefined
  time = 0
  seq = 0
  nesting: PoolNotes['nesting'] = undefined
  nested: Map<number, ReadyJob> | undefined = undefined
  over = true
}
