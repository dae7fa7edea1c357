/**
 * The tasks that a node runs: those that its own modules have defined, by what they are known by on
 * every machine.
 *
 * A message is only looked up here, by its exact key. Nothing is imported because of a message.
 */
import { identityOf, type TaskIdentity } from '../executor/address.ts'
import { registered } from '../task/registry.ts'
import { nameOf, type Task } from '../task/task.ts'

/** A task that was found, or why there is none. */
export type Found = { readonly task: Task } | { readonly why: string }

export class Catalogue {
  readonly #only: readonly Task[] | undefined
  #byKey = new Map<string, Task>()

  /** Without `only`, all tasks that this program's modules have defined, whenever they did. */
  constructor(only?: readonly Task[]) {
    this.#only = only
  }

  find(wanted: TaskIdentity): Found {
    const key = keyOf(wanted)
    if (!this.#knows(key, wanted)) this.#refresh()
    const task = this.#byKey.get(key)
    if (task === undefined) return { why: `no module here has defined ${show(wanted)}` }
    const { digest, version } = identityOf(task)
    if (digest !== wanted.digest)
      return {
        why: `${show(wanted)} is another function here${version === wanted.version ? '' : ` (version ${version} here, ${wanted.version} there)`}`,
      }
    return { task }
  }

  /** What is known, as it is shown. */
  names(): string[] {
    this.#refresh()
    return [...this.#byKey.values()].map(task => nameOf(task))
  }

  #knows(key: string, { digest }: TaskIdentity): boolean {
    const known = this.#byKey.get(key)
    return known !== undefined && identityOf(known).digest === digest
  }

  /** Modules may have been imported since, or evaluated anew. */
  #refresh(): void {
    this.#byKey = new Map()
    for (const task of this.#only ?? (registered() as Iterable<Task>)) {
      const identity = identityIfAny(task)
      if (identity !== undefined) this.#byKey.set(keyOf(identity), task)
    }
  }
}

/**
 * None of a task in a test file, or of a bundle that hides its modules: nobody could have called it
 * here.
 */
function identityIfAny(task: Task): TaskIdentity | undefined {
  try {
    return identityOf(task)
  } catch {
    return undefined
  }
}

function keyOf({ module, name, nth }: TaskIdentity): string {
  return `${module}#${name}#${nth}`
}

/** A task as messages name it. */
export function show({ module, name, nth }: TaskIdentity): string {
  return `${module.replace(/^package:/, '')}#${name}${nth === 0 ? '' : ` (number ${nth + 1} of that name)`}`
}
