/**
 * What is known of a channel that was closed, and what its senders and receivers are told of it.
 */
import { ChannelClosedError } from '../errors.ts'

export interface Closed {
  readonly error: Error | undefined
  /** It was cancelled. */
  readonly dropped: boolean
}

/** Told to a sender, whose `what` was refused. */
export function refusedError(name: string, what: string, closed: Closed | undefined): ChannelClosedError {
  const cause = closed?.dropped ? closed.error?.cause : closed?.error
  return new ChannelClosedError(
    `${name} is closed, and takes no more items; ${what}() was refused, its item is still yours. Close a channel when its last sender is done.`,
    cause === undefined ? undefined : { cause },
  )
}

/** Told to a receiver once all was received: the error that the channel was closed with, if any. */
export function endError(name: string, failure: Error | undefined): Error {
  return (
    failure ??
    new ChannelClosedError(
      `${name} is closed and all its items were received. Loop with \`for await (const item of channel)\` to end with it.`,
    )
  )
}
