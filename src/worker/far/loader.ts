/**
 * From a task's address to its function, on the far side: imports the module, looks the task up,
 * and checks that it is the same one.
 */
import { digestOf, isSameVersion, showModule as show } from '../../declared/module-version.ts'
import { EntryPointError, InvalidTaskError, TaskLoadError, TaskVersionError } from '../../errors.ts'
import { showCopy, thisCopy } from '../../runtime/copies.ts'
import { runtime } from '../../runtime/runtime.ts'
import { lookup, otherHolder } from '../../task/registry.ts'
import { nameOf, type Task } from '../../task/task.ts'
import { isError } from '../../thrown.ts'
import type { LoadMessage } from '../../wire/messages.ts'
import { refusals } from '../refusal.ts'
import { refuseServers } from './servers.ts'

/**
 * Imports the module and returns the task.
 * @throws TaskLoadError if the import fails or the task is not there
 * @throws TaskVersionError if the file is not the one that the caller loaded
 * @throws EntryPointError if the module starts an executor when it is imported
 */
export async function loadTask(wanted: LoadMessage): Promise<Task> {
  // In a bundle, the tasks may be in the module that holds this code: then they are there already.
  let imported: unknown
  if (lookup(wanted.module)?.tasks[wanted.position] === undefined)
    imported = await importModule(wanted.module, wanted.isCommonJs)
  else if (refusals() > 0) throw new EntryPointError(show(wanted.module))
  const found = lookup(wanted.module)
  if (found === undefined) {
    const other = otherHolder(wanted.module)
    if (other !== undefined)
      throw new TaskLoadError(
        wanted.module,
        `In the worker, the tasks of ${show(wanted.module)} are of ${showCopy(other)}; the worker is of ${showCopy(thisCopy)}, and the two can't work together. ` +
          'Install one version for both: npm ls atonce shows who asks for which.',
      )
    throw new TaskLoadError(
      wanted.module,
      `${show(wanted.module)} called task() where the caller runs, but not when a worker imported it. ` +
        whyNotThere(wanted.module, imported),
    )
  }
  const { version } = found
  const task = (Number.isInteger(wanted.position) ? found.tasks[wanted.position] : undefined) as
    | Task
    | undefined
  // If no module declares anything there, there is no state of the file to compare.
  const isComparable = wanted.version !== undefined || task !== undefined
  const isSameText = () => task !== undefined && digestOf(task) === wanted.digest
  if (isComparable && !isSameVersion(version, wanted.version, isSameText)) {
    throw new TaskVersionError(
      wanted.module,
      `${show(wanted.module)} changed on disk after this program had loaded it, so a worker would run other code than the caller. Restart the program.`,
    )
  }
  const isOther = wanted.isVerbatim === true && !isSameText()
  if (task === undefined || task.name !== wanted.name || isOther) {
    const there = task === undefined ? 'not there' : isOther ? 'another function' : nameOf(task)
    throw new TaskLoadError(
      wanted.module,
      `In the worker, task ${wanted.position} of ${show(wanted.module)} is ${there}; the caller means ${wanted.name || '(anonymous)'}. ` +
        'Both sides must define the same tasks in the same order: call task() at the top level, unconditionally. ' +
        'In a bundle of one file import() brings tasks too late: import them statically, or split (esbuild --splitting).',
    )
  }
  return task
}

/**
 * Imports the module, or requires it if the caller did so: `node -r ts-node/register` compiles only
 * what is required.
 * @returns what the module exports
 * @throws TaskLoadError, EntryPointError
 */
export async function importModule(module: string, isCommonJs = false): Promise<unknown> {
  const refusedBefore = refusals()
  const servers = refuseServers()
  try {
    // A `load` may come while the module of this code is still being evaluated, and `require` can't
    // wait for that.
    if (isCommonJs) await runtime().yieldToLoop()
    const given: unknown = isCommonJs
      ? process.getBuiltinModule('node:module').createRequire(module)(fileOf(module))
      : await import(/* webpackIgnore: true */ /* @vite-ignore */ module)
    const server = servers.end()
    if (server !== undefined) throw new EntryPointError(show(module), server)
    if (refusals() > refusedBefore) throw new EntryPointError(undefined) // The module may have caught the error of its own executor.
    return given
  } catch (cause) {
    const server = servers.end()
    if (cause instanceof EntryPointError || server !== undefined)
      throw new EntryPointError(show(module), server)
    const why = isError(cause) ? `${cause.name}: ${cause.message}` : String(cause)
    throw new TaskLoadError(
      module,
      `The worker could not import ${show(module)}: ${why}${hint(module, cause, isCommonJs)}`,
      {
        cause,
      },
    )
  }
}

/**
 * Files that are fine and could not be read: the machine, or a limit of the process, is at fault.
 */
const shortages = new Set<unknown>(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EIO', 'EBUSY'])

/** Whether the same import might succeed a moment later. */
export function isShortage(error: unknown): boolean {
  const cause = isError(error) ? error.cause : undefined
  return shortages.has((cause as { code?: unknown } | null | undefined)?.code)
}

/** Why a module that was imported has called no `task()`. */
function whyNotThere(module: string, imported: unknown): string {
  if (module.startsWith('data:'))
    return 'A loader that evaluates text (jiti) leaves no file that a worker could import: use Node itself, or tsx.'
  if (isChunk(imported))
    return 'It is a chunk of webpack, Rspack or ncc, which runs only with its entry: import the tasks statically, with optimization.splitChunks: false.'
  return 'Call task() at the top level of the module, not inside of a function or a condition.'
}

/** Of webpack and Rspack: a list of modules that does nothing by itself. */
function isChunk(given: unknown): boolean {
  const names = typeof given === 'object' && given !== null ? Object.keys(given) : []
  const { default: inner } = (given ?? {}) as { default?: unknown }
  if (
    names.some(name => /^__\w+_modules__$/.test(name)) ||
    (names.includes('modules') && names.includes('ids'))
  )
    return true
  return inner !== undefined && inner !== given && isChunk(inner)
}

function fileOf(module: string): string {
  return process.getBuiltinModule('node:url').fileURLToPath(module)
}

/** Node's name for code that stands in no file: `[eval]`, `[eval1]`, `[stdin]`. */
function isEvaluated(module: string): boolean {
  return /(^|\/)(\[|%5B)(eval|stdin)\d*(\]|%5D)$/i.test(module)
}

function hint(module: string, cause: unknown, isCommonJs: boolean): string {
  const code = (cause as { code?: unknown } | null)?.code
  if (
    code === 'ERR_UNKNOWN_FILE_EXTENSION' ||
    code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX' ||
    code === 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING'
  ) {
    return '\nWorkers import the file as Node does: use erasable TypeScript only, or run the compiled JavaScript, or start the program with a loader (node --import tsx), which workers inherit.'
  }
  if (code === 'EMFILE' || code === 'ENFILE')
    return '\nAll the files that the system lets this program open are open: use fewer workers, or allow more (ulimit -n 4096).'
  if (isEvaluated(module))
    return '\nCode that is given to Node as text (node -e, node -, the REPL) has no file that a worker could import: put the task into a file.'
  const isOther = cause instanceof ReferenceError || cause instanceof SyntaxError
  if (isCommonJs && (isOther || cause instanceof InvalidTaskError))
    return '\nThe worker required the file, and nothing there compiles it to CommonJS. Start the program with what does (node --require ts-node/register main.ts), which workers inherit.'
  if (code === 'ERR_MODULE_NOT_FOUND')
    return '\nThe worker imports by Node’s own rules: relative imports need their file ending, and a bundle must keep the file where it was built.'
  return ''
}
