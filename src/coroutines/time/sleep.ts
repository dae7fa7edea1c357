/** A wait for the clock. */
import { park } from '../../runtime/park.ts'
import { runtime } from '../../runtime/runtime.ts'
import { checkMs, checkSignal } from '../scope/checked.ts'

/**
 * Waits for `ms` milliseconds, or longer if the event loop is busy. `Infinity` waits until it is cancelled.
 *
 * Ends early with the reason of `signal`, or when the scope or task that it runs in is cancelled; its timer is taken back.
 * @throws OptionError
 * @example
 *     await sleep(250, { signal })
 */
export function sleep(ms: number, { signal }: { signal?: AbortSignal | undefined } = {}): Promise<void> {
  checkMs('sleep(ms)', ms)
  checkSignal('sleep(ms, { signal })', signal)
  const timer = runtime().setTimer(ms, () => sleeping.unpark())
  const sleeping = park<void>(`${ms} ms to pass`, timer, { signal, onGivenUp: () => timer.cancel() })
  return sleeping.promise
}
