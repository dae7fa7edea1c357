/** The command line of a worker process. */
import { bare } from '../checks.ts'
import type { PoolOptions } from '../pool/options.ts'
import { markProcess } from '../worker/birth.ts'
import { processEntry } from '../worker/far/process-entry.ts'

const { dirname } = process.getBuiltinModule('node:path')
const { fileURLToPath } = process.getBuiltinModule('node:url')

/** What a worker process may touch, by Node's permission model; everything else is denied. */
export interface Permissions {
  /** Paths that may be read; `'*'` for all. The task's modules must be among them; Node and atonce itself are. */
  readonly read?: readonly string[]
  /** Paths that may be written. */
  readonly write?: readonly string[]
  /** May start processes. Default false. */
  readonly childProcess?: boolean
}

export interface LaunchOptions {
  readonly env: Readonly<Record<string, string | undefined>> | undefined
  readonly permissions: Permissions | undefined
}

export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
}

/** How to start a worker process of that name. */
export function launchOf(name: string, options: PoolOptions & LaunchOptions): Launch {
  const { name: executor, workers, env, permissions, resourceLimits, maxPayloadBytes } = options
  const maxWorkerMiB = Number.isFinite(options.maxWorkerMiB) ? options.maxWorkerMiB : undefined
  return {
    command: process.execPath,
    args: [
      ...inheritedFlags(process.execArgv),
      '--inspect-port=0', // Opens nothing; whoever looks into this worker later finds a port that is free.
      ...memoryFlags(resourceLimits),
      ...(permissions === undefined ? [] : permissionFlags(permissions)),
      // Imported by a line of its own, not run as the main module: in a bundle `import.meta.main` must be false here.
      '--input-type=module',
      '--eval',
      `await import(${JSON.stringify(processEntry)})`,
      markProcess({ name, executor: { name: executor, workers }, maxPayloadBytes, maxWorkerMiB }),
    ],
    env: bare(env ?? (permissions === undefined ? process.env : {})), // Node copies what is inherited, too.
  }
}

/** This process's own flags, without those that say what to run or that only one process can have. */
export function inheritedFlags(flags: readonly string[]): string[] {
  let keep = true
  return flags.filter(flag => {
    // No script stands among the flags: what begins without a dash is the value of the flag before it.
    if (flag.startsWith('-')) keep = !isOwn(flag)
    return keep
  })
}

function isOwn(flag: string): boolean {
  const [name = flag] = flag.split('=')
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
  ...['--build-sea', '--prof', '--debug-port'],
])
// What --env-file brought is in this process's environment; a worker that is given another one must not get it.
const ownFamilies = ['--inspect', '--test', '--watch', '--cpu-prof', '--heap-prof', '--env-file']

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

/** Where the library is: `src/` two folders above the worker's entry, or the folder of the one file that it was built into. */
function ownFolder(): string {
  const folder = dirname(fileURLToPath(processEntry))
  return processEntry.endsWith('/worker/far/process-entry.ts') ? dirname(dirname(folder)) : folder
}
