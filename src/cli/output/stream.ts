/** What is written into as it stands: FIFO, device, a descriptor that we were started with. */
import { constants, fstatSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { runtime } from '../../runtime/runtime.ts'
import { reasonOf, UsageError } from '../ending.ts'
import { writeAll } from './descriptor.ts'
import type { StreamPlace } from './place.ts'

export interface Stream {
  write(content: string | Uint8Array, signal?: AbortSignal): Promise<void>
  close(): Promise<void>
}

/**
 * Waits for the reader of a FIFO, as a shell does.
 * @throws UsageError if the system refuses
 */
export async function openStream(typed: string, place: StreamPlace): Promise<Stream> {
  try {
    const handle = place.kind === 'descriptor' ? await reopened(place.fd) : await openSpecial(place)
    const fd = handle?.fd ?? (place as { fd: number }).fd
    return {
      write: (content, signal) => writeAll(fd, content, signal),
      close: async () => await handle?.close(),
    }
  } catch (error) {
    throw new UsageError(`${typed} can't be written: ${reasonOf(error)}.`, { cause: error })
  }
}

// A write that waits for its reader inside of the system could not be given up: the program would
// not even end.
const atOnce = constants.O_WRONLY | (constants.O_NONBLOCK ?? 0)

async function openSpecial({ path, fifo }: { path: string; fifo: boolean }): Promise<FileHandle> {
  for (;;) {
    try {
      return await open(path, fifo ? atOnce : constants.O_WRONLY)
    } catch (error) {
      if (!fifo || (error as NodeJS.ErrnoException).code !== 'ENXIO') throw error
      await new Promise<void>(resolve => runtime().setTimer(readerMs, resolve))
    }
  }
}

/** How often to check whether a FIFO has got its reader. */
const readerMs = 20

/**
 * A pipe that we were started with, opened once more, so that its other owners go on waiting in the
 * system.
 */
async function reopened(fd: number): Promise<FileHandle | undefined> {
  if (!fstatSync(fd).isFIFO()) return undefined
  return await open(`/dev/fd/${fd}`, atOnce).catch(() => undefined)
}
