/**
 * A journal in a file: what was appended and acknowledged is there after `kill -9`; what was half
 * written is not.
 *
 *     append ─▶ pending ─▶ one write, one fdatasync for all that is pending ─▶ acknowledged
 *     open   ─▶ snapshot, then records in order; a last one that is torn is cut off
 *     compact ─▶ snapshot to a new file, fsync, rename ─▶ the log is cut to a mark; what is appended meanwhile waits
 *
 * journal-records.ts has the format. A crash within `compact` leaves records that the snapshot has
 * already; their numbers say so.
 * The rename idiom and the need for an fsync of the folder: Pillai et al., "All File Systems Are
 * Not Created Equal", OSDI 2014.
 */
import type { FileHandle } from 'node:fs/promises'
import { sleep } from '../coroutines/time/sleep.ts'
import { messageOf } from '../thrown.ts'
import { JournalError } from './errors.ts'
import { magic, markOf, readRecords, recordAt, recordOf } from './journal-records.ts'

/** How long a last record must have been torn to count as such. */
const tornForMs = 50

/** What a journal holds when it is opened. */
export interface Recovered {
  /** The last snapshot, if one was made. */
  readonly snapshot: { readonly state: unknown } | undefined
  /** The events after it, oldest first. */
  readonly events: readonly unknown[]
  /** How many bytes were cut off the end, as nobody had been told that they were there. */
  readonly tornBytes: number
}

interface Pending {
  readonly bytes: Uint8Array
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export class Journal {
  readonly path: string
  /** Tells its records from those of another writer. Not of a seed, as the file outlives a run. */
  readonly #writer = process.getBuiltinModule('node:crypto').randomBytes(4).readUInt32LE(0)
  #file: FileHandle | undefined
  #sizeBytes = 0
  #seq = 0
  #pending: Pending[] = []
  /** What the file is being used for; one thing at a time. */
  #working: Promise<void> | undefined
  #broken: unknown

  constructor(path: string) {
    this.path = path
  }

  /**
   * Opens the file, or makes it, and reads what it holds. To be called once, before anything is
   * appended.
   * @throws JournalError if the file can't be opened, is not a journal, or lacks an event that was
   * acknowledged
   */
  async open(): Promise<Recovered> {
    try {
      return await this.#open()
    } catch (problem) {
      await this.close()
      throw this.#errorOf(problem)
    }
  }

  async #open(): Promise<Recovered> {
    const { open } = process.getBuiltinModule('node:fs/promises')
    const snapshot = await this.#readSnapshot()
    const { constants } = process.getBuiltinModule('node:fs')
    const file = await open(this.path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, 0o600)
    this.#file = file
    return await this.#recover(file, snapshot)
  }

