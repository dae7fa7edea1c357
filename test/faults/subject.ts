/** What the fault suite needs of a pool, so that the same rows can be played on any library. */

/** How a subject's workers live. */
export type WorkerModel = 'threads' | 'processes'

/** What not every library offers; a row that needs it is not played on a subject that lacks it. */
export type Feature =
  | 'atonce' // tasks are values with an address, not names
  | 'start-timeout'
  | 'payload-limit'
  | 'queue-limit'
  | 'transfer'
  | 'memory-limit'
  | 'timeout' // by any documented way, an AbortSignal.timeout() included
  | 'timeout-option' // its own
  | 'signal'
  | 'stream' // of what a generator yields

export interface Subject {
  /** As in tables: `atonce threads`. */
  readonly name: string
  readonly model: WorkerModel
  readonly version: string
  /**
   * Its errors carry atonce's codes, and every deviation counts; of rivals only hangs, deaths,
   * orphans and wrong values count.
   */
  readonly own: boolean
  readonly lacks: readonly Feature[]
  /** Makes a pool. May throw when the options are refused. */
  start(options: PoolOptions): Pool | Promise<Pool>
}

/** One worker unless said otherwise: what happens to the neighbours is the point of most rows. */
export interface PoolOptions {
  readonly workers?: number
  /**
   * The module of the tasks: the name of a file in tasks/, or the URL of one that the row wrote.
   * Default `faults`.
   */
  readonly module?: string
  readonly memoryMb?: number
  readonly startTimeoutMs?: number
  /** How long a cancelled task may go on before its worker is ended. */
  readonly graceMs?: number
  readonly maxPayloadBytes?: number
  readonly queueLimit?: number
  /** After so many calls a worker is replaced. */
  readonly maxCallsPerWorker?: number
  /** A worker that uses more is replaced. */
  readonly maxWorkerMiB?: number
  /** The task, of the pool's module, that a new worker begins with. */
  readonly initialize?: string
}

export interface RunOptions {
  readonly signal?: AbortSignal
  readonly timeoutMs?: number
  /** A buffer in the argument to move instead of copying it. */
  readonly transfer?: ArrayBuffer
  /** Another module than the pool's, where the library can. */
  readonly module?: string
  /** The argument of `task` is a plain function to run, where the library can refuse one. */
  readonly plain?: boolean
  /** How often the call is repeated when it fails, and how long each repeat waits. */
  readonly retries?: number
  readonly retryDelayMs?: number
  readonly retryIf?: (error: Error) => boolean
}

export interface Pool {
  /** Calls the exported function `task` with one argument. */
  run(task: string, argument?: unknown, options?: RunOptions): Promise<unknown>
  /** What the exported generator `task` yields, called with one argument. */
  stream?(task: string, argument?: unknown, options?: RunOptions): AsyncIterableIterator<unknown>
  /** Waits until one more call would be taken. */
  room?(signal?: AbortSignal): Promise<void>
  /** Ends the pool; work under way may go on for `graceMs`. */
  close(graceMs: number): Promise<void>
  /** How many workers have failed, where the library tells. */
  crashes?(): number
}
