/** Who waits here for results of submitted tasks. */
import { ClosedError } from '../errors.ts'
import type { Parked } from '../runtime/park.ts'
import type { Settled } from './messages.ts'

export class ResultWaits {
  /** By the id of their task. */
  readonly #waits = new Map<string, Set<Parked<Settled>>>()
  #closed: string | undefined

  get any(): boolean {
    return this.#waits.size > 0
  }

  /** @returns what to call once the wait is over */
  add(id: string, wait: Parked<Settled>): () => void {
    if (this.#closed !== undefined) wait.fail(closedBefore(id, this.#closed))
    const waits = this.#waits.get(id) ?? new Set()
    this.#waits.set(id, waits.add(wait))
    return () => {
      waits.delete(wait)
      if (waits.size === 0) this.#waits.delete(id)
    }
  }

  heard(ending: Settled): void {
    for (const wait of this.#waits.get(ending.id) ?? []) wait.unpark(ending)
  }

  /** Nothing is heard, or looked for, any more. */
  close(name: string): void {
    this.#closed = name
    for (const [id, waits] of this.#waits) for (const wait of waits) wait.fail(closedBefore(id, name))
  }
}

function closedBefore(id: string, name: string): ClosedError {
  return new ClosedError(
    `${name} was closed before the result of task ${id} was here. The task goes on: ask for it again by cluster(…).result('${id}').`,
  )
}
