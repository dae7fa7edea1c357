/** Makes tasks of a module's plain functions, in the order of their names, so that both sides number them alike. */
import { type Task, task } from '../../../src/index.ts'

export function wrap(meta: ImportMeta, plain: Record<string, unknown>): Map<string, Task> {
  const names = Object.keys(plain).sort()
  return new Map(
    names
      .filter(name => typeof plain[name] === 'function')
      .map(name => [name, task(meta, plain[name] as () => unknown)]),
  )
}
