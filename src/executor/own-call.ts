/**
 * The calls that a worker makes for itself: `initialize` when it has started, `teardown` before it
 * ends. Given as a task, or as a task and its arguments.
 */
import { shown } from '../checks.ts'
import { InvalidTaskError, OptionError } from '../errors.ts'
import { assertTask, nameOf, type Task } from '../task/task.ts'

const { types } = process.getBuiltinModule('node:util')

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
  const [task, ...args]: readonly unknown[] = Array.isArray(given) ? given : [given]
  const isList = Array.isArray(given)
  if (typeof task !== 'function') {
    const got = isList
      ? given.length === 0
        ? 'an empty array'
        : `an array that begins with ${shown(task)}`
      : shown(given)
    throw new OptionError(
      `${what} takes a task, or [task, …its arguments]; it got ${got}. Make one: export const ready = task(import.meta, function ready() { … })`,
    )
  }
  assertTask(task, `${what} takes a task, or [task, …its arguments]. `)
  if (types.isGeneratorFunction(task))
    throw new InvalidTaskError(
      `${what} takes a task that runs to its end; ${nameOf(task)} is a generator function, of which nothing would run. Leave out its *, or call its steps in one function.`,
    )
  return { task, args }
}
