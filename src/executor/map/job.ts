/** A chunk of a map's inputs, and the job that carries it to a backend. */
import type { AsyncResource } from 'node:async_hooks'
import { timerIn } from '../../runtime/limit.ts'
import type { Timer } from '../../runtime/runtime.ts'
import type { CallContext } from '../../task/context.ts'
import type { Outcome } from '../../task/results.ts'
import type { Task } from '../../task/task.ts'
import type { Job } from '../backend.ts'
import { ranTooLong } from '../ran-too-long.ts'
import { Noted } from '../ready-job.ts'
import type { Attempts } from '../repeat/retry.ts'
import { type Packed, visibleBytes } from './packed.ts'

/** Neighbouring inputs on their way. */
export interface Chunk {
  /** The index of the first. */
  readonly first: number
  /**
   * Inputs of a typed array are gone once they were sent: moved, unless they may be needed for a
   * repeat.
   */
  readonly inputs: Packed
  readonly count: number
  readonly bytes: number
  /** Of a single input that has failed before. */
  readonly attempts?: Attempts | undefined
}

export function chunkOf(first: number, inputs: Packed): Chunk {
  return { first, inputs, count: inputs.length, bytes: visibleBytes(inputs) }
}

/** What all jobs of one map have in common. */
export interface JobOwner {
  readonly task: Task
  readonly priority: number
  /** That of their calls, if they have one. */
  readonly key: string | number | undefined
  readonly caller: Job['caller']
  readonly within: CallContext | undefined
  readonly context: AsyncResource
  /** Whether the map was accepted by its executor. */
  readonly accepted: boolean
  /** How many inputs are not read yet, if one can know. */
  readonly unread: number | undefined
  /** How long each input may take, if there is a limit. */
  readonly runTimeoutMs: number | undefined
  /** The job is to end at once. */
  endJob(job: MapJob, why: Error): void
  settled(job: MapJob, outcome: Outcome<unknown>, workMs: number | undefined): void
  /** The call that made the map has ended. */
  leave(error: Error): void
}

export class MapJob extends Noted implements Job {
  readonly task: Task
  readonly args: readonly unknown[] | undefined
  readonly inputs: Packed | undefined
  readonly calls: number | undefined
  readonly priority: number
  readonly caller: Job['caller']
  /** Whose calls they are. */
  readonly of: Chunk
  readonly within: CallContext | undefined
  readonly waitedFor = true
  begun = false
  at = -1
  readonly #owner: JobOwner
  #runTimer: Timer | undefined

  /**
   * `inputs` are those of the chunk as they travel; without them, `args` are the arguments of its
   * one call.
   */
  constructor(owner: JobOwner, of: Chunk, args: readonly unknown[] | undefined, inputs: Packed | undefined) {
    super()
    this.task = owner.task
    this.args = args
    this.inputs = inputs
    this.calls = inputs?.length
    this.priority = owner.priority
    this.caller = owner.caller
    this.within = owner.within
    this.of = of
    this.#owner = owner
  }

  get accepted(): boolean {
    return this.#owner.accepted
  }

  get to(): string | number | undefined {
    return this.#owner.key
  }

  get callsLeft(): number | undefined {
    return this.#owner.unread
  }

  get attempt(): number {
    return this.of.attempts?.attempt ?? 1
  }

  /** That of the caller of `map`, for all its calls. */
  get context(): AsyncResource {
    return this.#owner.context
  }

  started(): void {
    this.begun = true
    const { runTimeoutMs } = this.#owner
    if (runTimeoutMs === undefined) return
    const allMs = runTimeoutMs * this.of.count
    this.#runTimer?.cancel()
    this.#runTimer = timerIn(allMs, () => this.#owner.endJob(this, ranTooLong(this.task, allMs)))
  }

  progressed(): void {}

  settled(outcome: Outcome<unknown>, workMs?: number): void {
    this.#runTimer?.cancel()
    this.#owner.settled(this, outcome, workMs)
  }

  left(error: Error): void {
    this.#runTimer?.cancel()
    this.#owner.leave(error)
  }
}
