/** Which error the end of a worker is for the call that it ran. */
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
import { nameOf, type Task } from '../task/task.ts'
import { inShort, messageOf } from '../thrown.ts'
import { forgeryIn, type WireFailure } from '../wire/failure.ts'
import type { Exit } from './far-worker.ts'

/** What is known when a worker has ended. */
export interface EndOfWorker {
  readonly exit: Exit
  /** The uncaught error that the worker reported before it died. */
  readonly crash: WireFailure | undefined
  /** Whether the worker had started. */
  readonly wasReady: boolean
  /** The module that it was importing for the call. */
  readonly loading: string | undefined
  /**
   * The task that was initializing it, if it had come that far, and whether its module was
   * imported.
   */
  readonly initialize: { readonly task: Task; readonly imported: boolean } | undefined
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
    return new WorkerStartError(`${meanwhile(end)}${describeExit(exit)}${cureFor(end)}`, {
      ...details,
      cause,
    })
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
  if (hadNotStarted(end)) {
    const where = meanwhile(end)
    return new WorkerStartError(where === '' ? why : `${where}an uncaught error ended it: ${why}`, details)
  }
  const nobody = details.task === undefined && details.leftBy === undefined
  return new WorkerCrashedError(
    nobody ? `an uncaught error of no call that can be named: ${why}` : why,
    details,
  )
}

/** What a worker that had not started was doing when it ended. */
function meanwhile({ loading, initialize }: EndOfWorker): string {
  if (initialize === undefined) return loading === undefined ? '' : `while it imported ${loading}, `
  const { task, imported } = initialize
  const name = `its initialize task, ${nameOf(task)},`
  return imported ? `while ${name} ran, ` : `while it imported ${task.module} for ${name} `
}

/** What to do about a worker that ended by itself before it could take a call. */
function cureFor({ exit, wasReady, initialize }: EndOfWorker): string {
  if (exit.kind !== 'exit') return ''
  if (initialize?.imported) return '. Throw an error there instead.'
  if (exit.code !== 0 || wasReady || initialize !== undefined) return ''
  return '. Was it a chunk of webpack or Rspack, which does nothing by itself? Set optimization.splitChunks: false, or leave atonce outside of the bundle.'
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
