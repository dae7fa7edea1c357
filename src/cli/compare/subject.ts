/** What can be compared: some work that can be done by a plain loop and on every executor. */
import type { Executor, ProgressListener } from '../../index.ts'

/** What an answer was found to be. */
export interface Checked {
  readonly ok: boolean
  /** In short: the answer itself, or where it differs. */
  readonly shows: string
}

/** A picture of an answer, three bytes for each pixel, row by row. */
export interface Picture {
  readonly width: number
  readonly height: number
  readonly rgb: Uint8Array
}

export interface Subject {
  readonly kind: 'workload' | 'task'
  /** As it was typed. */
  readonly name: string
  /** A headline: what is done, and how much of it. */
  readonly title: string
  /**
   * The work of one run. What prepares it (a fresh copy of the inputs) is done before this returns,
   * and not timed.
   */
  prepareSerial(): () => Promise<unknown>
  prepareOn(executor: Executor, onProgress: ProgressListener): () => Promise<unknown>
  /** Checks an answer of any model. The first answer is the plain loop's. */
  check(answer: unknown): Checked
  /** Processes that it talks to: their CPU time is neither a model's nor a stranger's. */
  companions?(): readonly number[]
  picture?(): Picture | undefined
  /** The next command to type: to run it for real on that model, or to measure it longer. */
  commandToRun(model: string): string
  commandToMeasure(runs: number): string
}
