/** What the end of a worker means for the call that was in it. */
import {
  ConnectionLostError,
  EntryPointError,
  OutOfMemoryError,
  ProtocolError,
  SpawnError,
  WorkerCrashedError,
  type WorkerErrorDetails,
  WorkerExitedError,
  WorkerStartError,
} from '../errors.ts'
import type { Job } from '../executor/backend.ts'
import { callerError } from '../executor/caller.ts'
import { inShort, messageOf } from '../wire/error-text.ts'
import { forgeryIn, type WireFailure } from '../wire/failure.ts'
import type { Exit } from './far-worker.ts'

/** What is known when a worker has ended. */
export interface EndOfWorker {
  readonly exit: Exit
  /** The uncaught error that the worker reported before it died. */
  readonly crash: WireFailure | undefined
  /** Whether the worker had ever taken messages. */
  readonly wasReady: boolean
  /** The module that it was importing for the call. */
  readonly loading: string | undefined
  readonly job: Job | undefined
  readonly details: WorkerErrorDetails
}

/** The error that says why. */
export function reasonOf(end: EndOfWorker): Error {
  const { exit, crash, details } = end
  if (crash !== undefined) return reasonOfCrash(crash, end)
  if (exit.kind === 'refused') return new SpawnError(messageOf(exit.error), { ...details, cause: exit.error })
  if (exit.kind === 'lost') return new ConnectionLostError(exit.why, details)
  if (exit.kind === 'garbled') return new ProtocolError(exit.what, details)
  if (exit.kind === 'memory') return new OutOfMemoryError(exit.limitMb, details)
  const cause = exit.kind === 'error' ? exit.error : undefined
  if (hadNotStarted(end)) {
    const where = end.loading === undefined ? '' : `while it imported ${end.loading}, `
    return new WorkerStartError(`${where}${describeExit(exit)}`, { ...details, cause })
  }
  if (exit.kind === 'exit') return new WorkerExitedError(exit.code, details)
  if (exit.kind === 'error') return new WorkerCrashedError(messageOf(exit.error), { ...details, cause })
  return new WorkerCrashedError(describeExit(exit), { ...details, signal: exit.signal })
}

function reasonOfCrash(crash: WireFailure, end: EndOfWorker): Error {
  const cause = callerError(crash, end.job)
  const forgery = forgeryIn(cause)
  if (forgery !== undefined)
    return new ProtocolError(`a crash report that can't be read (${forgery})`, end.details)
  if (cause instanceof EntryPointError) return cause
  const why = inShort(cause)
  const details = { ...end.details, cause }
  return hadNotStarted(end) ? new WorkerStartError(why, details) : new WorkerCrashedError(why, details)
}

function hadNotStarted({ wasReady, loading }: EndOfWorker): boolean {
  return !wasReady || loading !== undefined
}

function describeExit(exit: Exit): string {
  if (exit.kind === 'exit') return `it ended with exit code ${exit.code}`
  if (exit.kind === 'signal')
    return `it was ended by ${exit.signal}${exit.lastWords === '' ? '' : `; it wrote last:\n${exit.lastWords}`}`
  return exit.kind === 'error' ? messageOf(exit.error) : exit.kind
}
