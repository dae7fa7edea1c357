/**
 * Makes tasks of a module's plain functions (those that are tasks already stay so), in the order of
 * their names, so that both sides number them alike.
 */
import { isTask, type Task, task } from '../../../src/index.ts'

export function wrap(meta: ImportMeta, plain: Record<string, unknown>): Map<string, Task> {
  const names = Object.keys(plain).sort()
  return new Map(
    names
      .filter(name => typeof plain[name] === 'function')
      .map(name => {
        const given = plain[name]
        return [name, isTask(given) ? given : task(meta, given as () => unknown)]
      }),
  )
}
