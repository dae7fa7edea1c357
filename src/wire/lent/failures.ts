/**
 * Errors that go from one side of a loan to the other: whatever they are, something comes over
 * there.
 */
import { MessageDecoding, MessageEncoding } from '../codec.ts'
import { decodeFailure, encodeFailure, type WireFailure } from '../failure.ts'
import type { Link } from './link.ts'
import type { OfLoan } from './messages.ts'

/** Sends an error; one that is too large is told of by that. */
export function sendFailure(link: Link, error: unknown, about: (failure: WireFailure) => OfLoan): void {
  const failure = (thrown: unknown) => encodeFailure(thrown, new MessageEncoding(link.crossing))
  try {
    link.send(about(failure(error)))
  } catch (problem) {
    link.send(about(failure(problem)))
  }
}

/** The error that came; one that can't be made here is told of by the reason. */
export function errorOf(failure: WireFailure): Error {
  try {
    return decodeFailure(failure, new MessageDecoding())
  } catch (reason) {
    return reason as Error
  }
}
