/** The model `threads`: a pool of worker threads in this process. Each is an isolate that may also share memory. */
import { createExecutor, type Executor } from '../executor/executor.ts'
import { Pool } from '../executor/pool.ts'
import { checkPoolOptions, type PoolUserOptions } from '../executor/pool-options.ts'
import { threadStarter } from './thread.ts'

export interface ThreadsOptions extends PoolUserOptions {}

/**
 * Runs tasks on threads: for work that computes. Threads start when there is work (about 50 ms and 12 MiB each), are used
 * again, end after `idleMs`, and never keep the program alive while idle; their own timers go on meanwhile.
 *
 * Arguments and results are copied (structured clone, about 1 ms for each MiB); `move()` hands a buffer over; a
 * SharedArrayBuffer is shared. One task at a time runs on a thread.
 *
 * @throws OptionError
 * @example
 *     await using pool = threads()
 *     const counts = await pool.map(countPrimes, [[0, 1_000], [1_000, 2_000]])
 */
export function threads(options: ThreadsOptions = {}): Executor {
  const checked = checkPoolOptions('threads', options)
  const crossing = { sharedMemory: true, maxPayloadBytes: checked.maxPayloadBytes }
  return createExecutor(new Pool('threads', checked, threadStarter(checked), crossing))
}
