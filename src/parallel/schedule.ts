/**
 * Which part of a loop is whose: static shares are reckoned, dynamic ones taken from a counter on
 * shared memory.
 *
 * Source of the schedules: OpenMP Architecture Review Board, "OpenMP Application Programming
 * Interface", worksharing-loop construct. Guided: Constantine Polychronopoulos, David Kuck, "Guided
 * self-scheduling: a practical scheduling scheme for parallel supercomputers" (1987).
 */
import { compareExchange, load } from '../runtime/atomics.ts'

export type ScheduleKind = 'static' | 'dynamic' | 'guided'

/** Some of the loop's steps, counted from 0. */
export interface Share {
  readonly from: number
  readonly to: number
}

/** How one of several workers comes by its shares. */
export interface Schedule {
  readonly kind: ScheduleKind
  /** How many steps the loop has. */
  readonly steps: number
  readonly workers: number
  /** Steps of a share, at the least; undefined for a static loop in one share for each worker. */
  readonly chunk: number | undefined
  /** How many steps have been taken, for all workers. */
  readonly taken: Int32Array
}

/** The shares of worker number `worker`, in the order of the loop. */
export function* sharesOf(schedule: Schedule, worker: number): Generator<Share> {
  const { kind, steps, workers, chunk } = schedule
  if (kind !== 'static') yield* takenFrom(schedule)
  else if (chunk === undefined)
    yield { from: Math.floor((steps * worker) / workers), to: Math.floor((steps * (worker + 1)) / workers) }
  else
    for (let from = worker * chunk; from < steps; from += workers * chunk)
      yield { from, to: Math.min(steps, from + chunk) }
}

function* takenFrom({ kind, steps, workers, chunk = 1, taken }: Schedule): Generator<Share> {
  for (;;) {
    const from = load(taken, 0)
    if (from >= steps) return
    const wanted = kind === 'guided' ? Math.max(chunk, Math.ceil((steps - from) / (2 * workers))) : chunk
    const to = Math.min(steps, from + wanted)
    // Not an addition: the counter would run past the last step, and, at 2³¹ of them, over.
    if (compareExchange(taken, 0, from, to) === from) yield { from, to }
  }
}
