/**
 * Files that a workload reads: made from its generator at the first need, kept among the system's
 * temporary files.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

export interface KeptFiles {
  /** Names the folder; another name for other contents. */
  readonly name: string
  /** A multiple of `perFolder`. */
  readonly files: number
  /** How many lie together in one folder. */
  readonly perFolder: number
  /** As `.txt`. */
  readonly extension: string
  /** Gives the contents of file 0, file 1, …, the same each time. */
  contents(): Iterable<string | Uint8Array>
}

/** All files of the gallery are in here; it may be removed at any time when no workload runs. */
export const keptRoot: string = join(tmpdir(), `atonce-gallery-${userName()}`)

/** In containers a user may have a number only. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.())
  }
}

/**
 * The folders with the files, in order; file 7 of 20 to a folder is `000/00007.txt`. Makes what is
 * missing, the first time at the speed of the disk; a larger set takes over the folders of a
 * smaller one. Two programs can do it at the same time.
 */
export function keptFolders(set: KeptFiles): string[] {
  const { name, files, perFolder } = set
  const root = join(keptRoot, name)
  const folders = Array.from({ length: files / perFolder }, (_, nth) =>
    join(root, String(nth).padStart(3, '0')),
  )
  const missing = new Set(folders.filter(folder => !whole.has(folder) && !isWhole(folder, perFolder)))
  if (missing.size > 0) make(set, root, folders, missing)
  for (const folder of folders) whole.add(folder)
  return folders
}

/** The files of a folder, in the order of their names. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder)
    .sort()
    .map(file => join(folder, file))
}

/** What this process has found whole: it is looked at once, so that no measured run does it. */
const whole = new Set<string>()

/** Counts only: a folder gets its name when all its files are written. */
function isWhole(folder: string, files: number): boolean {
  return existsSync(folder) && readdirSync(folder).length === files
}

function make(set: KeptFiles, root: string, folders: readonly string[], missing: Set<string>): void {
  const { perFolder, extension } = set
  mkdirSync(root, { recursive: true, mode: 0o700 })
  removeLeftovers(root)
  // Contents come from one stream of random numbers, so those of the folders that are there are
  // made too, and dropped.
  const contents = set.contents()[Symbol.iterator]()
  for (const [nth, folder] of folders.entries()) {
    const unfinished = missing.has(folder)
      ? mkdtempSync(join(root, `${unfinishedPrefix}${process.pid}-`))
      : undefined
    for (let file = nth * perFolder; file < (nth + 1) * perFolder; file++) {
      const content = contents.next().value as string | Uint8Array
      if (unfinished !== undefined)
        writeFileSync(join(unfinished, `${String(file).padStart(5, '0')}${extension}`), content)
    }
    if (unfinished !== undefined) replace(folder, unfinished)
  }
}

const unfinishedPrefix = 'unfinished-'

/**
 * Puts the new folder in place of one that has lost files; if another program was faster, its
 * folder is as good.
 */
function replace(folder: string, unfinished: string): void {
  try {
    rmSync(folder, { recursive: true, force: true })
    renameSync(unfinished, folder)
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  }
}

/** Removes what programs that were ended in the middle have left. */
function removeLeftovers(root: string): void {
  for (const entry of readdirSync(root)) {
    const pid = new RegExp(`^${unfinishedPrefix}(\\d+)-`).exec(entry)?.[1]
    if (pid !== undefined && !isAlive(Number(pid)))
      rmSync(join(root, entry), { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
