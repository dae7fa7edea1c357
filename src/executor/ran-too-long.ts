/** The error of a call whose task has run for longer than it may: `runTimeoutMs`. */
import { TimeoutError } from '../errors.ts'
import { nameOf, type Task } from '../task/task.ts'

export function ranTooLong(task: Task, runTimeoutMs: number): TimeoutError {
  return new TimeoutError(
    `${nameOf(task)} did not end within ${runTimeoutMs} ms of its beginning; it was running.`,
    runTimeoutMs,
  )
}
