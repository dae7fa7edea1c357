/**
 * A task: a named function in a module, known on every side by its module and its position in it.
 *
 *     fn ─task(import.meta, fn)─▶ Task = fn + { module, position } ─▶ registry
 *
 * The far side imports the same module, which runs the same `task()` calls in the same order, and
 * so finds the function under the same key. Code never travels: a message carries the key and the
 * arguments.
 */
import { checkOptions, optionNames } from '../checks.ts'
import { evaluationOf, type Where } from '../declared/where.ts'
import { InvalidTaskError, OptionError } from '../errors.ts'
import { type Copy, compatibility, showCopy, thisCopy } from '../runtime/copies.ts'
import { lineOf } from './line.ts'
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
  /** What its arguments must be when they come over a network. */
  readonly accepts?: Schema
}

/**
 * Says whether a value is as it should be: what zod, valibot, ArkType and others make, by the
 * common form of Standard Schema (standardschema.dev, version 1), as far as it is asked here.
 */
export interface Schema {
  readonly '~standard': {
    readonly validate: (value: unknown) => SchemaResult | Promise<SchemaResult>
  }
}

interface SchemaResult {
  readonly issues?:
    | readonly {
        readonly message: string
        readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
      }[]
    | undefined
}

/** What a task promises about itself. */
export interface TaskOptions {
  /**
   * Running a call twice does no harm: the second run gives the same as the first alone. Only such
   * tasks may be repeated, by `executor.with({ retries })`. Default false.
   */
  readonly idempotent?: boolean
  /**
   * What the list of its arguments must be: a node of a cluster asks before it calls the task, and
   * refuses others. What the schema makes of them is not used. Default: anything.
   */
  readonly accepts?: Schema
}

const taskOptionNames = optionNames<TaskOptions>({ idempotent: true, accepts: true })

/** A function with an address. It is called like any function; an executor can run it elsewhere. */
export type Task<F extends Function = AnyFunction> = F & TaskAddress

/** What a task returns, once waited for. */
export type Result<F extends AnyFunction> = Awaited<ReturnType<F>>

/** Marks a task, for all copies of atonce that share the registry. */
const addressed = Symbol.for(`atonce.task.${compatibility}`)
/** Which copy has made it, for copies of every version. */
const madeBy: unique symbol = Symbol.for('atonce.task.copy') as never

/**
 * Notes where a function lives, so that executors can run it; calling it still just runs it here.
 *
 * `where` is the module: `import.meta`; in a file of CommonJS, and where a compiler makes one,
 * `module`; the text `import.meta.url` where a bundler knows no other expression, and `__filename`
 * where it bundles to CommonJS with a `module` of its own.
 *
 * Call it at the top level of a module, always and in the same order: the address is the module and
 * the position. The module must be one that workers can import without harm, so no entry file (or a
 * guarded one, see `isWorker`) and no test file. Costs one `stat` of the module per module, and
 * some 10 µs for each task.
 *
 * @throws InvalidTaskError if `where` names no module, if `fn` is not a function, or if it is a
 *   task already.
 * @throws OptionError if an option is none
 * @example
 * export const countPrimes = task(import.meta, function countPrimes(from: number, to: number):
 * number { … })
 */
// Not `F extends AnyFunction`: a bound with a signature gives its `any` to parameters that have
// only a default value.
export function task<F extends Function>(where: Where, fn: F, options: TaskOptions = {}): Task<F> {
  if (typeof where === 'function') {
    if ('builtinModules' in where)
      throw new InvalidTaskError(
        "task(module, fn) got Node's own Module: the file runs as an ES module. Write task(import.meta, fn), or compile it to CommonJS here too.",
      )
    const name = nameOf(where)
    throw new InvalidTaskError(
      `task(import.meta, fn) takes the module first, then the function; it got the function ${name} first. ` +
        `Write task(import.meta, ${name}); in a file of CommonJS, task(module, ${name}).`,
    )
  }
  if (typeof fn !== 'function') {
    throw new InvalidTaskError(`task(import.meta, fn) takes a function; it got ${describe(fn)}.`)
  }
  const evaluation = evaluationOf(where, task)
  if (typeof evaluation === 'string') {
    throw new InvalidTaskError(
      `task(import.meta, ${nameOf(fn)}) got no module URL: it got ${evaluation}. ` +
        'The file was probably compiled to CommonJS, which has no import.meta. Write there what is there:\n' +
        `    task(module, ${nameOf(fn)})           in CommonJS\n` +
        `    task(__filename, ${nameOf(fn)})       in CommonJS that webpack, rspack or ncc bundles\n` +
        `    task(import.meta.url, ${nameOf(fn)})  where the bundler knows this expression only (rspack, tsup --shims)\n` +
        'or build an ES module: esbuild --format=esm; webpack and rspack: module.parser.javascript.importMeta: false; ' +
        'tsc: "module": "nodenext" with "type": "module", or a .mts file. Next.js, Nuxt, Nitro: the tasks in an installed package of their own. Is it a dependency? Leave it outside of the bundle.',
    )
  }
  options = checkOptions(`task(import.meta, ${nameOf(fn)}, …)`, options, taskOptionNames)
  const { idempotent = false, accepts } = options
  if (typeof idempotent !== 'boolean') {
    throw new OptionError(
      `task(import.meta, ${nameOf(fn)}, { idempotent }) takes true or false; it got ${describe(idempotent)}.`,
    )
  }
  if (accepts !== undefined && typeof accepts?.['~standard']?.validate !== 'function') {
    throw new OptionError(
      `task(import.meta, ${nameOf(fn)}, { accepts }) takes a schema, as z.tuple([z.number()]) of zod makes; it got ${describe(accepts)}.`,
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
  const made = fn as Task<F>
  const position = register(evaluation, made)
  Object.defineProperties(fn, {
    module: { value: evaluation.url },
    position: { value: position },
    idempotent: { value: idempotent },
    accepts: { value: accepts },
    [addressed]: { value: true },
    [madeBy]: { value: thisCopy },
  })
  return made
}

/**
 * Whether `value` was made by `task()`, by this copy of atonce or another that goes together with
 * it.
 */
export function isTask(value: unknown): value is Task {
  return typeof value === 'function' && (value as { [addressed]?: boolean })[addressed] === true
}

/**
 * Throws the error that shows how to make a task of what is none; `taker` says who wants one, if it
 * is not an executor.
 * @throws InvalidTaskError
 */
export function assertTask(value: unknown, taker = ''): asserts value is Task {
  if (isTask(value)) return
  if (typeof value !== 'function') {
    throw new InvalidTaskError(
      `${taker}An executor runs a task; it got ${describe(value)}. Make one: export const work = task(import.meta, function work(…) { … })`,
    )
  }
  const name = nameOf(value)
  const { [madeBy]: other } = value as { [madeBy]?: Copy }
  if (other !== undefined) {
    throw new InvalidTaskError(
      `${taker}${name} is a task of ${showCopy(other)}; this executor is of ${showCopy(thisCopy)}, and the two can't work together. ` +
        'Install one version for both: npm ls atonce shows who asks for which.',
    )
  }
  throw new InvalidTaskError(
    `${taker}${name} is a plain function; a worker has no way to find it. Make it a task, in a module of its own:\n` +
      "    import { task } from 'atonce'\n" +
      `    ${lineOf(value)}`,
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
