/** Who is told when an actor has ended. */
import type { Ended } from './contract.ts'
import type { StopReason } from './reason.ts'

export class Watchers {
  readonly #all = new Set<Ended>()

  /** Adds one; returns what takes it away. The same function can be added twice. */
  add(ended: Ended): () => void {
    const watcher: Ended = reason => ended(reason)
    this.#all.add(watcher)
    return () => void this.#all.delete(watcher)
  }

  /** The actor has ended: tells each once. */
  tell(reason: StopReason): void {
    const all = [...this.#all]
    this.#all.clear()
    for (const watcher of all) watcher(reason)
  }
}
