/**
 * Why calls that a task makes are refused or end early, in the same words on every model.
 */
import { AbortError, ClosedError } from '../errors.ts'
import { nameOf, type Task } from '../task/task.ts'

/** The task was to be run by a call that has ended. */
export function madeTooLate(task: Task): ClosedError {
  return new ClosedError(
    `The call that wanted to run ${nameOf(task)} on its own executor has ended. Await nested calls before the task returns.`,
  )
}

/** A call of `maker` has made it, and was cancelled; `cause` says why, where that is known. */
export function makerCancelled(maker: Task, cause?: Error): AbortError {
  return new AbortError(
    `The call that made it, ${nameOf(maker)}, was cancelled.`,
    cause === undefined ? undefined : { cause },
  )
}

/** A call, of `maker` where that is known, has made it and has ended without waiting for it. */
export function makerEnded(maker?: Task): AbortError {
  const who = maker === undefined ? '' : `, ${nameOf(maker)},`
  return new AbortError(`The call that made it${who} has ended before it.`)
}
