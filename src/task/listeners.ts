/** Listeners of the user's, which no call waits for. */
import { messageOf } from '../thrown.ts'

/**
 * Calls a listener. What it throws has no call to go to and ends no program: it is a warning, and
 * reaches neither other listeners nor the steps of who tells them.
 */
export function tell<A extends unknown[]>(
  name: keyof typeof codes,
  listener: (...told: A) => unknown,
  ...told: A
): void {
  try {
    listener(...told)
  } catch (error) {
    process.emitWarning(`${name} threw: ${messageOf(error)}`, { type: 'AtonceWarning', code: codes[name] })
  }
}

const codes = {
  onProgress: 'ATONCE_ON_PROGRESS',
  onOutput: 'ATONCE_ON_OUTPUT',
  onDeadLetter: 'ATONCE_ON_DEAD_LETTER',
  report: 'ATONCE_LOOP_REPORT',
} as const
