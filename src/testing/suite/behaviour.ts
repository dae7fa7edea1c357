/** What the behaviours of executors are tested on. */
import type { Executor } from '../../executor/executor.ts'
import type { StartOptions } from './ability-behaviours.ts'

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

/** What must be true of every executor, in a sentence and as a test. */
export type Behaviour = readonly [
  sentence: string,
  body: (start: ConformanceSubject['start'], subject: ConformanceSubject) => Promise<void>,
]
