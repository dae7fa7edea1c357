/**
 * Errors that go from one side of a loan to the other. Whatever they are, an error arrives.
 */
import { MessageDecoding, MessageEncoding } from '../codec.ts'
import { decodeFailure, encodeFailure, type WireFailure } from '../failure.ts'
import type { Link } from './link.ts'
import type { OfLoan } from './messages.ts'

/** Sends an error; of one that is too large, only that it was. */
export function sendFailure(link: Link, error: unknown, about: (failure: WireFailure) => OfLoan): void {
  const failure = (thrown: unknown) => encodeFailure(thrown, new MessageEncoding(link.crossing))
  try {
    link.send(about(failure(error)))
  } catch (problem) {
    link.send(about(failure(problem)))
  }
}

/** The error that came; or, if it can't be made here, why. */
export function errorOf(failure: WireFailure): Error {
  try {
    return decodeFailure(failure, new MessageDecoding())
  } catch (reason) {
    return reason as Error
  }
}