  async #recover(
    file: FileHandle,
    snapshot: { seq: number; state: unknown } | undefined,
  ): Promise<Recovered> {
    if (!(await file.stat()).isFile()) throw new JournalError(this.path, 'it is not a regular file')
    const bytes = await file.readFile()
    if (bytes.length < magic.length) {
      if (!magic.startsWith(bytes.toString('latin1')))
        throw new JournalError(this.path, 'it is another kind of file')
      if (snapshot !== undefined)
        throw new JournalError(
          this.path,
          `it is missing or empty, but its snapshot is there. Put it back, or delete ${this.path}.snapshot to begin anew`,
        )
      await file.truncate(0)
      await appendAll(file, Buffer.from(magic, 'latin1'))
      await file.datasync()
      await syncFolder(this.path)
      this.#sizeBytes = magic.length
      return { snapshot, events: [], tornBytes: bytes.length }
    }
    if (bytes.subarray(0, magic.length).toString('latin1') !== magic)
      throw new JournalError(this.path, 'it is another kind of file')
    const { events, goodBytes, lastSeq } = readRecords(this.path, bytes, snapshot?.seq)
    if (goodBytes < bytes.length) {
      // What looks torn may be a record that another writer is about to finish.
      await sleep(tornForMs)
      if ((await file.stat()).size !== bytes.length)
        throw new JournalError(this.path, 'another writer is at the file')
      await file.truncate(goodBytes)
      await file.datasync()
    }
    this.#sizeBytes = goodBytes
    this.#seq = lastSeq
    // It died after the log was cut, and before the mark was there.
    if (snapshot !== undefined && goodBytes === magic.length) await this.#mark(file)
    return { snapshot, events, tornBytes: bytes.length - goodBytes }
  }

  /**
   * Resolves when the event is on the disk; rejects with JournalError when it can't be, or another
   * writer is at the file; with SerializationError, before anything is written, if it can't be
   * copied. A journal that has failed takes nothing more: open it anew.
   */
  append(event: unknown): Promise<void> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken)
    if (this.#file === undefined)
      return Promise.reject(new JournalError(this.path, 'it is not open: await replay() in onStart first'))
    this.#seq += 1
    let bytes: Buffer
    try {
      bytes = recordOf(this.#seq, this.#writer, event, 'event')
    } catch (problem) {
      this.#seq -= 1
      return Promise.reject(problem)
    }
    return new Promise((resolve, reject) => {
      this.#pending.push({ bytes, resolve, reject })
      this.#working ??= this.#write()
    })
  }

  /** Writes what is pending, together; what comes meanwhile goes with the next write. */
  async #write(): Promise<void> {
    const file = this.#file as FileHandle
    while (this.#pending.length > 0) {
      const batch = this.#pending
      this.#pending = []
      try {
        const { size } = await file.stat()
        if (size !== this.#sizeBytes) throw new JournalError(this.path, 'another writer is at the file')
        const bytes = Buffer.concat(batch.map(one => one.bytes))
        await appendAll(file, bytes)
        await file.datasync()
        this.#sizeBytes += bytes.length
        // Appended by the system in one place each, so that two writers destroy nothing; but only
        // one may go on.
        if ((await file.stat()).size !== this.#sizeBytes)
          throw new JournalError(this.path, 'another writer is at the file')
        for (const { resolve } of batch) resolve()
      } catch (problem) {
        this.#broken = this.#errorOf(problem)
        for (const { reject } of [...batch, ...this.#pending]) reject(this.#broken)
        this.#pending = []
      }
    }
    this.#working = undefined
  }

  /**
   * Keeps `state` in place of all events so far, which it must be made of: to be called while
   * nothing is pending. Resolves when it is on the disk; what is appended meanwhile is written
   * after that.
   * @throws JournalError, SerializationError
   */
  async compact(state: unknown): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken
    if (this.#working !== undefined || this.#file === undefined)
      throw new JournalError(this.path, 'it is being written, or is not open')
    const replacing = this.#replaceWith(recordOf(this.#seq, this.#writer, state, 'snapshot'), this.#file)
    this.#working = replacing.then(
      () => this.#write(),
      () => this.#write(),
    )
    await replacing
  }

  async #replaceWith(snapshot: Buffer, file: FileHandle): Promise<void> {
    await replaceFile(`${this.path}.snapshot`, snapshot)
    if ((await file.stat()).size !== this.#sizeBytes)
      throw new JournalError(this.path, 'another writer is at the file')
    // The log is emptied in place: its records are in the snapshot, and are passed over if this is
    // as far as it comes.
    await file.truncate(magic.length)
    this.#sizeBytes = magic.length
    await this.#mark(file)
  }

  /** Says in a log without records which events its snapshot has. */
  async #mark(file: FileHandle): Promise<void> {
    const bytes = markOf(this.#seq, this.#writer)
    await appendAll(file, bytes)
    await file.datasync()
    this.#sizeBytes += bytes.length
  }

  #errorOf(problem: unknown): JournalError {
    return problem instanceof JournalError
      ? problem
      : new JournalError(this.path, messageOf(problem), { cause: problem })
  }

  async close(): Promise<void> {
    await this.#working
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  async #readSnapshot(): Promise<{ seq: number; state: unknown } | undefined> {
    const { readFile } = process.getBuiltinModule('node:fs/promises')
    let bytes: Buffer
    try {
      bytes = await readFile(`${this.path}.snapshot`)
    } catch (problem) {
      if ((problem as { code?: unknown }).code === 'ENOENT') return undefined
      throw problem
    }
    const found = recordAt(bytes, 0)
    if (found === undefined || found.endBytes !== bytes.length)
      throw new JournalError(`${this.path}.snapshot`, 'it is damaged')
    return { seq: found.seq, state: found.value }
  }
}

/** Appends all of it, wherever the end is: one write may take only a part. */
async function appendAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, null)
    done += bytesWritten
  }
}

/** Writes all of it: one write may take only a part. */
async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}

/** The file is the old one or the new one, whole, whatever happens. */
async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const { open, rename } = process.getBuiltinModule('node:fs/promises')
  const next = `${path}.next`
  const file = await open(next, 'w', 0o600)
  try {
    await writeAll(file, bytes, 0)
    await file.datasync()
  } finally {
    await file.close()
  }
  await rename(next, path)
  await syncFolder(path)
}

/** A new name is on the disk only when its folder is. */
async function syncFolder(path: string): Promise<void> {
  const { open } = process.getBuiltinModule('node:fs/promises')
  const { dirname } = process.getBuiltinModule('node:path')
  if (process.platform === 'win32') return // A folder can't be opened there; its file system journals names itself.
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
