/**
 * Is it worth it? How much a worker's hand takes, and what is moved out of it: pure functions of
 * what is known.
 */

import type { ReadyJob } from '../executor/ready-job.ts'
import type { TaskCost } from '../executor/task-cost.ts'
import { fewInHand, mostAwaitedTogether, movesWorth, overdueFactor, worthMovingMs } from '../policy.ts'

/** A hand, as far as it is looked at. */
export interface SeenHand extends Iterable<Pick<ReadyJob, 'priority'>> {
  readonly count: number
  /** How many more have a number there. */
  readonly room: number
  /** The call that the worker runs. */
  readonly first: Pick<ReadyJob, 'cost' | 'stream'> | undefined
}

/** What bounds a hand beside the cost of calls. */
export interface Bounds {
  /** Whether calls can be taken back from there. */
  readonly takesBack: boolean
  /** The most calls that may be in the hand. */
  readonly capacity: number
  /** How many more calls the worker may be given before it is replaced. */
  readonly callsLeft: number
}

/**
 * How many calls of such a cost may be given behind what is there: as many as are cheap, behind one
 * that is cheap too.
 */
export function roomFor(hand: SeenHand, cost: TaskCost, { takesBack, capacity, callsLeft }: Bounds): number {
  const { first } = hand
  if (first === undefined || first.stream !== undefined) return 0
  const most = Math.min(cost.inHand(takesBack), first.cost.inHand(takesBack), capacity)
  return Math.min(most - hand.count, hand.room - 1, callsLeft)
}

/** The same, before all that is in the hand surely takes `ms`. */
export function roomWithin(ms: number, hand: SeenHand, cost: TaskCost, bounds: Bounds): number {
  const { first } = hand
  if (first === undefined) return 0
  const most = Math.min(cost.within(ms), first.cost.within(ms))
  return Math.min(most - hand.count, roomFor(hand, cost, bounds))
}

/**
 * Whether the worker has come to the middle of what it may have in its hands: then more is given,
 * many at once.
 */
export function wantsMore({ first, count }: SeenHand, takesBack: boolean, capacity: number): boolean {
  return first !== undefined && count * 2 <= Math.min(first.cost.inHand(takesBack), capacity)
}

/** Whether what waits behind the first call is worth to be given to another worker. */
export function waitsLong({ first, count }: SeenHand): boolean {
  if (first === undefined || count < 2) return false
  const { expectedMs } = first.cost
  return expectedMs >= worthMovingMs && (count - 1) * expectedMs >= movesWorth * worthMovingMs
}

/**
 * Whether what is behind the first call, begun `sinceMs` ago, waits longer than it should, by
 * `slackMs` at least.
 */
export function isLate({ first, count }: SeenHand, sinceMs: number, slackMs: number): boolean {
  if (first === undefined || count < 2) return false
  const { expectedMs } = first.cost
  return sinceMs >= slackMs + (Number.isNaN(expectedMs) ? 0 : overdueFactor * expectedMs)
}

/** The lowest priority of what was not begun. */
export function lowestWaiting(hand: Iterable<Pick<ReadyJob, 'priority'>>, begun: readonly unknown[]): number {
  let lowest = Number.POSITIVE_INFINITY
  for (const ready of hand) if (!begun.includes(ready)) lowest = Math.min(lowest, ready.priority)
  return lowest
}

/**
 * How many answers are awaited together: calls that are many in a hand are cheap ones, so half of
 * them.
 */
export function patience(count: number): number {
  return count >= fewInHand ? Math.min(count >> 1, mostAwaitedTogether) : 0
}

/** What has moved to one worker can't be sent to another. */
export function canBeGivenAgain({ encoded }: ReadyJob): boolean {
  return encoded === undefined || encoded.transfer.length === 0
}

/**
 * Whether the job may wait in a worker's hands. Not a nested one: it would wait behind a call that
 * may wait for it. Not what moves: it could not be given again to another worker. Not a stream: it
 * holds its worker for as long as it likes.
 */
export function mayWaitInHand(ready: ReadyJob): boolean {
  return ready.nesting === undefined && ready.stream === undefined && canBeGivenAgain(ready)
}
