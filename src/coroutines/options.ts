/** The options of `coroutines()`. */
import { type OptionNames, optionNames } from '../checks.ts'
import type { OwnCallOption } from '../executor/own-call.ts'

/** What `coroutines()` may be told. */
export interface CoroutinesOptions {
  /** How many tasks may be under way, waiting or computing. Default 64. */
  readonly concurrency?: number
  /** The most calls that wait; one more rejects with QueueFullError. Default 1,000,000. */
  readonly queueLimit?: number
  /**
   * How long the end of an `await using` block waits for accepted calls, as `close({ graceMs })`.
   * Default 5,000 ms.
   */
  readonly closeGraceMs?: number
  /**
   * What runs before the first call: a task, or `[task, …its arguments]`. If it throws, the calls
   * that wait reject with WorkerStartError, and the next one tries again. Default: nothing.
   */
  readonly initialize?: OwnCallOption<readonly unknown[]>
  /**
   * What runs when the executor closes, after the last call and within the grace, if any call has
   * begun. What it throws is a process warning. Default: nothing.
   */
  readonly teardown?: OwnCallOption<readonly unknown[]>
  /** How long `initialize` may take. Default 30,000 ms. */
  readonly startTimeoutMs?: number
  /** Shown in errors and statistics. Default `coroutines`. */
  readonly name?: string
}

export const coroutinesOptionNames: OptionNames<CoroutinesOptions> = optionNames<CoroutinesOptions>({
  concurrency: true,
  queueLimit: true,
  closeGraceMs: true,
  initialize: true,
  teardown: true,
  startTimeoutMs: true,
  name: true,
})
