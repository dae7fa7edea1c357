/**
 * The calls that a worker runs beside its hand, while all the calls that it has begun wait for
 * nested ones: see families.ts.
 */

import type { ReadyJob } from '../executor/ready-job.ts'
import { waits } from './families.ts'

export class Helping {
  readonly #calls = new Map<number, ReadyJob>()

  get count(): number {
    return this.#calls.size
  }

  /** The oldest first. */
  get all(): readonly ReadyJob[] {
    return [...this.#calls.values()]
  }

  /** How many of them have no outcome yet. */
  get open(): number {
    let open = 0
    for (const ready of this.#calls.values()) if (!ready.over) open += 1
    return open
  }

  /** Whether each of them waits for nested calls too. */
  get allWait(): boolean {
    for (const ready of this.#calls.values()) if (!waits(ready)) return false
    return true
  }

  /** Adds the call under that number, which no call of the hand has. */
  add(seq: number, ready: ReadyJob): void {
    ready.seq = seq
    this.#calls.set(seq, ready)
  }

  has(seq: number): boolean {
    return this.#calls.size > 0 && this.#calls.has(seq)
  }

  get(seq: number): ReadyJob | undefined {
    return this.#calls.get(seq)
  }

  remove(seq: number): ReadyJob | undefined {
    const ready = this.#calls.get(seq)
    this.#calls.delete(seq)
    return ready
  }

  /** Takes all of them out, the oldest first. */
  clear(): ReadyJob[] {
    const all = [...this.#calls.values()]
    this.#calls.clear()
    return all
  }
}
