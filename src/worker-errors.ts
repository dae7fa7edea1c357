/**
 * The errors that mean: the worker failed, not the task's own code. Where they stand among the
 * others: errors.ts.
 */
import { AtonceError } from './error-classes.ts'

/** What is known about the worker that failed. */
export interface WorkerErrorDetails {
  /** The worker's name, as `thread 2` or `process 3 (pid 4711)`. */
  readonly worker: string
  /** The name of the task that ran, if one did. */
  readonly task?: string | undefined
  /** The name of the task that left behind what ended the worker: its call had been answered. */
  readonly leftBy?: string | undefined
  readonly cause?: unknown
}

/** The parent of errors that mean: the worker failed, not the task. The pool has replaced it. */
export class WorkerError extends AtonceError {
  readonly worker: string
  readonly task: string | undefined

  constructor(code: string, message: string, details: WorkerErrorDetails) {
    super(code, message, details.cause === undefined ? undefined : { cause: details.cause })
    this.worker = details.worker
    this.task = details.task
  }
}

/** The task ended its worker, with `process.exit()` or by closing what keeps it alive. */
export class WorkerExitedError extends WorkerError {
  readonly exitCode: number

  constructor(exitCode: number, details: WorkerErrorDetails) {
    super('ATONCE_WORKER_EXITED', `${whoDid('ended', details)} with exit code ${exitCode}.`, details)
    this.exitCode = exitCode
  }
}

/** The worker died of an uncaught error or an unhandled rejection (`cause`), or of a signal. */
export class WorkerCrashedError extends WorkerError {
  readonly signal: string | undefined

  constructor(why: string, details: WorkerErrorDetails & { signal?: string | undefined }) {
    super('ATONCE_WORKER_CRASHED', `${whoDid('crashed', details)}: ${why}`, details)
    this.signal = details.signal
  }
}

/** The worker reached its memory limit. */
export class OutOfMemoryError extends WorkerError {
  /** The heap limit in MiB, if one was set. */
  readonly limitMb: number | undefined

  constructor(limitMb: number | undefined, details: WorkerErrorDetails) {
    const limit = limitMb === undefined ? 'its heap limit' : `its heap limit of ${limitMb} MiB`
    super(
      'ATONCE_OUT_OF_MEMORY',
      `${culprit(details) ?? 'The worker'} reached ${limit} (${details.worker}). Send less at a time, or raise resourceLimits.maxOldGenerationSizeMb.`,
      details,
    )
    this.limitMb = limitMb
  }
}

/** The worker ended before it was ready. After three in a row, all queued tasks get this. */
export class WorkerStartError extends WorkerError {
  constructor(why: string, details: WorkerErrorDetails) {
    super('ATONCE_WORKER_START', `${details.worker} did not start: ${why}`, details)
  }
}

/** The worker, or the import of the task's module in it, did not finish within `startTimeoutMs`. */
export class WorkerStartTimeoutError extends WorkerError {
  readonly startTimeoutMs: number

  constructor(
    what: string,
    startTimeoutMs: number,
    details: WorkerErrorDetails,
    stuck: 'module' | 'initialize' = 'module',
  ) {
    super(
      'ATONCE_WORKER_START_TIMEOUT',
      `${details.worker} did not finish ${what} within ${startTimeoutMs} ms (startTimeoutMs). ` +
        (stuck === 'module'
          ? 'Look for a top-level await that never ends, or raise startTimeoutMs.'
          : 'Calls begin when it has returned, or its promise has resolved: look there for a wait or a loop that never ends, or raise startTimeoutMs.'),
      details,
    )
    this.startTimeoutMs = startTimeoutMs
  }
}

/** The system refused a thread or process: too many files or processes, or no memory. */
export class SpawnError extends WorkerError {
  constructor(why: string, details: WorkerErrorDetails) {
    super('ATONCE_SPAWN', `The system refused to start ${details.worker}: ${why}`, details)
  }
}

/** The connection broke, or the worker stopped answering; it was ended and replaced. */
export class ConnectionLostError extends WorkerError {
  constructor(why: string, details: WorkerErrorDetails) {
    super('ATONCE_CONNECTION_LOST', `The connection to ${details.worker} was lost: ${why}`, details)
  }
}

/** The worker sent something that is not a message of the protocol; it was ended and replaced. */
export class ProtocolError extends WorkerError {
  constructor(what: string, details: WorkerErrorDetails) {
    super('ATONCE_PROTOCOL', `${details.worker} sent what is not a message of the protocol: ${what}`, details)
  }
}

/** What it did to its worker; what the worker did itself, where nobody can be named. */
function whoDid(deed: 'ended' | 'crashed', details: WorkerErrorDetails): string {
  const who = culprit(details)
  return who === undefined ? `${details.worker} ${deed}` : `${who} ${deed} its worker (${details.worker})`
}

function culprit({ task, leftBy }: WorkerErrorDetails): string | undefined {
  if (task !== undefined) return `Task ${task}`
  if (leftBy === undefined) return undefined
  return `What task ${leftBy} left behind after its call (a timer, a listener, a promise that nobody awaits)`
}
