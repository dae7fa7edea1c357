/**
 * How much a worker's hand takes, and what is worth moving out of it: pure functions.
 */

import type { ReadyJob } from '../executor/ready-job.ts'
import type { TaskCost } from '../executor/task-cost.ts'
import { fewInHand, mostAwaitedTogether, movesWorth, overdueFactor, worthMovingMs } from '../policy.ts'

/** What is looked at of a hand. */
export interface SeenHand extends Iterable<Pick<ReadyJob, 'priority'>> {
  readonly count: number
  /** How many more calls could be numbered. */
  readonly room: number
  /** The call that the worker runs. */
  readonly first: Pick<ReadyJob, 'cost' | 'stream'> | undefined
}

/** What bounds a hand, apart from the cost of calls. */
export interface Bounds {
  /** Whether calls can be taken back from there. */
  readonly takesBack: boolean
  /** The most calls that may be in the hand. */
  readonly capacity: number
  /** How many more calls the worker may be given before it is replaced. */
  readonly callsLeft: number
}

/**
 * How many calls of such a cost may be given behind those in the hand: cheap ones, and only behind
 * a cheap one.
 */
export function roomFor(hand: SeenHand, cost: TaskCost, { takesBack, capacity, callsLeft }: Bounds): number {
  const { first } = hand
  if (first === undefined || first.stream !== undefined) return 0
  const most = Math.min(cost.inHand(takesBack), first.cost.inHand(takesBack), capacity)
  return Math.min(most - hand.count, hand.room - 1, callsLeft)
}

/** The same, as long as the whole hand surely takes less than `ms`. */
export function roomWithin(ms: number, hand: SeenHand, cost: TaskCost, bounds: Bounds): number {
  const { first } = hand
  if (first === undefined) return 0
  const most = Math.min(cost.within(ms), first.cost.within(ms))
  return Math.min(most - hand.count, roomFor(hand, cost, bounds))
}

/**
 * Whether the hand is at most half full: then the worker is given more, many calls at once.
 */
export function wantsMore({ first, count }: SeenHand, takesBack: boolean, capacity: number): boolean {
  return first !== undefined && count * 2 <= Math.min(first.cost.inHand(takesBack), capacity)
}

/** Whether it is worth giving the calls behind the first one to another worker. */
export function waitsLong({ first, count }: SeenHand): boolean {
  if (first === undefined || count < 2) return false
  const { expectedMs } = first.cost
  return expectedMs >= worthMovingMs && (count - 1) * expectedMs >= movesWorth * worthMovingMs
}

/**
 * Whether the calls behind the first one, which was begun `sinceMs` ago, wait longer than they
 * should, by at least `slackMs`.
 */
export function isLate({ first, count }: SeenHand, sinceMs: number, slackMs: number): boolean {
  if (first === undefined || count < 2) return false
  const { expectedMs } = first.cost
  return sinceMs >= slackMs + (Number.isNaN(expectedMs) ? 0 : overdueFactor * expectedMs)
}

/** The lowest priority among the calls that were not begun. */
export function lowestWaiting(hand: Iterable<Pick<ReadyJob, 'priority'>>, begun: readonly unknown[]): number {
  let lowest = Number.POSITIVE_INFINITY
  for (const ready of hand) if (!begun.includes(ready)) lowest = Math.min(lowest, ready.priority)
  return lowest
}

/**
 * How many answers may come together. A hand with many calls has cheap ones: half of them.
 */
export function patience(count: number): number {
  return count >= fewInHand ? Math.min(count >> 1, mostAwaitedTogether) : 0
}

/** What has moved to one worker can't be sent to another. */
export function canBeGivenAgain({ encoded }: ReadyJob): boolean {
  return encoded === undefined || encoded.transfer.length === 0
}

/**
 * Whether the job may wait in a worker's hand. A nested job may not: it would wait behind a call
 * that may be waiting for it. Nor a job with something that moves: it could not be given to another
 * worker. Nor a stream: it keeps its worker for as long as it likes.
 */
export function mayWaitInHand(ready: ReadyJob): boolean {
  return ready.nesting === undefined && ready.stream === undefined && canBeGivenAgain(ready)
}
