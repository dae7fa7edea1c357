/**
 * The model `threads`: a pool of worker threads in this process. Each is an isolate that may also
 * share memory.
 */
import { checkOptions, optionNames, shown } from '../checks.ts'
import { OptionError } from '../errors.ts'
import { createExecutor, type Executor } from '../executor/executor.ts'
import {
  checkPoolOptions,
  type PoolUserOptions,
  poolOptionNames,
  type ResourceLimits,
} from '../pool/options.ts'
import { Pool } from '../pool/pool.ts'
import { withPlace } from '../worker/place.ts'
import { checkPlatform } from '../worker/platform.ts'
import { threadStarter } from './thread.ts'

/** What `threads()` may be told. */
export interface ThreadsOptions extends PoolUserOptions {
  /**
   * For calls that follow one another closely: how long, in microseconds, a thread that has
   * answered looks for its next call before it sleeps. A call that comes meanwhile is there some
   * microseconds earlier, and the caller need not wake anybody. It costs a core for as long as it
   * looks, after every last answer. Default 0 µs; at most 1,000.
   */
  readonly spinUs?: number
}

const threadsOptionNames = optionNames<ThreadsOptions>({ ...poolOptionNames, spinUs: true })

/** A thread that looks for longer holds up its own timers, and the cores. */
const longestSpinUs = 1_000

/**
 * Runs tasks on threads: for work that computes. Threads start when there is work (about 50 ms and
 * 12 MiB each), are used again, end after `idleMs`, and never keep the program alive while idle;
 * their own timers go on meanwhile.
 *
 * Arguments and results are copied (structured clone, about 1 ms for each MiB); `move()` hands a
 * buffer over; a SharedArrayBuffer is shared. One task at a time runs on a thread.
 *
 * @throws OptionError
 * @throws UnsupportedError in a single executable application
 * @example
 *     await using pool = threads()
 *     const counts = await pool.map(countPrimes, [[0, 1_000], [1_000, 2_000]])
 */
export function threads(options: ThreadsOptions = {}): Executor {
  options = checkOptions('threads(…)', options, threadsOptionNames)
  checkPlatform('threads')
  const checked = checkPoolOptions('threads', options)
  warnOfHeapFlags(checked.resourceLimits)
  const { spinUs = 0 } = options
  if (typeof spinUs !== 'number' || !(spinUs >= 0 && spinUs <= longestSpinUs)) {
    throw new OptionError(
      `threads({ spinUs }) takes 0 to ${longestSpinUs} microseconds; it got ${shown(spinUs)}.`,
    )
  }
  const crossing = { sharedMemory: true, maxPayloadBytes: checked.maxPayloadBytes }
  const start = threadStarter(checked, spinUs)
  return withPlace(createExecutor(new Pool('threads', checked, start, crossing)), {
    ...checked,
    start,
    crossing,
  })
}

/**
 * Flags of V8's that hold for every heap of the program: Node then ignores the limit of a thread.
 */
const heapFlags = [
  ['--max-old-space-size', 'maxOldGenerationSizeMb'],
  ['--max-semi-space-size', 'maxYoungGenerationSizeMb'],
] as const

function warnOfHeapFlags(limits: ResourceLimits): void {
  const flags = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)]
  for (const [flag, limit] of heapFlags) {
    // V8 takes its flags with underscores, too.
    const given = flags.find(one => one.replaceAll('_', '-').startsWith(flag))
    if (given === undefined || limits[limit] === undefined) continue
    process.emitWarning(
      `threads({ resourceLimits: { ${limit} } }) has no effect beside ${given}, which holds for the threads, too. Leave the flag out, or use processes().`,
      { type: 'AtonceWarning', code: 'ATONCE_RESOURCE_LIMITS' },
    )
  }
}
