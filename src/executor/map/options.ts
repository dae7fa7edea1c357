/** The options of `map`. */
import { checkCount, checkFlag, checkFunction, checkOptions, optionNames, shown } from '../../checks.ts'
import { OptionError } from '../../errors.ts'
import type { ProgressListener } from '../../task/future.ts'

/** How `map` goes about its inputs. */
export interface MapOptions {
  /** Results in the order of the inputs (default), or as they are done. */
  readonly ordered?: boolean
  /**
   * How many inputs travel in one message. `'auto'` (default) begins with 1, measures, and grows
   * while a message holds less than about 2 ms of work; items that differ much travel alone or in
   * small chunks; when few are left, chunks get smaller. A number is kept, except where there are
   * fewer inputs: at the end, beyond `ahead`, or while they come slowly. The inputs of a chunk run
   * one after the other on one worker. It changes neither results nor their order nor errors; but
   * when a worker dies, all of its chunk fails. Without meaning on `coroutines`, where no message
   * is sent.
   */
  readonly chunk?: number | 'auto'
  /**
   * How many inputs are read beyond the last result taken; once awaited, beyond the last one done.
   * Default: four chunks for each worker.
   */
  readonly ahead?: number
  /**
   * Told of every result: how many are done, of how many (undefined while the inputs' number is
   * unknown). Default: nobody is told.
   */
  readonly onProgress?: ProgressListener
}

const mapOptionNames = optionNames<MapOptions>({
  ordered: true,
  chunk: true,
  ahead: true,
  onProgress: true,
})

/** @throws OptionError */
export function checkMapOptions(options: MapOptions): MapOptions {
  options = checkOptions('map(task, inputs, …)', options, mapOptionNames)
  const { ordered, ahead, chunk, onProgress } = options
  checkFlag('map(…, { ordered })', ordered)
  if (onProgress !== undefined) checkFunction('map(…, { onProgress })', onProgress, '(done, total) => {}')
  if (ahead !== undefined) checkCount('map(…, { ahead })', ahead)
  if (chunk !== undefined && chunk !== 'auto' && !(Number.isInteger(chunk) && chunk >= 1)) {
    throw new OptionError(
      `map(…, { chunk }) takes 'auto' or a whole number from 1 up; it got ${shown(chunk)}.`,
    )
  }
  return options
}
