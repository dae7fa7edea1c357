/**
 * { module, position } → function: what `task()` writes and what a worker looks up.
 *
 * One table per thread, shared by all copies of atonce in it (the command line's, the program's own), so that a task
 * made by one copy is found by a worker that another copy started.
 */
import { type ModuleVersion, versionOf } from '../declared/module-version.ts'

/** A module that has called `task()`. */
export interface TaskModule {
  /** The `import.meta` of the evaluation that defined the tasks. */
  readonly meta: ImportMeta
  /** The file's state when its first task was defined; undefined when it is no file. */
  readonly version: ModuleVersion | undefined
  /** In the order of their definition. */
  readonly tasks: Function[]
}

const key = Symbol.for('atonce.registry.1')
const holder = globalThis as { [key]?: Map<string, TaskModule> }

// A Map, so that a module or a name such as `__proto__` is only data.
const modules = (): Map<string, TaskModule> => {
  holder[key] ??= new Map()
  return holder[key]
}

/**
 * Enters a task and returns its position. A module that is evaluated anew (a development server reloads it, a test
 * runner evaluates it once per file) brings another `import.meta`, and starts again from 0.
 */
export function register(meta: ImportMeta, task: Function): number {
  const url = meta.url
  let entry = modules().get(url)
  if (entry === undefined || entry.meta !== meta) {
    entry = { meta, version: versionOf(url), tasks: [] }
    modules().set(url, entry)
  }
  return entry.tasks.push(task) - 1
}

/** The module's entry, or undefined if it has called `task()` never. */
export function lookup(module: string): TaskModule | undefined {
  return modules().get(module)
}
