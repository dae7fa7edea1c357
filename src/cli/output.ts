/**
 * Where results go: standard output as they come, a file that appears whole or not at all, or into
 * what is not a file.
 *
 *     typed path ─▶ output/place.ts ─┬─▶ regular file, or none: written beside it, renamed over it; mode and owner stay
 *                                    ├─▶ FIFO, device, socket: opened before any work, written into
 *                                    └─▶ /dev/stdout, /dev/fd/63 (`>(command)`): the descriptor that we have
 */
import { randomUUID } from 'node:crypto'
import { access, constants, type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { CommandError, exitCodes, reasonOf, UsageError } from './ending.ts'
import { writeAll } from './output/descriptor.ts'
import { type FilePlace, placeOf, type StreamPlace } from './output/place.ts'
import { openStream, type Stream } from './output/stream.ts'
import { print } from './print.ts'

/**
 * Takes text bit by bit; ends with `commit` or `discard`. What can't be written throws a
 * CommandError.
 */
export interface Output {
  write(text: string): Promise<void>
  commit(): Promise<void>
  /** Leaves no trace of what was written, as far as that can be. Does nothing after `commit`. */
  discard(): Promise<void>
}

/** Standard output; waits while the reader is slow. */
export function standardOutput(): Output {
  return { write: print, async commit() {}, async discard() {} }
}

/**
 * `heldBytes` of a regular file are kept in memory before anything is made beside it: `Infinity`
 * for work that blocks this thread, during which an interrupt could not remove it.
 * @throws UsageError if nothing can be written there, before any work is done
 */
export async function openOutput(path: string, heldBytes: number): Promise<Output> {
  const place = await writablePlace(path)
  if (place.kind === 'file') return fileOutput(path, place, heldBytes)
  if (place.kind === 'descriptor' && place.fd === 1) return standardOutput()
  return await streamOutput(path, place)
}

function fileOutput(path: string, place: FilePlace, heldBytes: number): Output {
  const part = new Part(place)
  let held = ''
  const flush = async () => {
    const text = held
    held = ''
    await part.write(text)
  }
  return {
    write: text =>
      told(path, async () => {
        held += text
        if (held.length > heldBytes) await flush()
      }),
    commit: () =>
      told(path, async () => {
        await flush()
        await part.takePlace()
      }),
    discard: () => part.discard(),
  }
}

/** What was written there can't be taken back; so nothing is, and nothing is removed. */
async function streamOutput(path: string, place: StreamPlace): Promise<Output> {
  let stream: Stream | undefined = await openStream(path, place)
  const givenUp = new AbortController()
  const close = async () => {
    const closing = stream
    stream = undefined
    await closing?.close()
  }
  return {
    write: text => told(path, async () => await stream?.write(text, givenUp.signal)),
    commit: () => told(path, close),
    discard: async () => {
      givenUp.abort(new CommandError(exitCodes.failed, `${path} was given up.`))
      await close().catch(() => {})
    },
  }
}

/**
 * Writes a file whole or not at all, or into what is not a file.
 * @throws CommandError
 */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const place = await writablePlace(path)
  await told(path, async () => {
    if (place.kind !== 'file') {
      const stream = await openStream(path, place)
      return await stream.write(content).finally(() => stream.close())
    }
    const part = new Part(place)
    try {
      await part.write(content)
      await part.takePlace()
    } finally {
      await part.discard()
    }
  })
}

/**
 * A file beside the place, which takes it when all is written: on the same file system, so that it
 * does so at once.
 */
class Part {
  readonly #place: FilePlace
  readonly #path: string
  #handle: FileHandle | undefined

  constructor(place: FilePlace) {
    this.#place = place
    this.#path = join(dirname(place.path), `.${basename(place.path)}.${randomUUID().slice(0, 8)}.part`)
  }

  async write(content: string | Uint8Array): Promise<void> {
    this.#handle ??= await open(this.#path, 'wx')
    await writeAll(this.#handle.fd, content)
  }

  async takePlace(): Promise<void> {
    const handle = this.#handle
    if (handle === undefined) return
    await this.#inherit(handle)
    await handle.sync() // Some file systems tell only now that there was no room.
    await handle.close()
    await rename(this.#path, this.#place.path)
    this.#handle = undefined // Until here, `discard` removes it.
  }

  /** Where that may not be, the file is ours, and open to nobody to whom it was not. */
  async #inherit(handle: FileHandle): Promise<void> {
    const { before } = this.#place
    if (before === undefined) return
    const { uid, gid } = await handle.stat()
    if (uid !== before.uid || gid !== before.gid) await handle.chown(before.uid, before.gid).catch(() => {})
    await handle.chmod(before.mode)
  }

  async discard(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    if (handle === undefined) return
    await handle.close().catch(() => {})
    await this.#remove()
  }

  async #remove(): Promise<void> {
    await rm(this.#path, { force: true }).catch(() => {})
  }
}

/**
 * Before any work is done. A folder that is missing is told, as the path may be mistyped;
 * `makeFolder` makes it, for a place that nobody has typed.
 * @throws UsageError if `path` can't be written
 */
export async function checkWritable(path: string, options: { makeFolder?: boolean } = {}): Promise<void> {
  await writablePlace(path, options)
}

async function writablePlace(path: string, { makeFolder = false } = {}): Promise<FilePlace | StreamPlace> {
  if (path === '') throw new UsageError('The file to write has an empty name. Name one, as results.ndjson.')
  try {
    const place = await placeOf(path)
    if (place.kind === 'directory')
      throw new UsageError(`${path} is a directory. Name a file in it, as ${join(path, 'results.ndjson')}.`)
    if (place.kind === 'special') await access(place.path, constants.W_OK)
    if (place.kind !== 'file') return place
    const folder = dirname(place.path)
    if (makeFolder) await mkdir(folder, { recursive: true })
    if (place.before !== undefined) await access(place.path, constants.W_OK)
    await access(folder, constants.W_OK)
    if (!(await stat(folder)).isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' })
    return place
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(
      `${path} can't be written: ${reasonOf(error)}. Choose a folder that exists and is yours.`,
      { cause: error },
    )
  }
}

/** The world's failure to take what was written, in one line. */
async function told(path: string, write: () => Promise<void>): Promise<void> {
  try {
    await write()
  } catch (error) {
    if (error instanceof CommandError) throw error
    throw new CommandError(exitCodes.failed, `${path} can't be written: ${reasonOf(error)}.`, {
      cause: error,
    })
  }
}
