/**
 * A module's name that is the same on every machine: its package, and the path in it.
 *
 *     file:///srv/app/dist/tasks.js ─▶ package:shop/dist/tasks        what goes over a network
 *
 * The ending is left out, so that two builds of one source go by one name. A time stamp or a folder
 * of one machine would tell another machine nothing.
 */
const { readFileSync } = process.getBuiltinModule('node:fs')
const { dirname, join, relative, sep } = process.getBuiltinModule('node:path')
const { fileURLToPath } = process.getBuiltinModule('node:url')

/** What every portable name of a file begins with. */
const scheme = 'package:'

interface Package {
  readonly folder: string
  readonly name: string
  readonly version: string
}

const packages = new Map<string, Package | undefined>()
const names = new Map<string, string>()

/**
 * The module's portable name. One that is not a file has its URL from whoever made it, and keeps
 * it.
 */
export function portableModule(module: string): string {
  const known = names.get(module)
  if (known !== undefined) return known
  const name = module.startsWith('file:') ? nameOfFile(pathOf(module)) : module
  names.set(module, name)
  return name
}

/** Whether it is the portable name of a file, which only a network brings. */
export function isPortable(module: string): boolean {
  return module.startsWith(scheme)
}

/** The version of the module's package, for messages; empty if it says none. */
export function packageVersion(module: string): string {
  return (module.startsWith('file:') ? packageAt(dirname(pathOf(module))) : undefined)?.version ?? ''
}

function nameOfFile(path: string): string {
  const own = packageAt(dirname(path))
  const within = relative(own?.folder ?? dirname(path), path)
  return `${scheme}${own?.name ?? ''}/${within
    .split(sep)
    .join('/')
    .replace(/\.[cm]?[jt]sx?$/, '')}`
}

function pathOf(module: string): string {
  return fileURLToPath(module.replace(/[?#].*$/, ''))
}

/**
 * The nearest package.json that says a name; those without one only tell Node how to read a folder.
 */
function packageAt(folder: string): Package | undefined {
  if (packages.has(folder)) return packages.get(folder)
  const above = dirname(folder)
  const found = packageIn(folder) ?? (above === folder ? undefined : packageAt(above))
  packages.set(folder, found)
  return found
}

function packageIn(folder: string): Package | undefined {
  try {
    const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      name?: unknown
      version?: unknown
    }
    if (typeof name !== 'string') return undefined
    return { folder, name, version: typeof version === 'string' ? version : '' }
  } catch {
    return undefined // None is there, or one that nobody can read.
  }
}
