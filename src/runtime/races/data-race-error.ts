/** The error of races; listed with atonce's others when this part is loaded. */
import { AtonceError, listErrorClasses } from '../../errors.ts'
import type { RacingAccess } from './detector.ts'

/**
 * Two threads access an element of shared memory, one of them writes, and nothing orders the two:
 * which value is read or kept is up to chance. `accesses` says who, and where; the second one is
 * the one that came before in time, this once.
 */
export class DataRaceError extends AtonceError {
  /** What both access, as `element 3 of a SharedArray of f64`. */
  readonly of: string
  readonly accesses: readonly [RacingAccess, RacingAccess]

  constructor(of: string, accesses: readonly [RacingAccess, RacingAccess]) {
    const [one, other] = accesses
    super(
      'ATONCE_DATA_RACE',
      `A data race on ${of}.\n` +
        `  ${one.who} ${one.what} it here:\n${one.stack}\n` +
        `  ${other.who} ${other.what} it here:\n${other.stack}\n` +
        'Nothing puts one before the other. Hold one lock for both, use Atomics on the view for both, or let the ' +
        'first one tell the second by a message that it is done.',
    )
    this.of = of
    this.accesses = accesses
  }
}

listErrorClasses({ DataRaceError })
