/** Who goes first, when several could: the only question that a simulation leaves open. */
import { seededRandom } from './seeded.ts'

/** Something that could happen next. */
export interface Step {
  /** The name of the child, body or task that goes on. */
  readonly who: string
  /** What it waited for. */
  readonly reason: string
}

/** Picks which of several steps happens next; a schedule that picks alike makes a run alike. */
export interface Schedule {
  /** The index of the step to take; `ready` has at least two, oldest first. */
  pick(ready: readonly Step[]): number
}

/**
 * Every order is possible, and the seed says which. It draws from a source of its own, so that what
 * the program draws changes no order.
 */
export function randomSchedule(seed: number): Schedule {
  const random = seededRandom(seed ^ 0x9e3779b9)
  return { pick: ready => Math.floor(random() * ready.length) }
}
