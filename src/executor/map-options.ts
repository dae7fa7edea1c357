/** The options of `map`. */
import { OptionError } from '../errors.ts'
import type { ProgressListener } from '../task/future.ts'

/** How `map` goes about its inputs. */
export interface MapOptions {
  /** Results in the order of the inputs (default), or as they are done. */
  readonly ordered?: boolean
  /**
   * How many inputs travel in one message. `'auto'` (default) begins with 1 and grows while a message takes less than
   * about 2 ms of work. A number is kept as it is.
   */
  readonly chunk?: number | 'auto'
  /** How many inputs are read beyond the last result taken. Default: enough to keep every worker busy. */
  readonly ahead?: number
  /** Told after every result: how many are done, of how many (undefined while the inputs' number is unknown). */
  readonly onProgress?: ProgressListener
}

/** @throws OptionError */
export function checkMapOptions({ ahead, chunk }: MapOptions): void {
  if (
    ahead !== undefined &&
    !(ahead >= 1 && (Number.isInteger(ahead) || ahead === Number.POSITIVE_INFINITY))
  ) {
    throw new OptionError(`map(…, { ahead }) takes a whole number from 1 up; it got ${String(ahead)}.`)
  }
  if (chunk !== undefined && chunk !== 'auto' && !(Number.isInteger(chunk) && chunk >= 1)) {
    throw new OptionError(
      `map(…, { chunk }) takes 'auto' or a whole number from 1 up; it got ${String(chunk)}.`,
    )
  }
}
