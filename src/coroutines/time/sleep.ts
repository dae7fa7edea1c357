/** A wait for the clock. */
import { checkFlag, checkMs, checkOptions, checkSignal, optionNames } from '../../checks.ts'
import { park } from '../../runtime/park.ts'
import { runtime } from '../../runtime/runtime.ts'

/** What `sleep` may be told. */
export interface SleepOptions {
  /** Ends the wait when it aborts, with its reason. Default: none. */
  readonly signal?: AbortSignal | undefined
  /** Lets the program end though this wait is not over. Default false. */
  readonly unref?: boolean | undefined
}

const sleepOptionNames = optionNames<SleepOptions>({ signal: true, unref: true })

/**
 * Waits for `ms` milliseconds, or longer if the event loop is busy. `Infinity` waits until it is
 * cancelled.
 *
 * Ends early with the reason of `signal`, or when the scope or task that it runs in is cancelled;
 * its timer is taken back.
 * @throws OptionError
 * @example
 *     await sleep(250, { signal })
 */
export function sleep(ms: number, options: SleepOptions = {}): Promise<void> {
  checkMs('sleep(ms)', ms)
  options = checkOptions('sleep(ms, …)', options, sleepOptionNames)
  const { signal, unref } = options
  checkSignal('sleep(ms, { signal })', signal)
  checkFlag('sleep(ms, { unref })', unref)
  const timer = runtime().setTimer(ms, () => sleeping.unpark())
  if (unref) timer.unref()
  const sleeping = park<void>(`${ms} ms to pass`, timer, { signal, onGivenUp: () => timer.cancel() })
  return sleeping.promise
}
