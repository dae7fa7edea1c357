/** How a supervisor treats one of its children, and all of them. */
import { checkCount, checkFlag, checkFunction, checkMs, checkOptions, optionNames, shown } from '../checks.ts'
import { OptionError } from '../errors.ts'
import type { Executor } from '../executor/executor.ts'
import { isA } from './reason.ts'
import type { FailureReport } from './report.ts'

/**
 * What a supervisor does about a failure: `restart` it (by its `restart` type), `stop` it for good,
 * `resume` it as it is, with the next message, or `escalate`: fail with the same error itself.
 */
export type Verdict = 'restart' | 'stop' | 'resume' | 'escalate'

/** Verdicts by class of error; the first that fits counts. */
export type Verdicts = readonly (readonly [abstract new (...args: any[]) => unknown, Verdict])[]

/** Where an actor lives: see `place.ts`. */
export interface StartOptions {
  /**
   * Where it lives: `threads()` or `processes()`, in workers of its kind beside the executor's own.
   * Default: here.
   */
  readonly on?: Executor
  /**
   * Found by `whereis(name)` on this thread; free again when the actor has ended. Default: none.
   */
  readonly name?: string
  /**
   * `permanent` (the default): restarted whenever it ends, unless `ref.stop()` ended it.
   * `transient`: only after a failure. `temporary`: never.
   */
  readonly restart?: 'permanent' | 'transient' | 'temporary'
  /** How long it may take to stop; then it is fenced. Default 5,000 ms; 0 fences at once. */
  readonly shutdownMs?: number
  /** How long `onStart` may take. Default 30,000 ms. */
  readonly startTimeoutMs?: number
  /** Its end by itself can end the supervisor: see `autoShutdown`. Default false. */
  readonly significant?: boolean
  /**
   * What its failures lead to, by class of error, before the supervisor's own `onError` is asked.
   * Default: nothing else.
   */
  readonly onError?: Verdicts
}

export const startOptionNames = optionNames<StartOptions>({
  on: true,
  name: true,
  restart: true,
  shutdownMs: true,
  startTimeoutMs: true,
  significant: true,
  onError: true,
})

export type ChildSettings = Required<Omit<StartOptions, 'name' | 'on'>>

const usual: ChildSettings = {
  restart: 'permanent',
  shutdownMs: 5_000,
  startTimeoutMs: 30_000,
  significant: false,
  onError: [],
}

const verdicts = ['restart', 'stop', 'resume', 'escalate']
const restarts = ['permanent', 'transient', 'temporary']

/** @throws OptionError */
export function childSettings(options: StartOptions | undefined): ChildSettings {
  if (options === undefined) return usual
  options = checkOptions('start(cls, args, …)', options, startOptionNames)
  const { restart, shutdownMs, startTimeoutMs, significant, onError } = {
    ...usual,
    ...withoutUndefined(options),
  }
  if (!restarts.includes(restart))
    throw new OptionError(`restart takes ${restarts.join(', ')}; it got ${shown(restart)}.`)
  checkMs('shutdownMs', shutdownMs)
  checkMs('startTimeoutMs', startTimeoutMs)
  checkFlag('significant', significant)
  checkVerdicts('onError', onError)
  if (options.name !== undefined && (typeof options.name !== 'string' || options.name === ''))
    throw new OptionError(`name takes a text; it got ${shown(options.name)}.`)
  return { restart, shutdownMs, startTimeoutMs, significant, onError }
}

/** The verdict on `error`: of the inner list, else of the outer one, else to restart it. */
export function verdictOn(error: unknown, inner: Verdicts, outer: Verdicts): Verdict {
  return [...inner, ...outer].find(([cls]) => isA(error, cls))?.[1] ?? 'restart'
}

function checkVerdicts(what: string, onError: Verdicts): void {
  const fits = (one: unknown) =>
    Array.isArray(one) && typeof one[0] === 'function' && verdicts.includes(one[1] as string)
  if (!Array.isArray(onError) || !onError.every(fits))
    throw new OptionError(
      `${what} takes pairs of a class of errors and one of ${verdicts.join(', ')}, as [[RangeError, 'resume']].`,
    )
}

/**
 * Who is restarted with a child that failed: it alone, all, those started after it; `pool` is for
 * children of one kind.
 */
export type Strategy = 'one_for_one' | 'one_for_all' | 'rest_for_one' | 'pool'

/**
 * The pause before the nth restart in a row: min · 2ⁿ, at the most max, and by chance up to
 * `jitter` of it more. A row ends when (min + max) / 2 have gone by without a failure.
 */
