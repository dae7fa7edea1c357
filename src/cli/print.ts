/**
 * Standard output, for every command: all of it is written, or the command fails.
 *
 * Node writes to a file in one call and does not look how much of it was taken; when a disk fills
 * up, the rest would be lost in silence.
 */
import { once } from 'node:events'
import { leave } from './early-exit.ts'
import { CommandError, exitCodes, reasonOf } from './ending.ts'
import { writeAllSync } from './output/descriptor.ts'
import { resultStream } from './result-stream.ts'

/** Waits while the reader is slow. @throws CommandError if it can't be written */
export async function print(text: string): Promise<void> {
  const stdout = resultStream()
  if (failure !== undefined) throw unwritten(failure)
  if (isFile(stdout)) {
    try {
      return writeAllSync(stdout.fd, text)
    } catch (error) {
      throw unwritten(error)
    }
  }
  if (stdout.write(text)) return
  try {
    await once(stdout, 'drain')
  } catch (error) {
    throw unwritten(error)
  }
}

let failure: Error | undefined

/**
 * `atonce run … | head`: when the reader has gone there is nothing left to do, and nobody to tell.
 */
export function leaveWhenNobodyReads(): void {
  resultStream().on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') leave(exitCodes.ok)
    failure ??= error
  })
  process.stderr.on('error', () => {}) // Where complaints can't be written they can't be complained about.
}

/** Resolves when all has been taken that was printed. @throws CommandError if it was not */
export async function printed(): Promise<void> {
  const stdout = resultStream()
  if (!isFile(stdout)) await new Promise(resolve => stdout.write('', resolve))
  if (failure !== undefined) throw unwritten(failure)
}

/** Node has a stream of its own for files, which has no connection to wait for. */
function isFile(stdout: object): boolean {
  return !('connecting' in stdout) && !('isTTY' in stdout) && stdout.constructor.name === 'SyncWriteStream'
}

function unwritten(error: unknown): CommandError {
  return new CommandError(exitCodes.failed, `Standard output can't be written: ${reasonOf(error)}.`, {
    cause: error,
  })
}
