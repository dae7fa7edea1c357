/** Where results go: standard output as they come, or a file that appears whole or not at all. */

import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { FileHandle } from 'node:fs/promises'
import { access, constants, mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { reasonOf, UsageError } from './ending.ts'

/** Takes text bit by bit; ends with `commit` or `discard`. */
export interface Output {
  write(text: string): Promise<void>
  commit(): Promise<void>
  /** Leaves no trace of what was written, as far as that can be. Does nothing after `commit`. */
  discard(): Promise<void>
}

/** Standard output; waits while the reader is slow. */
export function standardOutput(): Output {
  return {
    async write(text) {
      if (!process.stdout.write(text)) await once(process.stdout, 'drain')
    },
    async commit() {},
    async discard() {},
  }
}

/**
 * A file under another name, renamed when it is committed. `heldBytes` are kept in memory before that file is made:
 * `Infinity` for work that blocks this thread, during which an interrupt could not remove it.
 * @throws UsageError if nothing can be written there, before any work is done
 */
export async function fileOutput(path: string, heldBytes: number): Promise<Output> {
  await checkWritable(path)
  const partPath = partOf(path)
  let held = ''
  let part: FileHandle | undefined
  const flush = async () => {
    part ??= await open(partPath, 'wx')
    await part.write(held)
    held = ''
  }
  return {
    async write(text) {
      held += text
      if (held.length > heldBytes) await flush()
    },
    async commit() {
      await flush()
      await part?.close()
      await rename(partPath, path)
      part = undefined
    },
    async discard() {
      if (part === undefined) return
      await part.close()
      await removed(partPath)
      part = undefined
    },
  }
}

/** Writes a file whole or not at all; makes its folder if need be. */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const partPath = partOf(path)
  try {
    await mkdir(dirname(resolve(path)), { recursive: true })
    await writeFile(partPath, content)
    await rename(partPath, path)
  } catch (error) {
    await removed(partPath)
    throw new UsageError(`${path} can't be written: ${reasonOf(error)}. Choose another place.`, {
      cause: error,
    })
  }
}

/** @throws UsageError if `path` is a directory, or its folder is closed to us or missing (and not to be made). */
export async function checkWritable(
  path: string,
  { makeFolder = false }: { makeFolder?: boolean } = {},
): Promise<void> {
  const found = await stat(path).catch(() => undefined)
  if (found?.isDirectory())
    throw new UsageError(`${path} is a directory. Name a file in it, as ${join(path, 'results.ndjson')}.`)
  const folder = dirname(resolve(path))
  try {
    if (makeFolder) await mkdir(folder, { recursive: true })
    await access(folder, constants.W_OK)
    if (!(await stat(folder)).isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' })
  } catch (error) {
    throw new UsageError(
      `${path} can't be written: ${reasonOf(error)}. Choose a folder that exists and is yours.`,
      { cause: error },
    )
  }
}

/** Beside the file, so that the rename stays on one file system. */
function partOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomUUID().slice(0, 8)}.part`)
}

/** Where nothing could be written, there is nothing to remove either. */
async function removed(path: string): Promise<void> {
  await rm(path, { force: true }).catch(() => {})
}
