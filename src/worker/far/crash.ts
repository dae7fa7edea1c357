/** A worker dies of its first uncaught error, after it has said which. */
import type { Worker } from './worker.ts'

// Taken before any module of the user's is loaded: tests and command-line libraries put another in
// its place.
const { exit, reallyExit } = process as NodeJS.Process & { reallyExit(code: number): never }

/**
 * Ends this worker, whatever has become of `process.exit`, and whatever a listener to `exit`
 * throws.
 */
export function endWorker(code: number): void {
  try {
    exit.call(process, code)
  } finally {
    reallyExit.call(process, code)
  }
}

/**
 * Lets the worker die of what nobody catches; returns what lets it die of something else. `flush`
 * calls back when what was sent has left this process. The pool ends a worker that has reported its
 * death and lives on after `graceMs`. Of one that a call ends by `process.exit()`, it says which
 * call.
 */
export function dieOfUncaughtErrors(
  worker: Worker,
  flush: (done: () => void) => void,
): (error: unknown) => void {
  let dying = false
  const die = (error: unknown) => {
    if (dying) return
    dying = true
    try {
      worker.reportCrash(error)
      flush(() => endWorker(1))
    } catch {
      endWorker(1) // What it needs to say why is broken; its end says enough.
    }
  }
  process.on('uncaughtException', die)
  // Node makes an unhandled rejection an uncaught exception, unless a flag says otherwise; a lost
  // error is never an option here.
  process.on('unhandledRejection', die)
  process.on('exit', () => {
    if (!dying) worker.reportExit()
  })
  return die
}
