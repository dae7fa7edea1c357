/**
 * The calls that a worker makes for itself: `initialize` when it has started, `teardown` before it
 * ends. Given as a task, or as a task and its arguments.
 */
import { shown } from '../checks.ts'
import { OptionError } from '../errors.ts'
import { assertTask, type Task } from '../task/task.ts'

/** A task without arguments, or a task and its arguments. */
export type OwnCallOption<A extends readonly unknown[]> =
  | Task<() => unknown>
  | readonly [task: Task<(...args: any[]) => unknown>, ...args: A]

/** A call that a worker makes for itself. */
export interface OwnCall {
  readonly task: Task
  readonly args: readonly unknown[]
}

/**
 * @throws OptionError, InvalidTaskError if it is neither a task nor a list that begins with one
 */
export function checkOwnCall(
  what: string,
  given: OwnCallOption<readonly unknown[]> | undefined,
): OwnCall | undefined {
  if (given === undefined) return undefined
  if (!Array.isArray(given)) {
    assertTask(given)
    return { task: given as Task, args: [] }
  }
  const [task, ...args] = given as readonly [Task, ...unknown[]]
  if (task === undefined)
    throw new OptionError(
      `${what} takes a task, or [task, …its arguments]; it got ${shown(given)}, which is empty.`,
    )
  assertTask(task)
  return { task, args }
}
