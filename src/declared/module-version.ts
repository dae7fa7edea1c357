/**
 * What tells one state of a module from another: its file's size and time, and the text of what it
 * declares.
 */
const { readFileSync, statSync } = process.getBuiltinModule('node:fs')
const { fileURLToPath } = process.getBuiltinModule('node:url')

export interface ModuleVersion {
  readonly mtimeMs: number
  readonly sizeBytes: number
}

/**
 * The state of the module's file now; undefined when it is not a file: a virtual module can't be
 * compared.
 */
export function versionOf(module: string): ModuleVersion | undefined {
  if (!module.startsWith('file:')) return undefined
  try {
    const { mtimeMs, size } = statSync(fileURLToPath(module.replace(/[?#].*$/, '')))
    return { mtimeMs, sizeBytes: size }
  } catch {
    return undefined
  }
}

/**
 * A digest of a function's or a class's text (FNV-1a, 32 bits: Fowler, Noll, Vo), and its length,
 * to tell a module that was only touched from one that was changed. It guards against an accident
 * and not against an attack; Node's own digests would load the whole of its cryptography, in every
 * worker.
 */
export function digestOf(declared: Function): string {
  const text = Function.prototype.toString.call(declared)
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return `${text.length}-${(hash >>> 0).toString(16)}`
}

/**
 * Whether the module's file has the function's text as it is: nothing that is done as the file is
 * loaded (types stripped, code instrumented) tells one side's text from the other's.
 */
export function standsIn(module: string, declared: Function): boolean {
  if (!module.startsWith('file:')) return false
  try {
    const file = readFileSync(fileURLToPath(module.replace(/[?#].*$/, '')), 'utf8')
    return file.includes(Function.prototype.toString.call(declared))
  } catch {
    return false
  }
}

/**
 * Whether two sides loaded the same code: the same file, or one that was only touched. `sameText`
 * is asked last.
 */
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
  if (module.startsWith('file:')) return fileURLToPath(module)
  return module.length > 100 ? `${module.slice(0, 60)}… (${module.length} characters)` : module
}
