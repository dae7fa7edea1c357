/** What a worker must know to find a task, and the check that a worker can import it at all. */
import { digestOf } from '../declared/module-version.ts'
import { InvalidTaskError } from '../errors.ts'
import { lookup } from '../task/registry.ts'
import { nameOf, type Task } from '../task/task.ts'
import type { LoadMessage } from '../wire/messages.ts'

export type Address = Omit<LoadMessage, 'kind' | 'ref'>

const addresses = new WeakMap<Task, Address>()

/**
 * The task's address; made once.
 * @throws InvalidTaskError if the task is defined in a test file, which a worker would run as tests
 */
export function addressOf(task: Task): Address {
  const known = addresses.get(task)
  if (known !== undefined) return known
  const { module, position } = task
  if (isTestFile(module)) {
    throw new InvalidTaskError(
      `Task ${nameOf(task)} is defined in a test file (${module}). A worker would have to import that file, and so run its tests. ` +
        'Move the task to a module of its own, and import it from the test.',
    )
  }
  const address = {
    module,
    position,
    name: task.name,
    version: lookup(module)?.version,
    digest: digestOf(task),
  }
  addresses.set(task, address)
  return address
}

/** Notes the address of a task that stands for one of another side. */
export function knowAddress(task: Task, address: Address): void {
  addresses.set(task, address)
}

/** By its name; the environment of a test runner is inherited by the programs that a test starts, so it tells nothing. */
function isTestFile(module: string): boolean {
  return /[._-](test|spec)\.[cm]?[jt]sx?([?#]|$)/.test(module)
}