export interface Backoff {
  /** The first pause, in milliseconds; each next one in a row is twice as long. */
  readonly minMs: number
  /** No pause is longer, in milliseconds, but for the jitter. */
  readonly maxMs: number
  /** How much longer a pause may get by chance, from 0 to 1 of it. Default 0.2. */
  readonly jitter?: number
}

/** What a supervisor may be told. */
export interface SupervisorOptions {
  /** For messages and pictures of the tree. Default `tree`. */
  readonly name?: string
  /**
   * What a failure does to the others. `one_for_one` (the default): nothing. `one_for_all`: all are
   * stopped, the last first, and started again. `rest_for_one`: those that were started after it.
   * `pool`: as `one_for_one`, and at the end all stop at once.
   */
  readonly strategy?: Strategy
  /**
   * More restarts than this within `withinMs`, and the supervisor gives up: it stops all and fails
   * itself. Default 1; with 0, the first failure of a child that would be restarted is its end.
   * Counted for each child by `one_for_one` and `pool`, for all together by the others; a failed
   * restart counts again.
   */
  readonly maxRestarts?: number
  /** The stretch of time that `maxRestarts` counts in. Default 5,000 ms. */
  readonly withinMs?: number
  /** Default: no pause. */
  readonly backoff?: Backoff
  /**
   * `any`: it ends when a significant child has ended by itself; `all`: when all of them have.
   * Default `never`.
   */
  readonly autoShutdown?: 'never' | 'any' | 'all'
  /**
   * What failures lead to, by class of error, where the child's own `onError` says nothing.
   * Default: nothing else.
   */
  readonly onError?: Verdicts
  /** Is told of each failure, before anything is restarted. Default: nobody is told. */
  readonly onFailure?: (report: FailureReport) => void
}

const supervisorOptionNames = optionNames<SupervisorOptions>({
  name: true,
  strategy: true,
  maxRestarts: true,
  withinMs: true,
  backoff: true,
  autoShutdown: true,
  onError: true,
  onFailure: true,
})
const backoffNames = optionNames<Backoff>({ minMs: true, maxMs: true, jitter: true })
const strategies = ['one_for_one', 'one_for_all', 'rest_for_one', 'pool']
const autoShutdowns = ['never', 'any', 'all']

export type Policy = Required<Omit<SupervisorOptions, 'backoff' | 'onFailure' | 'name'>> & {
  readonly onFailure: SupervisorOptions['onFailure'] | undefined
  readonly backoff: Required<Backoff> | undefined
}

/** @throws OptionError */
export function policyOf(options: SupervisorOptions): Policy {
  options = checkOptions('supervisor(…)', options, supervisorOptionNames)
  const { strategy = 'one_for_one', maxRestarts = 1, withinMs = 5_000, autoShutdown = 'never' } = options
  const { backoff, onFailure, onError = [] } = options
  if (!strategies.includes(strategy))
    throw new OptionError(
      `supervisor({ strategy }) takes ${strategies.join(', ')}; it got ${shown(strategy)}.`,
    )
  if (!autoShutdowns.includes(autoShutdown))
    throw new OptionError(
      `supervisor({ autoShutdown }) takes ${autoShutdowns.join(', ')}; it got ${shown(autoShutdown)}.`,
    )
  if (maxRestarts !== 0) checkCount('supervisor({ maxRestarts })', maxRestarts)
  checkMs('supervisor({ withinMs })', withinMs)
  checkVerdicts('supervisor({ onError })', onError)
  if (onFailure !== undefined)
    checkFunction('supervisor({ onFailure })', onFailure, 'report => console.error(String(report))')
  return {
    strategy,
    maxRestarts,
    withinMs,
    autoShutdown,
    onError,
    onFailure,
    backoff: backoff === undefined ? undefined : checkedBackoff(backoff),
  }
}

function checkedBackoff(backoff: Backoff): Required<Backoff> {
  backoff = checkOptions('supervisor({ backoff })', backoff, backoffNames)
  const { minMs, maxMs, jitter = 0.2 } = backoff
  checkMs('supervisor({ backoff: { minMs } })', minMs)
  checkMs('supervisor({ backoff: { maxMs } })', maxMs)
  if (!(minMs <= maxMs && jitter >= 0 && jitter <= 1))
    throw new OptionError('supervisor({ backoff }) takes minMs up to maxMs, and a jitter from 0 to 1.')
  return { minMs, maxMs, jitter }
}

function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T
}
