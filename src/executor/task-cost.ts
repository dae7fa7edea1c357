/**
 * What calls of a task have cost, and how many of them a worker may have in its hand.
 *
 * A call that waits in a worker's hand saves a round trip of 15 to 140 µs, but waits behind the
 * call that runs there. So the first calls of a task go one at a time. Calls of a task that has
 * proved cheap go together, about one millisecond of work. Behind a more expensive call at most one
 * other waits, and only up to a limit, which is higher where calls can be taken back.
 */

import {
  dearestWithoutMs,
  dearestWithTakeBackMs,
  inHandMs,
  keptOfPeak,
  leastCallMs,
  muchDearer,
  newestDearerWeight,
  newestWeight,
} from '../policy.ts'
import type { Task } from '../task/task.ts'
import { addressOf } from './address.ts'
import type { Job } from './backend.ts'

export class TaskCost {
  /** NaN while nothing is known. */
  #expectedMs = Number.NaN
  /** What the longest of the last calls took. */
  #peakMs = 0

  /** A call took `workMs`. */
  learn(workMs: number): void {
    const expectedMs = this.#expectedMs
    this.#peakMs = Math.max(workMs, this.#peakMs * keptOfPeak)
    if (Number.isNaN(expectedMs)) this.#expectedMs = workMs
    else {
      const weight = workMs > muchDearer * expectedMs ? newestDearerWeight : newestWeight
      this.#expectedMs = expectedMs + weight * (workMs - expectedMs)
    }
  }

  /**
   * How many calls surely take less than `ms` together, even if each took as long as the longest of
   * the last ones; 0 while nothing is known.
   */
  within(ms: number): number {
    return Number.isNaN(this.#expectedMs) ? 0 : Math.floor(ms / Math.max(this.#peakMs, leastCallMs))
  }

  /** What the next call is expected to take; NaN while nothing is known. */
  get expectedMs(): number {
    return this.#expectedMs
  }

  /**
   * How many calls a worker may have in its hand; `takesBack` says that they can be taken back from
   * there.
   */
  inHand(takesBack: boolean): number {
    const expectedMs = this.#expectedMs
    if (!(expectedMs <= (takesBack ? dearestWithTakeBackMs : dearestWithoutMs))) return 1
    return Math.max(2, Math.floor(inHandMs / Math.max(expectedMs, leastCallMs)))
  }
}

/** The costs of all tasks; those of chunks are kept apart from those of single calls. */
export class TaskCosts {
  readonly #calls = new Map<Task, TaskCost>()
  readonly #chunks = new Map<Task, TaskCost>()
  /** The task that was called last. Mostly the next one is the same. */
  #last: Task | undefined
  #lastCost = new TaskCost()

  /** @throws InvalidTaskError if a new task has no address */
  of({ task, inputs }: Job): TaskCost {
    if (inputs !== undefined) return costIn(this.#chunks, task)
    if (task !== this.#last) {
      this.#lastCost = costIn(this.#calls, task)
      this.#last = task
    }
    return this.#lastCost
  }
}

function costIn(costs: Map<Task, TaskCost>, task: Task): TaskCost {
  const known = costs.get(task)
  if (known !== undefined) return known
  addressOf(task)
  const cost = new TaskCost()
  costs.set(task, cost)
  return cost
}
