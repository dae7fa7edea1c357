/**
 * { module, position } → function: what `task()` writes and what a worker looks up.
 *
 * One table per thread, shared by all copies of atonce in it (the command line's, the program's
 * own), so that a task made by one copy is found by a worker that another copy started.
 */
import { type ModuleVersion, versionOf } from '../declared/module-version.ts'
import { type Evaluation, isSameEvaluation } from '../declared/where.ts'
import { type Copy, sharedByCopies, thisCopy } from '../runtime/copies.ts'

/** A module that has called `task()`, of its last evaluation. */
export interface TaskModule {
  /** The evaluation that defined the tasks. */
  readonly evaluation: Evaluation
  /** The file's state when its first task was defined; undefined when it is not a file. */
  readonly version: ModuleVersion | undefined
  /** In the order of their definition. */
  readonly tasks: Function[]
}

const shared = sharedByCopies('registry', () => ({
  // A Map, so that a module or a name such as `__proto__` is only data.
  modules: new Map<string, TaskModule>(),
  /** Which evaluation each task is of: its module may have been evaluated anew since. */
  moduleOf: new WeakMap<Function, TaskModule>(),
  renewals: 0,
}))

/**
 * Which copy has the tasks of a module, for copies that can't read the table above; its shape never
 * changes.
 */
const holdersKey: unique symbol = Symbol.for('atonce.holders') as never
const here = globalThis as { [holdersKey]?: Map<string, Copy> }
if (here[holdersKey] === undefined)
  Object.defineProperty(here, holdersKey, { value: new Map(), configurable: true })
const holders = here[holdersKey] as unknown as Map<string, Copy>

/** Enters a task and returns its position. A module that is evaluated anew starts again from 0. */
export function register(evaluation: Evaluation, task: Function): number {
  const { url } = evaluation
  let entry = shared.modules.get(url)
  if (entry === undefined || !isSameEvaluation(entry.evaluation, evaluation)) {
    if (entry !== undefined) shared.renewals += 1
    entry = { evaluation, version: versionOf(url), tasks: [] }
    shared.modules.set(url, entry)
    holders.set(url, thisCopy)
  }
  shared.moduleOf.set(task, entry)
  return entry.tasks.push(task) - 1
}

/** The module's entry, or undefined if it has called `task()` never. */
export function lookup(module: string): TaskModule | undefined {
  return shared.modules.get(module)
}

/** All tasks of this thread, of each module's last evaluation. */
export function* registered(): Generator<Function> {
  for (const { tasks } of shared.modules.values()) yield* tasks
}

/** The evaluation that the task is of; undefined of one that stands for a task of another side. */
export function moduleOf(task: Function): TaskModule | undefined {
  return shared.moduleOf.get(task)
}

/**
 * How often a module was evaluated anew in this thread: workers that were started before have other
 * code.
 */
export function renewals(): number {
  return shared.renewals
}

/** The copy of atonce that has the module's tasks, though this one does not find them. */
export function otherHolder(module: string): Copy | undefined {
  const holder = holders.get(module)
  return holder?.compatibility === thisCopy.compatibility ? undefined : holder
}
