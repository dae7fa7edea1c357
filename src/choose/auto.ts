/** `auto()`: an executor that finds out where each task runs best. */
import { checkCount, checkMs, checkOptions, checkQueueLimit, checkText, optionNames } from '../checks.ts'
import { coroutines } from '../coroutines/coroutines.ts'
import { defaultCloseGraceMs } from '../executor/admission.ts'
import type { Backend } from '../executor/backend.ts'
import { backendOf, createExecutor, type Executor } from '../executor/executor.ts'
import type { OwnCallOption } from '../executor/own-call.ts'
import { machine } from '../pool/machine.ts'
import { debugs } from '../runtime/debug.ts'
import { threads } from '../threads/threads.ts'
import { AutoBackend } from './auto-backend.ts'
import { loadCalibration } from './calibration.ts'

/** What `auto()` may be told. */
export interface AutoOptions {
  /**
   * The most threads. Default: the machine's cores within the container's quota, or ATONCE_WORKERS.
   */
  readonly workers?: number
  /** How many calls may be under way on this event loop. Default 64. */
  readonly concurrency?: number
  /** The most calls that wait; one more rejects with QueueFullError. Default 1,000,000. */
  readonly queueLimit?: number
  /** How long the end of an `await using` block waits for accepted calls. Default 5,000 ms. */
  readonly closeGraceMs?: number
  /**
   * What each thread runs before anything else, and this loop, too: a task, or
   * `[task, …its arguments]`. Default: nothing.
   */
  readonly initialize?: OwnCallOption<readonly unknown[]>
  /** What each thread runs before it ends, and this loop when it closes. Default: nothing. */
  readonly teardown?: OwnCallOption<readonly unknown[]>
  /** Shown in errors and statistics. Default `auto`. */
  readonly name?: string
}

const names = optionNames<AutoOptions>({
  workers: true,
  concurrency: true,
  queueLimit: true,
  closeGraceMs: true,
  initialize: true,
  teardown: true,
  name: true,
})

/**
 * Runs the first calls of each task here, measures them, and goes on where the rest is fastest: on
 * this event loop, one after the other or side by side, or on threads. When the items change, it
 * decides again, between two chunks of a map.
 *
 * Each call runs once, and its result is kept: the trial costs nothing but that it runs here. So a
 * first call that computes for long holds up this thread for as long. Arguments are passed as they
 * are here, and copied to threads: a task that changes its arguments, or counts on being given the
 * very same object, is not for `auto()`. What can't be copied stays here. Streams run here, and so
 * does `runOnEach`, once; calls of a `key` go to threads.
 *
 * What it has decided and why: `stats().choices`, the channel `atonce.auto.choice`, and with
 * `ATONCE_DEBUG=1` a line on standard error.
 *
 * @throws OptionError
 * @example
 *     await using pool = auto()
 *     const sizes = await pool.map(measureFile, paths)
 *     console.log(pool.stats().choices)
 */
export function auto(options: AutoOptions = {}): Executor {
  options = checkOptions('auto(…)', options, names)
  const { workers, concurrency = 64, queueLimit = 1_000_000, name = 'auto' } = options
  const { closeGraceMs = defaultCloseGraceMs } = options
  checkCount('auto({ concurrency })', concurrency)
  checkMs('auto({ closeGraceMs })', closeGraceMs)
  checkQueueLimit('auto({ queueLimit })', queueLimit)
  checkText('auto({ name })', name, "'images'")
  // Its own queue has the limit: what has left it was accepted.
  const { initialize, teardown } = options
  const own = {
    ...(initialize === undefined ? {} : { initialize }),
    ...(teardown === undefined ? {} : { teardown }),
  }
  const unbounded = { queueLimit: Number.POSITIVE_INFINITY, closeGraceMs, name, ...own }
  const pooled = { ...(workers === undefined ? {} : { workers }), ...unbounded }
  const { calibration, complaint } = loadCalibration()
  if (complaint !== undefined) warnOnce(complaint)
  const pool = threads(pooled)
  const loop = coroutines({ concurrency, ...unbounded })
  return createExecutor(
    new AutoBackend({
      name,
      concurrency,
      queueLimit,
      closeGraceMs,
      cores: machine().cores,
      calibration,
      loop: backendOf(loop) as Backend,
      pool: backendOf(pool) as Backend,
      sideBySide: () => backendOf(threads({ ...pooled, callsPerWorker: 32 })) as Backend,
      write: debugs('1') ? line => process.stderr.write(`atonce ${line}\n`) : undefined,
    }),
  )
}

const warned = new Set<string>()

function warnOnce(complaint: string): void {
  if (warned.has(complaint)) return
  warned.add(complaint)
  process.emitWarning(complaint, { type: 'AtonceWarning', code: 'ATONCE_CALIBRATION' })
}
