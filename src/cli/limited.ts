/** `--timeout` of commands that measure code of the user's, which may never return. */
import { harmless } from '../live/harmless.ts'
import { runtime } from '../runtime/runtime.ts'
import { AbandonedError, exitCodes, shortened } from './ending.ts'
import { occupying } from './occupied.ts'

/** What was typed. */
export interface Limit {
  readonly timeout?: number
  readonly json?: boolean
}

/** An executor that was given the same time says more: how many results were ready. */
const graceMs = 100
/** An expression may be long. */
const mostNamed = 80

/**
 * Runs `work`, on this thread and on others. A signal ends the program even while the work
 * computes; so does the end of its time, with one line.
 *
 * @throws AbandonedError after its time: what runs then can't be stopped
 */
export async function limited<T>(
  typed: string,
  { timeout, json = false }: Limit,
  work: () => Promise<T>,
): Promise<T> {
  if (timeout === undefined) return await occupying(work)
  const label = shortened(harmless(typed), mostNamed)
  const late = Promise.withResolvers<never>()
  const message = `${label} did not finish within ${timeout} ms (--timeout).`
  const timer = runtime().setTimer(timeout + graceMs, () =>
    late.reject(new AbandonedError(exitCodes.timeout, message)),
  )
  const limit = { timeoutMs: timeout, label, asJson: json, cure: '' }
  try {
    return await occupying(() => Promise.race([work(), late.promise]), limit)
  } finally {
    timer.cancel()
  }
}
