/** A wait for the clock. */
import { checkMs, checkOptions, checkSignal, optionNames } from '../../checks.ts'
import { park } from '../../runtime/park.ts'
import { runtime } from '../../runtime/runtime.ts'

interface SleepOptions {
  /** Ends the wait when it aborts, with its reason. */
  readonly signal?: AbortSignal | undefined
}

const sleepOptionNames = optionNames<SleepOptions>({ signal: true })

/**
 * Waits for `ms` milliseconds, or longer if the event loop is busy. `Infinity` waits until it is cancelled.
 *
 * Ends early with the reason of `signal`, or when the scope or task that it runs in is cancelled; its timer is taken back.
 * @throws OptionError
 * @example
 *     await sleep(250, { signal })
 */
export function sleep(ms: number, options: SleepOptions = {}): Promise<void> {
  checkMs('sleep(ms)', ms)
  options = checkOptions('sleep(ms, …)', options, sleepOptionNames)
  const { signal } = options
  checkSignal('sleep(ms, { signal })', signal)
  const timer = runtime().setTimer(ms, () => sleeping.unpark())
  const sleeping = park<void>(`${ms} ms to pass`, timer, { signal, onGivenUp: () => timer.cancel() })
  return sleeping.promise
}
