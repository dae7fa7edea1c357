/**
 * Ctrl-C: what runs is cancelled, what was opened is closed, what was half written is removed; then
 * the command ends.
 */
import { leave } from './early-exit.ts'
import { CommandError, exitCodes } from './ending.ts'

/**
 * Runs `work` with a signal that aborts on Ctrl-C or SIGTERM; it then has to end by itself, and
 * whatever it throws becomes an interruption. A second Ctrl-C ends the program on the spot.
 *
 * Not for work that occupies this thread: a handler could not run until it ends, and Ctrl-C would
 * do nothing. Without a handler the system ends the program at once.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const interrupt = (name: NodeJS.Signals) => {
    const code = name === 'SIGTERM' ? exitCodes.terminated : exitCodes.interrupted
    if (controller.signal.aborted) leave(code)
    controller.abort(new CommandError(code, `Interrupted (${name}).`))
  }
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  try {
    return await work(controller.signal)
  } catch (error) {
    throw controller.signal.aborted ? controller.signal.reason : error
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
}
