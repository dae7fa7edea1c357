/** A worker reports its first uncaught error, and ends. */
import type { Worker } from './worker.ts'

// Taken before any module of the user is loaded: tests and command-line libraries replace it.
const { exit, reallyExit } = process as NodeJS.Process & { reallyExit(code: number): never }

/**
 * Ends this worker, even if `process.exit` was replaced, or a listener of `exit` throws.
 */
export function endWorker(code: number): void {
  try {
    exit.call(process, code)
  } finally {
    reallyExit.call(process, code)
  }
}

/**
 * Ends the worker at an uncaught error; returns a function that ends it for another reason. `flush`
 * calls back when all messages have left this process. The pool kills a worker that has reported
 * its end and still lives after `graceMs`. If a call ends the worker by `process.exit()`, the
 * report names the call.
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
      endWorker(1) // It can't report why; its end says enough.
    }
  }
  process.on('uncaughtException', die)
  // Node turns an unhandled rejection into an uncaught exception, unless a flag says otherwise.
  // Here no error may be lost.
  process.on('unhandledRejection', die)
  process.on('exit', () => {
    if (!dying) worker.reportExit()
  })
  return die
}
