/**
 * The model `processes`: a pool of child processes on this machine. They share nothing; one that
 * crashes hurts nobody.
 */
import { checkFlag, checkOptions, checkTexts, optionNames } from '../checks.ts'
import { createExecutor, type Executor } from '../executor/executor.ts'
import { checkPoolOptions, type PoolUserOptions, poolOptionNames } from '../pool/options.ts'
import { Pool } from '../pool/pool.ts'
import { withPlace } from '../worker/place.ts'
import { checkPlatform } from '../worker/platform.ts'
import type { Permissions } from './launch.ts'
import { processStarter } from './process.ts'

/** What `processes()` may be told. */
export interface ProcessesOptions extends PoolUserOptions {
  /**
   * Runs the workers under Node's permission model: files only as said here, no native addons, and
   * of the environment only what `env` names. It is a seat belt against mistakes, no wall against
   * hostile code: the network stays open. Default: no permission model.
   */
  readonly permissions?: Permissions
}

const processesOptionNames = optionNames<ProcessesOptions>({
  ...poolOptionNames,
  permissions: true,
})
const permissionNames = optionNames<Permissions>({ read: true, write: true, childProcess: true })

/**
 * Runs tasks in child processes: for work that may crash, leak, or must not see this process's
 * memory. A process starts in some 100 ms and takes some 50 MiB; it ends with this one, even if
 * this one is killed.
 *
 * Arguments and results are copied through a socket (V8's serialization); nothing is shared, a
 * SharedArrayBuffer is refused. One task at a time runs in a process. `resourceLimits` become the
 * child's `--max-old-space-size` and its like.
 *
 * @throws OptionError
 * @throws UnsupportedError in a single executable application, and on Bun and Deno
 * @example
 *     await using pool = processes({ workers: 2, resourceLimits: { maxOldGenerationSizeMb: 512 } })
 *     const text = await pool.run(parseUntrustedFile, path)
 */
export function processes(options: ProcessesOptions = {}): Executor {
  options = checkOptions('processes(…)', options, processesOptionNames)
  checkPlatform('processes')
  const checked = checkPoolOptions('processes', options)
  const permissions = checkPermissions(options.permissions)
  const crossing = { sharedMemory: false, maxPayloadBytes: checked.maxPayloadBytes }
  const start = processStarter({ ...checked, permissions })
  return withPlace(createExecutor(new Pool('processes', checked, start, crossing)), {
    ...checked,
    start,
    crossing,
  })
}

function checkPermissions(permissions: Permissions | undefined): Permissions | undefined {
  if (permissions === undefined) return undefined
  permissions = checkOptions('processes({ permissions })', permissions, permissionNames)
  checkFlag('processes({ permissions: { childProcess } })', permissions.childProcess)
  for (const key of ['read', 'write'] as const) {
    checkTexts(`processes({ permissions: { ${key} } })`, permissions[key], "['./data']")
  }
  return permissions
}
