/**
 * The stop to workers that start workers. A module that starts an executor while a worker imports
 * it is refused; it may catch that error and seem to be sound, so the refusals are counted, and the
 * loader looks at the count.
 */
import { EntryPointError } from '../errors.ts'
import { sharedByCopies } from '../runtime/copies.ts'

/**
 * Of all copies of atonce in this thread: the one that refuses may not be the one that loads tasks.
 */
const counted = sharedByCopies('refusals', () => ({ refused: 0 }))

/** @throws EntryPointError, always */
export function refuseExecutor(): never {
  counted.refused += 1
  throw new EntryPointError(undefined)
}

/** How often something in this worker was refused an executor. */
export function refusals(): number {
  return counted.refused
}
