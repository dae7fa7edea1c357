/** A worker dies of its first uncaught error, after it has said which. */
import type { Worker } from './worker.ts'

/** `flush` calls back when what was sent has left this process. */
export function dieOfUncaughtErrors(worker: Worker, flush: (done: () => void) => void): void {
  let dying = false
  const die = (error: unknown) => {
    if (dying) return
    dying = true
    worker.reportCrash(error)
    flush(() => process.exit(1))
  }
  process.on('uncaughtException', die)
  // Node makes an unhandled rejection an uncaught exception, unless a flag says otherwise; a lost error is never an option here.
  process.on('unhandledRejection', die)
}
