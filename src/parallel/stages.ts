/**
 * What a chunk of inputs goes through on its worker, item by item, as a plain loop would:
 *
 *     item ─▶ stage ─▶ stage ─▶ … ─▶ sink        one that filters ends it, one that flattens makes many of it
 *
 * What returns a promise is waited for; what does not costs no promise.
 */
import { checkStep } from '../task/step.ts'
import type { Task } from '../task/task.ts'
import { isThenable } from '../task/thenable.ts'
import type { Named } from './named.ts'

export type StageKind = 'map' | 'filter' | 'flatMap'

export interface Stage<T = Named> {
  readonly kind: StageKind
  readonly task: T
}

/** Takes what has come through all stages; its promise, if it gives one, is waited for. */
export type Sink = (value: unknown) => unknown

type Done = PromiseLike<unknown> | undefined

export class Stages {
  readonly #stages: readonly Stage<Task>[]
  readonly #sink: Sink

  constructor(stages: readonly Stage<Task>[], sink: Sink) {
    this.#stages = stages
    this.#sink = sink
  }

  /** Takes one item through; a promise if it has to be waited for. */
  take(item: unknown): Done {
    return this.#from(0, item)
  }

  #from(at: number, value: unknown): Done {
    for (; at < this.#stages.length; at += 1) {
      const { kind, task } = this.#stages[at] as Stage<Task>
      const result: unknown = task(value)
      if (isThenable(result)) return this.#later(at, value, result)
      if (kind === 'flatMap') return this.#each(at + 1, result)
      if (kind === 'map') value = result
      else if (!result) return undefined
    }
    const taken = this.#sink(value)
    return isThenable(taken) ? taken : undefined
  }

  async #later(at: number, value: unknown, result: PromiseLike<unknown>): Promise<void> {
    const settled = await result
    const { kind } = this.#stages[at] as Stage<Task>
    if (kind === 'flatMap') await this.#each(at + 1, settled)
    else if (kind === 'map') await this.#from(at + 1, settled)
    else if (settled) await this.#from(at + 1, value)
  }

  #each(at: number, values: unknown): Done {
    const { task } = this.#stages[at - 1] as Stage<Task>
    if (typeof values === 'object' && values !== null) {
      if (Symbol.iterator in values) return this.#rest(at, (values as Iterable<unknown>)[Symbol.iterator]())
      if (Symbol.asyncIterator in values) return this.#eachLater(at, values as AsyncIterable<unknown>)
    }
    throw new TypeError(
      `flatMap(${task.name}) takes a task that gives a list, or is a generator; it gave ${typeof values}. To give one value for each, use map.`,
    )
  }

  #rest(at: number, values: Iterator<unknown>): Done {
    for (let next = step(values); !next.done; next = step(values)) {
      const done = this.#from(at, next.value)
      if (done !== undefined) return this.#restLater(at, values, done)
    }
    return undefined
  }

  async #restLater(at: number, values: Iterator<unknown>, done: PromiseLike<unknown>): Promise<void> {
    await done
    await this.#rest(at, values)
  }

  async #eachLater(at: number, values: AsyncIterable<unknown>): Promise<void> {
    for await (const value of values) await this.#from(at, value)
  }
}

function step(values: Iterator<unknown>): IteratorResult<unknown> {
  return checkStep(values.next())
}
