/** What the two sides of a lent end say to each other; README.md tells when. */

import type { YieldedMessage, YieldedOneMessage } from '../messages.ts'
import {
  isBoolean,
  isFailure,
  isNumber,
  isOneOf,
  isPositive,
  isRecord,
  isYielded,
  type Shapes,
} from '../shapes.ts'
import type { WireFailure } from '../wire-failure.ts'

/** To the side that items come to. */
export type WithItems =
  | YieldedMessage
  | YieldedOneMessage
  /** No more items will come; all before it were sent. */
  | { readonly kind: 'end'; readonly failure: WireFailure | undefined }
  /** The channel was cancelled: what was not received is dropped. */
  | { readonly kind: 'cancelled'; readonly failure: WireFailure }
  | { readonly kind: 'drain'; readonly id: number }
  /**
   * From now on, tell whenever all that has come was taken, though it is less than half a window.
   */
  | { readonly kind: 'ask' }

/** To the side that items come from. */
export type WithCredit =
  /** How many items may be sent before any is taken. */
  | { readonly kind: 'open'; readonly count: number }
  /** How many were taken since the last message; as many more may be sent. */
  | { readonly kind: 'taken'; readonly count: number }
  /** No more items are wanted. */
  | { readonly kind: 'cancel'; readonly failure: WireFailure }
  | { readonly kind: 'closed'; readonly failure: WireFailure | undefined }
  | { readonly kind: 'drained'; readonly id: number }

export type OfLoan = WithItems | WithCredit

/** A message of a link that is a number on a connection. */
export interface LentMessage {
  readonly kind: 'lent'
  readonly link: number
  readonly message:
    | OfLoan
    /** The first one from the far side: it has the end. */
    | { readonly kind: 'here' }
    /** The last one. */
    | { readonly kind: 'gone' }
}

const shapes: Shapes = new Map<unknown, (message: Record<string, unknown>) => boolean>([
  ['here', () => true],
  ['gone', () => true],
  ['yielded', isYielded],
  ['yieldedOne', message => isBoolean(message['special'])],
  ['end', hasFailureOrNone],
  ['cancelled', message => isFailure(message['failure'])],
  ['ask', () => true],
  ['drain', message => isNumber(message['id'])],
  ['open', message => isPositive(message['count'])],
  ['taken', message => isPositive(message['count'])],
  ['cancel', message => isFailure(message['failure'])],
  ['closed', hasFailureOrNone],
  ['drained', message => isNumber(message['id'])],
])

/** Whether a worker's message is for a link at all. */
export function isForLink(message: unknown): boolean {
  return isRecord(message) && message['kind'] === 'lent'
}

/** Whether it is one of the protocol. */
export function isLentMessage(message: unknown): message is LentMessage {
  return isRecord(message) && isNumber(message['link']) && isOneOf(shapes, message['message'])
}

function hasFailureOrNone({ failure }: Record<string, unknown>): boolean {
  return failure === undefined || isFailure(failure)
}
