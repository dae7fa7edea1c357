/** The errors of isolates; listed with atonce's others when this part is loaded. */
import { AtonceError, listErrorClasses } from '../errors.ts'
import { sentence } from '../thrown.ts'

/**
 * The isolate had died before this call began, and its state with it: it is not replaced. `cause`
 * is what it died of.
 */
export class IsolateDiedError extends AtonceError {
  /** The isolate's name. */
  readonly isolate: string

  constructor(isolate: string, cause: Error) {
    super(
      'ATONCE_ISOLATE_DIED',
      `${isolate} has died, and what it kept between calls is lost: ${sentence(cause.message)} ` +
        'This call was not run. Start another one, isolate(), and bring its state back.',
      { cause },
    )
    this.isolate = isolate
  }
}

listErrorClasses({ IsolateDiedError })
