/** What tells one state of a module from another: its file's size and time, and the text of what it declares. */
import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export interface ModuleVersion {
  readonly mtimeMs: number
  readonly sizeBytes: number
}

/** The state of the module's file now; undefined when it is no file: a virtual module can't be compared. */
export function versionOf(module: string): ModuleVersion | undefined {
  if (!module.startsWith('file:')) return undefined
  try {
    const { mtimeMs, size } = statSync(fileURLToPath(module.replace(/[?#].*$/, '')))
    return { mtimeMs, sizeBytes: size }
  } catch {
    return undefined
  }
}

/** A digest of a function's or a class's text, to tell a module that was only touched from one that was changed. */
export function digestOf(declared: Function): string {
  return createHash('sha1').update(Function.prototype.toString.call(declared)).digest('base64')
}

/** Whether two sides loaded the same code: the same file, or one that was only touched. `sameText` is asked last. */
export function isSameVersion(
  one: ModuleVersion | undefined,
  other: ModuleVersion | undefined,
  sameText: () => boolean,
): boolean {
  if (one?.sizeBytes !== other?.sizeBytes) return false
  return one?.mtimeMs === other?.mtimeMs || sameText()
}

/** A module as messages show it: the path of its file. */
export function showModule(module: string): string {
  return module.startsWith('file:') ? fileURLToPath(module) : module
}
