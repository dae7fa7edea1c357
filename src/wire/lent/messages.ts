/** What the two sides of a lent end say to each other; README.md tells when. */
import type { WireFailure } from '../failure.ts'
import type { YieldedMessage, YieldedOneMessage } from '../messages.ts'

/** To the side that items come to. */
export type WithItems =
  | YieldedMessage
  | YieldedOneMessage
  /** No more items will come; all before it were sent. */
  | { readonly kind: 'end'; readonly failure: WireFailure | undefined }
  /** The channel was cancelled: what was not received is dropped. */
  | { readonly kind: 'cancelled'; readonly failure: WireFailure }
  | { readonly kind: 'drain'; readonly id: number }

/** To the side that items come from. */
export type WithCredit =
  /** So many items may be sent before any is taken. */
  | { readonly kind: 'open'; readonly count: number }
  /** So many were taken since the last one; as many more may be sent. */
  | { readonly kind: 'taken'; readonly count: number }
  /** No more items are wanted. */
  | { readonly kind: 'cancel'; readonly failure: WireFailure }
  | { readonly kind: 'closed'; readonly failure: WireFailure | undefined }
  | { readonly kind: 'drained'; readonly id: number }
