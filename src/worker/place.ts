/**
 * Where else than in a pool workers of an executor's kind can live: what its model needs to start
 * one more.
 */
import type { Executor } from '../executor/executor.ts'
import type { Crossing } from '../wire/codec.ts'
import type { StartWorker } from './far-worker.ts'

export interface WorkerPlace {
  /** The executor's name. */
  readonly name: string
  /** How many workers it has at the most. */
  readonly workers: number
  readonly start: StartWorker
  readonly crossing: Crossing
  readonly startTimeoutMs: number
  readonly graceMs: number
  readonly closeGraceMs: number
  /** They are on other machines: each hosts only what its own modules declare. */
  readonly isElsewhere?: true
}

const places = new WeakMap<Executor, WorkerPlace>()

/** Notes how workers like the executor's are started; returns the executor. */
export function withPlace(executor: Executor, place: WorkerPlace): Executor {
  places.set(executor, place)
  return executor
}

/** Undefined for an executor without workers of its own, and for a view that `with()` made. */
export function placeOf(executor: Executor): WorkerPlace | undefined {
  return places.get(executor)
}
