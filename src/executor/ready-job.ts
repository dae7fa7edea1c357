/** A job that a pool has accepted, and what the pool notes on it. */
import type { Encoded } from '../wire/codec.ts'
import type { EncodedStore } from '../wire/propagation.ts'
import type { Job } from './backend.ts'
import type { Timed } from './call-times.ts'
import type { Queued } from './queue.ts'
import { TaskCost } from './task-cost.ts'

/**
 * The pool's notes on a job, kept on the job itself. In a burst, a call costs what it keeps in
 * memory until it is settled, and a separate object for the notes would add a fifth. Only the pool
 * uses them.
 */
export interface PoolNotes extends Omit<Queued, 'priority'>, Timed {
  /** The slot of the worker that has it, as long as it has. */
  slot: Holder | undefined
  /** Where it waits for one worker alone, if it does. */
  pin: { withdraw(ready: ReadyJob): boolean } | undefined
  /** Its number in the hand of that worker. */
  seq: number
  /**
   * The encoded arguments; undefined for arguments that need no encoding.
   */
  encoded: Encoded | undefined
  /** What the caller's propagated storages held, if anything. */
  stores: readonly EncodedStore[] | undefined
  /** What is known about the task's cost. */
  cost: TaskCost
  /**
   * Of a nested call: the call that made it, and the outside call of its family.
   */
  nesting: { readonly id: number; readonly parent: ReadyJob; readonly root: ReadyJob } | undefined
  /** The nested calls that it has made and that have no outcome, by their numbers. */
  nested: Map<number, ReadyJob> | undefined
  /**
   * Whether the pool has nothing to do with it: it is not accepted yet, or has its outcome.
   */
  over: boolean
}

export type ReadyJob = Job & PoolNotes

/** Has a job in hand, and takes requests about it. */
export interface Holder {
  /** The job was settled elsewhere: takes it back, or asks the worker to stop it. */
  abandon(ready: ReadyJob, reason: Error): void
  /** Gives the generator of a stream more credit. */
  pull(ready: ReadyJob, count: number): void
  /** The consumer of a stream has left. */
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
