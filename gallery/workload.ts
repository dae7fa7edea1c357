/**
 * What a gallery program is: the same work as a plain loop and on any executor, and a check of its
 * answer.
 */
import type { Executor, ProgressListener } from '../src/index.ts'

/**
 * S ends at once, M takes about half a second as a plain loop, L some seconds; workshop is the
 * original Python size.
 */
export type SizeName = 'S' | 'M' | 'L' | 'workshop'

/** The sizes from small to large, then the workshop's. */
export const sizeNames: readonly SizeName[] = ['S', 'M', 'L', 'workshop']

/** How much work one run is. Workloads add their own numbers. */
export interface Size {
  /** What is computed, as a table or a headline shows it: `1024 × 768, 1000 iterations`. */
  readonly label: string
}

/** How a run's answer compares with the value that was known before. */
export interface Verdict {
  readonly ok: boolean
  /** The answer in short, as `π(10^8) = 5,761,455`. */
  readonly shows: string
  /** The known answer in the same words: equal to `shows` when `ok`. */
  readonly expected: string
}

/**
 * A picture of an answer: `width × height` pixels, row by row, three bytes (red, green, blue) each.
 */
export interface Picture {
  readonly width: number
  readonly height: number
  readonly rgb: Uint8Array
}

export interface ParallelOptions {
  /** Told how many parts of the work are done, of how many. */
  readonly onProgress?: ProgressListener
}

/**
 * A small program that someone would run, in two forms that must give the same answer.
 *
 * Inputs that must be made first (matrices) are made by the first call for a size and kept, so that
 * a measurement sees the work and not its preparation: run each form once before timing it.
 */
export interface Workload<Answer = any, S extends Size = any> {
  /** As on the command line. */
  readonly name: string
  readonly title: string
  /** What the workload is there to show, in one sentence. */
  readonly lesson: string
  readonly sizes: Readonly<Record<SizeName, S>>
  readonly defaultSize: SizeName
  /** The plain loop, on this thread, without an executor: the baseline. */
  serial(size: S): Answer | Promise<Answer>
  /** The same on any executor; rejects with what the executor's `map` rejects with. */
  parallel(executor: Executor, size: S, options?: ParallelOptions): Promise<Answer>
  /** Compares with fixed values that neither form has computed here. */
  check(answer: Answer, size: S): Verdict
  /**
   * Processes of its own that it talks to, as a server, once it has run: their CPU time is told
   * apart from the work's.
   */
  companions?(): readonly number[]
  picture?(answer: Answer, size: S): Picture
}
