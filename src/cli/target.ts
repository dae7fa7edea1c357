/** `file#task`: finds the module, imports it, and finds the task in it. */

import { readdirSync, statSync } from 'node:fs'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { resolve as resolvePackage } from 'import-meta-resolve'
import type { ActorClass } from '../actors.ts'
import { isTask, type Task } from '../index.ts'
import { harmless } from '../live/harmless.ts'
import { lineOf } from '../task/line.ts'
import { calledBy } from './early-exit.ts'
import { oneLine, summaryOf, UsageError } from './ending.ts'
import { didYouMean } from './suggestion.ts'
import { packageFolder } from './surroundings.ts'

/** A task that the command line names. */
export interface Target {
  /** As it is typed: `./primes.ts#countPrimes`. */
  readonly label: string
  readonly task: Task
}

/** Whether the text names a module, rather than a workload of the gallery. */
export function looksLikeModule(text: string): boolean {
  return /[#./\\@:]/.test(text)
}

/**
 * Loads `./file.ts#task` or `package/path#task`; without `#task` when the module exports exactly
 * one task.
 * @throws UsageError in all other cases; the message names what is there
 */
export async function loadTarget(text: string): Promise<Target> {
  const { module, exportName } = split(text)
  const exported = await importModule(module, locate(module))
  const name = exportName ?? onlyTask(module, exported)
  const value = exported[name]
  if (isTask(value)) {
    if (yields(value)) throw new UsageError(whyNoGenerator(module, name))
    return { label: harmless(`${module}#${name}`), task: value }
  }
  throw new UsageError(whyNoTask(module, name, exported))
}

/**
 * What a node runs of a module: its tasks, and the classes of its actors.
 * @throws UsageError if it exports neither
 */
export async function loadForNode(module: string): Promise<{ tasks: Task[]; entities: ActorClass[] }> {
  const exported = await importModule(module, locate(module))
  const { isActorClass } = await import('../cluster.ts')
  const entities = Object.values(exported).filter(isActorClass)
  if (entities.length === 0) onlyTaskOrMore(module, exported)
  return { tasks: taskNames(exported).map(name => exported[name] as Task), entities }
}

function onlyTaskOrMore(module: string, exported: Record<string, unknown>): void {
  if (taskNames(exported).length === 0) onlyTask(module, exported) // It says how to make one.
}

function split(text: string): { module: string; exportName: string | undefined } {
  const at = text.lastIndexOf('#')
  const module = at === -1 ? text : text.slice(0, at)
  const exportName = at === -1 ? undefined : text.slice(at + 1)
  if (module === '' || exportName === '') {
    throw new UsageError(
      `A target is a module and a task in it, as ./primes.ts#countPrimes; it got ${JSON.stringify(text)}.`,
    )
  }
  return { module, exportName }
}

/** The module's URL: a file, seen from the current folder, or a package that is installed here. */
function locate(module: string): string {
  if (module.startsWith('file:')) return locate(fileURLToPath(module))
  const path = resolve(module)
  const found = statSync(path, { throwIfNoEntry: false })
  if (found?.isFile()) return pathToFileURL(path).href
  if (found !== undefined) {
    throw new UsageError(
      `${module} is a directory. Name the module in it, as ${join(module, 'tasks.ts')}#task.`,
    )
  }
  if (/^[.\\/]|\.[cm]?[jt]sx?$|^[A-Za-z]:/.test(module))
    throw new UsageError(`No such file: ${module}.${nearbyFile(path)}`)
  try {
    return resolvePackage(module, pathToFileURL(join(process.cwd(), sep)).href)
  } catch (error) {
    throw new UsageError(
      `No such file and no such package: ${module}. A file begins with ./ as in ./${module}.ts#task.`,
      { cause: error },
    )
  }
}

function nearbyFile(path: string): string {
  try {
    const suggestion = didYouMean(basename(path), readdirSync(dirname(path)))
    return suggestion === '' ? ` It was looked for at ${path}.` : suggestion
  } catch {
    return ` There is no folder ${dirname(path)}.`
  }
}

async function importModule(module: string, url: string): Promise<Record<string, unknown>> {
  try {
    return await calledBy(harmless(module), () => import(url))
  } catch (error) {
    throw new UsageError(`${module} can't be imported: ${whyNotImported(error)}`, { cause: error })
  }
}

function whyNotImported(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' || code === 'ERR_IMPORT_ATTRIBUTE_MISSING') {
    return 'it is not a JavaScript or TypeScript module. Name a .js, .mjs, .ts or .mts file.'
  }
  if (code === 'ERR_MODULE_NOT_FOUND' && /'atonce'/.test(String(error))) {
    return `it imports atonce, which is not installed in its folder or above. Run there: npm install atonce (this copy: npm install ${packageFolder()})`
  }
  const place = placeOf(error)
  return `${summaryOf(error)}${place === undefined ? '' : ` (${place})`}`
}

/**
 * Where a syntax error stands: the first line of its stack is `file:///…/tasks.ts:3`, or the bare
 * path.
 */
function placeOf(error: unknown): string | undefined {
  const first = error instanceof Error ? oneLine(error.stack ?? '') : ''
  const [, place, line] = /^(?:file:\/\/)?(\/.*|[A-Za-z]:.*):(\d+)$/.exec(first) ?? []
  return place === undefined ? undefined : `${relative(process.cwd(), place)}, line ${line}`
}

function onlyTask(module: string, exported: Record<string, unknown>): string {
  const names = taskNames(exported)
  const [first] = names
  if (first !== undefined && names.length === 1) return first
  if (names.length > 1) {
    throw new UsageError(
      `${module} exports ${names.length} tasks (${names.join(', ')}). Name one of them: ${module}#${first}`,
    )
  }
  const plain = Object.keys(exported).find(name => typeof exported[name] === 'function')
  throw new UsageError(
    plain === undefined
      ? `${module} exports no task. Make one: export const work = task(import.meta, function work(…) { … })`
      : whyNoTask(module, plain, exported),
  )
}

function whyNoTask(module: string, name: string, exported: Record<string, unknown>): string {
  const value = exported[name]
  if (!(name in exported)) {
    const names = Object.keys(exported)
    const there = names.length === 0 ? 'It exports nothing.' : `It exports ${names.join(', ')}.`
    return `${module} has no export ${name}. ${there}${didYouMean(name, names)}`
  }
  if (typeof value !== 'function')
    return `${module}#${name} is ${value === null ? 'null' : `of type ${typeof value}`}, not a task.${alternatives(exported)}`
  return (
    `${module}#${name} is a plain function, not a task: no worker could find it. ` +
    `Make it one: ${lineOf(value)}`
  )
}

function yields(task: Task): boolean {
  return /GeneratorFunction\]$/.test(Object.prototype.toString.call(task))
}

function whyNoGenerator(module: string, name: string): string {
  return (
    `${module}#${name} is a generator, which yields many values; the command line takes one result for each input. ` +
    `Return a list from a task of its own, or stream it in a program: executor.stream(${name}, …)`
  )
}

function alternatives(exported: Record<string, unknown>): string {
  const names = taskNames(exported)
  return names.length === 0 ? '' : ` Its tasks are ${names.join(', ')}.`
}

function taskNames(exported: Record<string, unknown>): string[] {
  return Object.keys(exported).filter(name => isTask(exported[name]))
}
