/** How worn a worker is. It is replaced after a number of calls, or above an amount of memory. */
import type { Job } from '../executor/backend.ts'
import { callsIn } from '../executor/tally.ts'

export class Wear {
  readonly #mostCalls: number
  #calls = 0
  #isWorn = false

  constructor(mostCalls: number) {
    this.#mostCalls = mostCalls
  }

  /** Whether the worker gets nothing more. */
  get isWorn(): boolean {
    return this.callsLeft <= 0
  }

  /** How many more calls it may be given. */
  get callsLeft(): number {
    return this.#isWorn ? 0 : this.#mostCalls - this.#calls
  }

  /** The worker was given the job; each input of a chunk is a call. */
  given(job: Job): void {
    this.#calls += callsIn(job)
  }

  /** The job was taken back before it began. */
  takenBack(job: Job): void {
    this.#calls -= callsIn(job)
  }

  /** The worker uses more memory than it may, or has older code than the program. */
  grown(): void {
    this.#isWorn = true
  }
}
