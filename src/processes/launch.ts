/** The command line of a worker process. */
import { bare } from '../checks.ts'
import type { PoolOptions } from '../pool/options.ts'
import { firstLine, markProcess } from '../worker/birth.ts'
import { processEntry } from '../worker/far/process-entry.ts'
import { currentFolder, flagName, startFolder, withoutScript } from '../worker/start-flags.ts'

const { existsSync } = process.getBuiltinModule('node:fs')
const { dirname, resolve } = process.getBuiltinModule('node:path')
const { fileURLToPath } = process.getBuiltinModule('node:url')

/** What a worker process may touch, by Node's permission model; everything else is denied. */
export interface Permissions {
  /**
   * Paths that may be read; `'*'` for all. The task's modules must be among them; Node and atonce
   * itself are. Default: none else.
   */
  readonly read?: readonly string[]
  /** Paths that may be written. Default: none. */
  readonly write?: readonly string[]
  /** May start processes. Default false. */
  readonly childProcess?: boolean
}

export interface LaunchOptions {
  readonly permissions: Permissions | undefined
}

export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  /**
   * The folder in which it starts, if that is not the one where the program is: preloads are looked
   * for from there.
   */
  readonly cwd: string | undefined
}

/** How to start a worker process of that name. */
export function launchOf(name: string, options: PoolOptions & LaunchOptions): Launch {
  const {
    name: executor,
    workers,
    env,
    permissions,
    resourceLimits,
    maxPayloadBytes,
    callsPerWorker,
  } = options
  const maxWorkerMiB = Number.isFinite(options.maxWorkerMiB) ? options.maxWorkerMiB : undefined
  const inherited = options.execArgv ?? inheritedFlags(process.execArgv)
  const permitted = permissions === undefined ? [] : permissionFlags(permissions)
  const now = currentFolder()
  const cwd = now !== startFolder && existsSync(startFolder ?? '') ? startFolder : undefined
  return {
    command: process.execPath,
    args: [
      ...inherited,
      '--inspect-port=0', // Opens nothing; whoever looks into this worker later finds a port that is free.
      ...memoryFlags(resourceLimits),
      ...permitted,
      // Text, and not the entry as the main module: in a bundle `import.meta.main` must be false
      // here. Without --input-type, with which no thread that a task starts could run a file.
      '--eval',
      firstText([...inherited, ...permitted], cwd === undefined ? undefined : now),
      ...(options.argv.length === 0 ? [] : ['--', ...options.argv]), // What follows `--` is not for Node.
      markProcess({
        name,
        executor: { name: executor, workers },
        maxPayloadBytes,
        callsPerWorker,
        maxWorkerMiB,
      }),
    ],
    env: bare(env ?? (permissions === undefined ? process.env : {})), // Node copies what is inherited, too.
    cwd,
  }
}

/**
 * What the worker runs first. To what a task forks, Node hands down the flags in
 * `process.execArgv`: those that are only for this worker are taken out. Then it goes to where the
 * program is.
 */
function firstText(flags: readonly string[], folder: string | undefined): string {
  const move = folder === undefined ? '' : `process.chdir(${JSON.stringify(folder)}); `
  return `process.execArgv = ${JSON.stringify(flags)}; ${move}${firstLine(processEntry)}`
}

/**
 * This process's own flags, without those that say what to run or that only one process can have.
 */
export function inheritedFlags(flags: readonly string[]): string[] {
  let keep = true
  let before = ''
  return withoutScript(flags).flatMap(word => {
    if (!word.startsWith('-')) return keep ? [folders.has(before) ? fromStart(word) : word] : []
    keep = !isOwn(word)
    before = word
    const name = flagName(word)
    if (!keep) return []
    return [word !== name && folders.has(name) ? `${name}=${fromStart(word.slice(name.length + 1))}` : word]
  })
}

/**
 * Where profiles are written: into the same folder as the program's, wherever tasks go. Each
 * process names its own.
 */
const folders = new Set(['--cpu-prof-dir', '--heap-prof-dir'])

function fromStart(folder: string): string {
  return startFolder === undefined ? folder : resolve(startFolder, folder)
}

function isOwn(flag: string): boolean {
  const name = flagName(flag)
  return ownFlags.has(name) || ownFamilies.some(family => name.startsWith(family))
}

const ownFlags = new Set([
  ...[
    '-e',
    '--eval',
    '-p',
    '--print',
    '-pe',
    '--input-type',
    '--run',
    '-c',
    '--check',
    '-i',
    '--interactive',
  ],
  ...['--build-sea', '--build-snapshot', '--snapshot-blob', '--entry-url', '--prof', '--debug-port'],
  // One name for the files of several processes: each would write over the others'.
  ...['--cpu-prof-name', '--heap-prof-name'],
])
// What --env-file brought is in this process's environment; a worker that is given another one must
// not get it.
const ownFamilies = ['--inspect', '--test', '--watch', '--env-file']

function memoryFlags({
  maxOldGenerationSizeMb,
  maxYoungGenerationSizeMb,
  stackSizeMb,
}: PoolOptions['resourceLimits']): string[] {
  return [
    ...(maxOldGenerationSizeMb === undefined
      ? []
      : [`--max-old-space-size=${Math.floor(maxOldGenerationSizeMb)}`]),
    // V8 sizes the young generation by its semi-space, a third of it.
    ...(maxYoungGenerationSizeMb === undefined
      ? []
      : [`--max-semi-space-size=${Math.max(1, Math.ceil(maxYoungGenerationSizeMb / 3))}`]),
    ...(stackSizeMb === undefined ? [] : [`--stack-size=${Math.floor(stackSizeMb * 1_024)}`]),
  ]
}

function permissionFlags({ read = [], write = [], childProcess = false }: Permissions): string[] {
  return [
    '--permission',
    '--allow-worker', // For the watchdog; a thread inherits the restrictions.
    ...[ownFolder(), ...read].map(path => `--allow-fs-read=${path}`),
    ...write.map(path => `--allow-fs-write=${path}`),
    ...(childProcess ? ['--allow-child-process'] : []),
    '--no-addons',
    '--disable-proto=delete',
  ]
}

/**
 * Where the library is: `src/` two folders above the worker's entry, or the folder of the one file
 * that it was built into.
 */
function ownFolder(): string {
  const folder = dirname(fileURLToPath(processEntry))
  return processEntry.endsWith('/worker/far/process-entry.ts') ? dirname(dirname(folder)) : folder
}
