/**
 * The time limit of a worker. It has one at a time: for its start, for an import, or for what its
 * owner waits for.
 */
import type { Runtime, Timer } from '../runtime/runtime.ts'

export class Deadline {
  readonly #runtime: Runtime
  #timer: Timer | undefined
  #ofImport = false

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  get isSet(): boolean {
    return this.#timer !== undefined
  }

  /** Whether it is set, and ends an import. */
  get isOfImport(): boolean {
    return this.#ofImport
  }

  /**
   * Calls `passed` after `ms`, unless `clear` is called before. Replaces the present limit.
   */
  set(ms: number, passed: () => void, ofImport = false): void {
    this.clear()
    this.#ofImport = ofImport
    this.#timer = this.#runtime.setTimer(ms, passed)
  }

  clear(): void {
    this.#ofImport = false
    this.#timer?.cancel()
    this.#timer = undefined
  }
}
