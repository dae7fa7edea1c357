/**
 * `process.exit()` in code of the user's that runs on the command's own thread would end the
 * command in the middle, and with 0 for a success. The command fails, and says why.
 */
import { syncBuiltinESMExports } from 'node:module'
import { harmless } from '../live/harmless.ts'
import { type ExitCode, exitCodes, framesOf } from './ending.ts'
import { jsonLine } from './json.ts'
import { resultStream } from './result-stream.ts'
import { complaint, quietComplaint } from './style.ts'

const exit = process.exit

/** Ends the program at once, for the command itself. */
export function leave(code: ExitCode): never {
  return exit.call(process, code)
}

let caller = 'The task'

/** Names who calls `process.exit()`, if somebody does in `work`. */
export async function calledBy<T>(name: string, work: () => Promise<T>): Promise<T> {
  const before = caller
  caller = name
  try {
    return await work()
  } finally {
    caller = before
  }
}

/** From now on, until the function that it returns is called. */
export function refuseEarlyExit(asJson: boolean): () => void {
  process.exit = (code?: unknown): never => {
    const exitCode = exitCodes.failed
    const given = code === undefined ? '' : harmless(String(code))
    const message = `${caller} called process.exit(${given}) on the command's own thread, which ended the command.`
    const detail = framesOf(calledFrom())?.split('\n', 1)[0] // Those below may be our own.
    process.stderr.write(`${complaint(`atonce: ${message}`)}\n`)
    if (detail !== undefined) process.stderr.write(`${quietComplaint(detail)}\n`)
    if (asJson) resultStream().write(`${jsonLine({ schema: 'atonce.error/1', exitCode, message, detail })}\n`)
    return leave(exitCode)
  }
  syncBuiltinESMExports()
  return () => {
    process.exit = exit
    syncBuiltinESMExports()
  }
}

function calledFrom(): Error {
  const here = new Error()
  Error.captureStackTrace(here, process.exit)
  return here
}
