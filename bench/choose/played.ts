/** What one function has shown: what the chooser said, and what each way took. */
import type { Choice } from '../../src/choose/choose.ts'

export interface Played {
  readonly name: string
  readonly half: 'tuned' | 'untuned'
  readonly kind: string
  readonly choice: Choice
  /** All of `choose`, with its look at the machine's load. */
  readonly chooseMs: number
  readonly items: number
  readonly foreignCores: number
  /**
   * The chosen way over all inputs right after `choose()`: what whoever asks and then runs it sees.
   */
  readonly nextMs: number | undefined
  /** What `auto()` decided in its last run. */
  readonly autoTook: string
  readonly forced: readonly Forced[]
}

export interface Forced {
  /** The way with its number of calls at a time: `coroutines 64`. */
  readonly key: string
  readonly way: string
  readonly concurrency: number
  readonly samplesMs: readonly number[]
  /** Why it can't run the function. */
  readonly failed?: string
}
