/**
 * Where a path that was typed for an output leads: looked at before anything is done, so that
 * nothing is replaced that is not a file.
 */
import { lstat, readlink, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'

export type Place = FilePlace | StreamPlace | { readonly kind: 'directory'; readonly path: string }

/** A regular file, or nothing yet; `path` has no links. */
export interface FilePlace {
  readonly kind: 'file'
  readonly path: string
  readonly before: FileBefore | undefined
}

/** What is written there goes into it, as with `tee` and `cp`. */
export type StreamPlace =
  /**
   * A descriptor that this process has: `/dev/stdout`, `/dev/fd/63`, which is what a shell makes of
   * `>(command)`.
   */
  | { readonly kind: 'descriptor'; readonly fd: number }
  /** A FIFO, a device, a socket. */
  | { readonly kind: 'special'; readonly path: string; readonly fifo: boolean }

/** What a file that is replaced passes on to the one that replaces it. */
export interface FileBefore {
  readonly mode: number
  readonly uid: number
  readonly gid: number
}

/** Linux follows 40 links before it says that they go round in a circle (path_resolution(7)). */
const mostLinks = 40

/**
 * @throws what the system says of a path that leads nowhere: a circle of links, a folder that is
 * closed to us
 */
export async function placeOf(typed: string): Promise<Place> {
  let path = resolve(typed)
  for (let links = 0; links < mostLinks; links += 1) {
    const fd = descriptorIn(path)
    if (fd !== undefined) return { kind: 'descriptor', fd }
    const found = await lstat(path).catch(absent)
    if (found === undefined) return { kind: 'file', path, before: undefined }
    if (!found.isSymbolicLink()) return await foundAt(path)
    // Beside what the link stands in, by its real name: `..` in a link means the parent of that.
    path = resolve(await realpath(dirname(path)), await readlink(path))
  }
  throw Object.assign(new Error('its links go round in a circle'), { code: 'ELOOP' })
}

async function foundAt(path: string): Promise<Place> {
  const found = await stat(path)
  if (found.isDirectory()) return { kind: 'directory', path }
  if (!found.isFile()) return { kind: 'special', path, fifo: found.isFIFO() }
  const { mode, uid, gid } = found
  return {
    kind: 'file',
    path: join(await realpath(dirname(path)), basename(path)),
    before: { mode: mode & 0o777, uid, gid },
  }
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}

const names: Readonly<Record<string, number>> = { '/dev/stdin': 0, '/dev/stdout': 1, '/dev/stderr': 2 }

/**
 * Its number, if the path names one of our own. Opened by such a name, a file would be emptied and
 * a socket refused.
 */
function descriptorIn(path: string): number | undefined {
  if (process.platform === 'win32') return undefined
  const [, number] = /^(?:\/dev|\/proc\/(?:self|thread-self|\d+))\/fd\/(\d+)$/.exec(path) ?? []
  if (number === undefined) return names[path]
  const [, pid] = /^\/proc\/(\d+)\//.exec(path) ?? []
  return pid === undefined || Number(pid) === process.pid ? Number(number) : undefined
}
