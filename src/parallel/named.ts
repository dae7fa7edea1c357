/** Tasks as arguments of other tasks: by address where they cross, as they are where they stay. */
import { addressOf } from '../executor/address.ts'
import type { Executor } from '../executor/executor.ts'
import { assertTask, type Task } from '../task/task.ts'
import type { LoadMessage } from '../wire/messages.ts'
import { loadTask } from '../worker/far/loader.ts'

/** A task on its way: itself, or what the far side finds it by. */
export type Named = Task | LoadMessage

/** How the task is told to a call on the executor. @throws InvalidTaskError */
export function named(task: Task, executor: Executor): Named {
  assertTask(task)
  return executor.model === 'coroutines' ? task : { kind: 'load', ref: 0, ...addressOf(task) }
}

const found = new Map<string, Task>()

/**
 * The task, on the side where it is to run; imported the first time. @throws TaskLoadError,
 * TaskVersionError
 */
export async function resolve(task: Named): Promise<Task> {
  if (typeof task === 'function') return task
  const key = `${task.position} ${task.digest} ${task.module}`
  const known = found.get(key)
  if (known !== undefined) return known
  const loaded = await loadTask(task)
  found.set(key, loaded)
  return loaded
}
