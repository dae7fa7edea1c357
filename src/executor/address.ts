/** What a worker needs to find a task, and the check that a worker can import it. */
import { digestOf, showModule, standsIn } from '../declared/module-version.ts'
import { packageVersion, portableModule } from '../declared/portable-module.ts'
import { isCommonJs } from '../declared/where.ts'
import { InvalidTaskError } from '../errors.ts'
import { moduleOf } from '../task/registry.ts'
import { type AnyFunction, nameOf, type Task } from '../task/task.ts'
import type { LoadMessage } from '../wire/messages.ts'

export type Address = Omit<LoadMessage, 'kind' | 'ref'>

const addresses = new WeakMap<Task, Address>()

/**
 * The task's address; made once.
 * @throws InvalidTaskError if the task is defined in a test file, which a worker would run as
 *   tests, or if it runs from another file than its module says, which the worker would not import
 */
export function addressOf(task: Task): Address {
  const known = addresses.get(task)
  if (known !== undefined) return known
  const renamed = renamedFrom.get(task)
  if (renamed !== undefined) return addressOf(renamed)
  const { module, position } = task
  if (isTestFile(module)) {
    throw new InvalidTaskError(
      `Task ${nameOf(task)} is defined in a test file (${module}). A worker would have to import that file, and so run its tests. ` +
        'Move the task to a module of its own, and import it from the test.',
    )
  }
  const evaluated = moduleOf(task)
  const runsFrom = evaluated?.evaluation.runsFrom
  if (runsFrom !== undefined) throw builtInto(runsFrom, task)
  const address = {
    module,
    position,
    name: task.name,
    version: evaluated?.version,
    digest: digestOf(task),
    ...(evaluated !== undefined && isCommonJs(evaluated.evaluation) ? { isCommonJs: true } : {}),
    ...(task.name === '' && standsIn(module, task) ? { isVerbatim: true } : {}),
  }
  addresses.set(task, address)
  return address
}

const otherNames = new WeakMap<Task, Map<string, Task>>()
const renamedFrom = new WeakMap<Task, Task>()
/** Workers keep what they were told of each task. */
const mostNames = 256

/**
 * The task by the name of what it calls for its caller: for errors, traces and figures. It has the
 * same address, so the far side finds the same function. The same name gives the same object;
 * beyond 256 names it is the task itself.
 */
export function calledAs<F extends AnyFunction>(task: Task<F>, name: string): Task<F> {
  const names = otherNames.get(task) ?? new Map<string, Task>()
  otherNames.set(task, names)
  const known = names.get(name)
  if (known !== undefined) return known as Task<F>
  if (names.size >= mostNames) return task
  const other = Object.defineProperties((...args: unknown[]) => task(...args), {
    ...Object.getOwnPropertyDescriptors(task),
    name: { value: name },
  }) as unknown as Task<F>
  renamedFrom.set(other, task)
  names.set(name, other)
  return other
}

/** The identity of a task on every machine, for all that goes over a network. */
export interface TaskIdentity {
  /** Its package, and the path in it: `package:shop/src/tasks`. */
  readonly module: string
  readonly name: string
  /** How many tasks of the same name the module had defined before. */
  readonly nth: number
  /** Of its text, so that only the same function runs. */
  readonly digest: string
  /** Of its package, for messages. */
  readonly version: string
}

const identities = new WeakMap<Task, TaskIdentity>()

/**
 * The task's identity; made once.
 * @throws InvalidTaskError as `addressOf`
 */
export function identityOf(task: Task): TaskIdentity {
  const known = identities.get(task)
  if (known !== undefined) return known
  const { module, position, name, digest } = addressOf(task)
  const before = moduleOf(task)?.tasks.slice(0, position) ?? []
  const identity = {
    module: portableModule(module),
    name,
    nth: before.filter(other => other.name === name).length,
    digest: digest as string,
    version: packageVersion(module),
  }
  identities.set(task, identity)
  return identity
}

/** Notes the address of a stand-in for a task of another side. */
export function knowAddress(task: Task, address: Address): void {
  addresses.set(task, address)
}

/**
 * A worker would run the source instead of what was built from it: perhaps other code, and all its
 * imports a second time.
 */
function builtInto(file: string, task: Task): InvalidTaskError {
  return new InvalidTaskError(
    `Task ${nameOf(task)} names ${showModule(task.module)} as its module, but its code runs from ${file}: a bundler has put the URL of the source in the place of import.meta. ` +
      'A worker would import the source, and not what was built of it. Keep import.meta as it is:\n' +
      '    webpack, rspack, ncc: module.parser.javascript.importMeta: false, with an ES module as output\n' +
      "    Next.js (webpack or Turbopack): a package of its own for the tasks, installed (not linked, as a workspace is) and listed with 'atonce' in serverExternalPackages\n" +
      '    others: leave the module of the tasks out of the bundle, as an external',
  )
}

/**
 * By its name. The environment of a test runner says nothing, since the programs that a test starts
 * inherit it.
 */
function isTestFile(module: string): boolean {
  return /[._-](test|spec)\.[cm]?[jt]sx?([?#]|$)/.test(module)
}
