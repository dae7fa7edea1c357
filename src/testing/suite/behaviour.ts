/** What the behaviours of executors are tested on. */
import type { Executor } from '../../executor/executor.ts'
import type { OwnCallOption } from '../../executor/own-call.ts'

/** What an executor under test is asked to be. */
export interface StartOptions {
  readonly workers: number
  readonly queueLimit?: number
  readonly callsPerWorker?: number
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly argv?: readonly string[]
  readonly execArgv?: readonly string[]
  readonly initialize?: OwnCallOption<readonly unknown[]>
  readonly teardown?: OwnCallOption<readonly unknown[]>
}

/** The executor under test. */
export interface ConformanceSubject {
  /** Shown before each test's name. */
  readonly name: string
  /** Makes an executor that runs `workers` tasks at a time. */
  start(options: StartOptions): Executor
  /** Whether arguments and results are copied; false where they are passed as they are. */
  readonly copies: boolean
  /** Whether ends of channels can be arguments. Default true; false on a cluster. */
  readonly lends?: boolean
  /**
   * The model that a task sees around it, where the executor's own is not one: `auto` runs tasks on
   * others.
   */
  readonly inside?: Executor['model']
}

/**
 * What must be true of every executor, in a sentence and as a test; `alone` if it closes its
 * executor or counts what that has done, so needs one that is new.
 */
export type Behaviour = readonly [
  sentence: string,
  body: (start: ConformanceSubject['start'], subject: ConformanceSubject) => Promise<void>,
  alone?: 'alone',
]
