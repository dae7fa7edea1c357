/**
 * A task: a named function in a module, known on every side by its module and its position in it.
 *
 *     fn ─task(import.meta, fn)─▶ Task = fn + { module, position } ─▶ registry
 *
 * The far side imports the same module, which runs the same `task()` calls in the same order, and so finds the function
 * under the same key. Code never travels: a message carries the key and the arguments.
 */
import { checkOptions, optionNames } from '../checks.ts'
import { InvalidTaskError, OptionError } from '../errors.ts'
import { register } from './registry.ts'

/** Any function, for type bounds only. */
export type AnyFunction = (...args: any[]) => any

/** Where a task lives. */
export interface TaskAddress {
  /** URL of the module that called `task()`. */
  readonly module: string
  /** How many tasks that module had defined before this one. */
  readonly position: number
  /** Whether a call may be repeated: `task(import.meta, fn, { idempotent: true })`. */
  readonly idempotent: boolean
}

/** What a task promises about itself. */
export interface TaskOptions {
  /**
   * Running a call twice does no harm: the second run gives the same as the first alone. Only such tasks may be repeated,
   * by `executor.with({ retries })`. Default false.
   */
  readonly idempotent?: boolean
}

const taskOptionNames = optionNames<TaskOptions>({ idempotent: true })

/** A function with an address. It is called like any function; an executor can run it elsewhere. */
export type Task<F extends Function = AnyFunction> = F & TaskAddress

/** What a task returns, once waited for. */
export type Result<F extends AnyFunction> = Awaited<ReturnType<F>>

const addressed = Symbol.for('atonce.task')

/**
 * Notes where a function lives, so that executors can run it; calling it still just runs it here.
 *
 * Call it at the top level of a module, always and in the same order: the address is the module and the position. The
 * module must be one that workers can import without harm, so no entry file (or a guarded one, see `isWorker`) and no
 * test file. Costs one `stat` of the module per module.
 *
 * @throws InvalidTaskError if `meta` has no URL (the file was compiled to CommonJS), if `fn` is no function, or if it is a task already.
 * @throws OptionError if an option is none
 * @example
 *     export const countPrimes = task(import.meta, function countPrimes(from: number, to: number): number { … })
 */
// Not `F extends AnyFunction`: a bound with a signature gives its `any` to parameters that have only a default value.
export function task<F extends Function>(meta: ImportMeta, fn: F, options: TaskOptions = {}): Task<F> {
  if (typeof fn !== 'function') {
    throw new InvalidTaskError(`task(import.meta, fn) takes a function; it got ${describe(fn)}.`)
  }
  if (typeof meta?.url !== 'string') {
    throw new InvalidTaskError(
      `task(import.meta, ${nameOf(fn)}) got no module URL: import.meta.url is ${describe(meta?.url)}. ` +
        'The file was probably compiled to CommonJS, which has no import.meta. Build it as an ES module: ' +
        'esbuild --format=esm, "module": "nodenext" with "type": "module", or a .mts file.',
    )
  }
  options = checkOptions(`task(import.meta, ${nameOf(fn)}, …)`, options, taskOptionNames)
  const { idempotent = false } = options
  if (typeof idempotent !== 'boolean') {
    throw new OptionError(
      `task(import.meta, ${nameOf(fn)}, { idempotent }) takes true or false; it got ${describe(idempotent)}.`,
    )
  }
  if (isTask(fn)) {
    throw new InvalidTaskError(
      `${nameOf(fn)} is a task already, of ${fn.module}. Import that one, or wrap it: task(import.meta, (…args) => ${nameOf(fn)}(…args)).`,
    )
  }
  if (!Object.isExtensible(fn)) {
    throw new InvalidTaskError(
      `${nameOf(fn)} is frozen, so it can't be given an address. Wrap it: task(import.meta, (…args) => ${nameOf(fn)}(…args)).`,
    )
  }
  const module = meta.url
  const made = fn as Task<F>
  const position = register(meta, made)
  Object.defineProperties(fn, {
    module: { value: module },
    position: { value: position },
    idempotent: { value: idempotent },
    [addressed]: { value: true },
  })
  return made
}

/** Whether `value` was made by `task()`, by this copy of atonce or another. */
export function isTask(value: unknown): value is Task {
  return typeof value === 'function' && (value as { [addressed]?: boolean })[addressed] === true
}

/**
 * Throws the error that shows how to make a task of what is none.
 * @throws InvalidTaskError
 */
export function assertTask(value: unknown): asserts value is Task {
  if (isTask(value)) return
  if (typeof value !== 'function') {
    throw new InvalidTaskError(
      `An executor runs a task; it got ${describe(value)}. Make one: export const work = task(import.meta, function work(…) { … })`,
    )
  }
  const name = nameOf(value)
  throw new InvalidTaskError(
    `${name} is a plain function; a worker has no way to find it. Make it a task, in a module of its own:\n` +
      "    import { task } from 'atonce'\n" +
      `    export const ${name === '(anonymous)' ? 'work' : name} = task(import.meta, ${name === '(anonymous)' ? 'function work(…) { … }' : name})`,
  )
}

/** The name of a function as messages show it. */
export function nameOf(fn: Function): string {
  return fn.name === '' ? '(anonymous)' : fn.name
}

function describe(value: unknown): string {
  if (value === null) return 'null'
  return typeof value === 'object'
    ? 'an object'
    : typeof value === 'undefined'
      ? 'undefined'
      : `a ${typeof value}`
}
