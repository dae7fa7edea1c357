/** What an executor tells about itself. */

import type { Times } from './time-histogram.ts'

/** The name of a model, as in code and on the command line. */
export type Model = 'coroutines' | 'threads' | 'processes' | 'cluster' | 'auto'

/** What an executor is doing now, and has done. */
export interface ExecutorStats {
  readonly model: Model
  /**
   * Workers that are starting, have nothing to do, or have work; `coroutines` has one, this event
   * loop.
   */
  readonly workers: { readonly starting: number; readonly idle: number; readonly busy: number }
  /**
   * Workers that have failed since the executor was made; each was replaced when there was work for
   * it.
   */
  readonly crashes: number
  /** Calls that wait for a worker. A chunk of `map` counts as one here, and where it runs. */
  readonly queued: number
  readonly running: number
  /** Calls that have ended; of a chunk of `map` each counts. */
  readonly done: number
  readonly failed: number
  readonly cancelled: number
  /** Repeats of failed calls (`retries`); each failed attempt counts as failed too. */
  readonly retried: number
  /**
   * How long calls waited for a worker, of those that have run; each attempt is one, and so is a
   * chunk of `map`. Where more than sixteen come in a millisecond, one in sixteen is measured, and
   * stands for those that end before it.
   */
  readonly queueMs: Times
  /**
   * How long the tasks of the same calls ran, as measured where they run; of a chunk, the mean of
   * its calls for each. Streams do not count.
   */
  readonly runMs: Times
  /** System ids of worker processes; empty for models inside this process. */
  readonly pids: readonly number[]
  /** Only of `auto()`: what it has decided for each task, and why. */
  readonly choices?: readonly ChoiceNote[]
}

/** Where an executor that chooses by itself runs a task. */
export interface ChoiceNote {
  readonly task: string
  /** `trial` while nothing can be told yet. */
  readonly way: string
  readonly confidence: string
  readonly reasons: readonly string[]
  /** How often its calls went elsewhere than before. */
  readonly changes: number
}
