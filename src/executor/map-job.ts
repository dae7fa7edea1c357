/** A chunk of a map's inputs, and the job that carries it to a backend. */
import type { CallContext } from '../task/context.ts'
import type { Outcome } from '../task/results.ts'
import type { Task } from '../task/task.ts'
import type { Job } from './backend.ts'
import { type Packed, visibleBytes } from './packed.ts'
import type { Attempts } from './retry.ts'

/** Neighbouring inputs on their way. */
export interface Chunk {
  /** The index of the first. */
  readonly first: number
  /** Inputs of a typed array are gone once they were sent: moved, unless they may be needed for a repeat. */
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
  readonly caller: Job['caller']
  readonly within: CallContext | undefined
  settled(job: MapJob, outcome: Outcome<unknown>, workMs: number | undefined): void
  left(error: Error): void
}

export class MapJob implements Job {
  readonly task: Task
  readonly calls: Packed
  readonly chunk: boolean
  readonly priority: number
  readonly caller: Job['caller']
  ready: Job['ready']
  /** Whose calls they are. */
  readonly of: Chunk
  readonly within: CallContext | undefined
  readonly waitedFor = true
  begun = false
  readonly #owner: JobOwner

  /** `calls` are the inputs of the chunk as they travel, or the arguments of its one call. */
  constructor(owner: JobOwner, of: Chunk, calls: Packed) {
    this.task = owner.task
    this.calls = calls
    this.chunk = of.count > 1
    this.priority = owner.priority
    this.caller = owner.caller
    this.within = owner.within
    this.of = of
    this.#owner = owner
  }

  get attempt(): number {
    return this.of.attempts?.attempt ?? 1
  }

  started(): void {
    this.begun = true
  }

  progressed(): void {}

  settled(outcome: Outcome<unknown>, workMs?: number): void {
    this.#owner.settled(this, outcome, workMs)
  }

  left(error: Error): void {
    this.#owner.left(error)
  }
}
