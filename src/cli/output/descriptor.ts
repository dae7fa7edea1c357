/**
 * Writes to a descriptor until all is written: the system may take a part of what it is given, and
 * does when a disk fills up.
 */
import { write as writeOnce, writeSync } from 'node:fs'
import { promisify } from 'node:util'
import { runtime } from '../../runtime/runtime.ts'

const writePart = promisify(writeOnce)

/**
 * @throws what the system says when it takes no more, or the reason of `signal` while a reader is
 * waited for
 */
export async function writeAll(
  fd: number,
  content: string | Uint8Array,
  signal?: AbortSignal,
): Promise<void> {
  const bytes = bytesOf(content)
  for (let at = 0; at < bytes.length; ) {
    try {
      at += (await writePart(fd, bytes, at, bytes.length - at)).bytesWritten
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error // It is a pipe whose reader is slow.
      signal?.throwIfAborted()
      await new Promise<void>(resolve => runtime().setTimer(retryMs, resolve))
    }
  }
}

const retryMs = 5

/** The same at once, for files, which never make their writer wait. */
export function writeAllSync(fd: number, content: string): void {
  const bytes = bytesOf(content)
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at)
}

function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === 'string' ? Buffer.from(content) : content
}
