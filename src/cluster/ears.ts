/** Who in this program waits for tasks that were submitted to be fetched. */
import { ClosedError } from '../errors.ts'
import type { Settled } from './messages.ts'
import { parting } from './parting.ts'

export interface Ear {
  heard(ending: Settled): void
  /** Looks whether the ending is in the store. */
  look(): Promise<void>
  closed(why: ClosedError): void
}

export class Ears {
  readonly #name: string
  /** By the id of the task. */
  readonly #ears = new Map<string, Set<Ear>>()
  #closed = false

  constructor(name: string) {
    this.#name = name
  }

  /** For how many tasks somebody waits. */
  get count(): number {
    return this.#ears.size
  }

  /** Returns what ends it. */
  listen(id: string, ear: Ear): () => void {
    if (this.#closed) ear.closed(this.#closedFor(id))
    const ears = this.#ears.get(id) ?? new Set()
    ears.add(ear)
    this.#ears.set(id, ears)
    return () => {
      ears.delete(ear)
      if (ears.size === 0) this.#ears.delete(id)
    }
  }

  hear(ending: Settled): void {
    for (const ear of this.#ears.get(ending.id) ?? []) ear.heard(ending)
  }

  /** Everyone looks once more, and is told then that nothing comes. */
  async close(): Promise<void> {
    await parting(...[...this.#ears.values()].flatMap(ears => Array.from(ears, ear => ear.look())))
    this.#closed = true
    for (const [id, ears] of this.#ears) for (const ear of ears) ear.closed(this.#closedFor(id))
  }

  #closedFor(id: string): ClosedError {
    return new ClosedError(
      `${this.#name} is closed, and the result of task ${id} has not come. Ask for it from any program: result('${id}').`,
    )
  }
}
