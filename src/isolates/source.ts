/**
 * What an isolate runs when it is given a source: a task like any other, so that a source has the
 * errors, limits of time and order of calls.
 *
 * The far side finds it as it finds any task, by module and position: bundled, in the bundle.
 */

import { urlOfCaller } from '../runtime/call-site.ts'
import { type Task, task } from '../task/task.ts'

/**
 * Runs the source as a script of this thread, and gives the value of its last expression, once
 * waited for. A function is none that crosses, and what a declaration leaves behind: it gives
 * undefined.
 *
 * A script and no module: what it declares at its top level is there for the next one.
 */
async function exec(source: string, filename: string): Promise<unknown> {
  const vm = process.getBuiltinModule('node:vm')
  const importModuleDynamically = vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER
  const value: unknown = await vm.runInThisContext(source, { filename, importModuleDynamically })
  return typeof value === 'function' ? undefined : value
}

// Bundled to CommonJS, there is no import.meta.
export const sourceTask: Task<typeof exec> = task(import.meta.url ?? urlOfCaller(undefined), exec)
