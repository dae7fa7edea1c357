/** The options of a pool of workers, their defaults and their limits. */
import { checkOptions, type OptionNames, optionNames } from '../checks.ts'
import { OptionError } from '../errors.ts'
import { addressOf } from '../executor/address.ts'
import { defaultCloseGraceMs } from '../executor/admission.ts'
import { assertTask, type Task } from '../task/task.ts'
import { machine } from './machine.ts'

const { constants } = process.getBuiltinModule('node:buffer')

/** What `threads()` and `processes()` have in common. */
export interface PoolUserOptions {
  /** The most workers. Default: the machine's cores within the container's quota, or ATONCE_WORKERS. */
  readonly workers?: number
  /** Workers that are started at once and kept while idle. Default 0: workers start when there is work. */
  readonly minWorkers?: number
  /** A worker that had nothing to do for so long ends. Default 30,000; `Infinity` keeps it. */
  readonly idleMs?: number
  /** The most calls that wait; one more rejects with QueueFullError. Default: 1,000,000. */
  readonly queueLimit?: number
  /** How long a cancelled task may go on before its worker is ended. Default 500. */
  readonly graceMs?: number
  /**
   * How long the end of an `await using` block waits for the calls that were accepted, as `close({ graceMs })`; and how
   * long an idle worker may take to end. Default 5,000.
   */
  readonly closeGraceMs?: number
  /** How long a worker, or the import of a task's module in it, may take to start. Default 30,000. */
  readonly startTimeoutMs?: number
  /** The most bytes of buffers and strings in one call's arguments or result that are copied. Default 256 MiB. */
  readonly maxPayloadBytes?: number
  /** A worker is replaced after so many calls; each input of a chunk is one, and a chunk is not split. Default: never. */
  readonly maxCallsPerWorker?: number
  /**
   * A worker that uses more after a call is replaced: a thread's heap and buffers, with garbage that is not collected yet;
   * a process's resident memory. Looked at after calls, at most every 100 ms. Default: never.
   */
  readonly maxWorkerMiB?: number
  /** A task without arguments that each new worker runs before anything else. If it throws, the worker did not start. */
  readonly initialize?: Task<() => unknown>
  /** Memory limits of each worker, in MiB. Default: the platform's. */
  readonly resourceLimits?: ResourceLimits
  /** Shown in errors and statistics. Default: the model's name. */
  readonly name?: string
}

export const poolOptionNames: OptionNames<PoolUserOptions> = optionNames<PoolUserOptions>({
  workers: true,
  minWorkers: true,
  idleMs: true,
  queueLimit: true,
  graceMs: true,
  closeGraceMs: true,
  startTimeoutMs: true,
  maxPayloadBytes: true,
  maxCallsPerWorker: true,
  maxWorkerMiB: true,
  initialize: true,
  resourceLimits: true,
  name: true,
})

/** Memory limits of a worker, as Node names them; in MiB. */
export interface ResourceLimits {
  /** The main heap. At least 16: with less, Node ends the whole program. */
  readonly maxOldGenerationSizeMb?: number
  /** The heap of recent objects. */
  readonly maxYoungGenerationSizeMb?: number
  /** The stack. Default 4. */
  readonly stackSizeMb?: number
}

export type PoolOptions = Required<Omit<PoolUserOptions, 'resourceLimits' | 'initialize'>> & {
  readonly resourceLimits: ResourceLimits
  readonly initialize: Task<() => unknown> | undefined
}

const resourceLimitNames = optionNames<ResourceLimits>({
  maxOldGenerationSizeMb: true,
  maxYoungGenerationSizeMb: true,
  stackSizeMb: true,
})

/** The smallest heap that a worker starts with; below it, Node ends the whole program instead of the worker. */
const smallestHeapMb = 16
/** More workers than this on one machine are a mistake: each takes 10 MiB and more. */
const mostWorkers = 4_096

/**
 * Fills in the defaults and checks everything, before anything is started.
 * @throws OptionError, InvalidTaskError
 */
export function checkPoolOptions(maker: string, given: PoolUserOptions): PoolOptions {
  const workers = whole(
    maker,
    'workers',
    given.workers ?? Math.max(machine().workers, given.minWorkers ?? 0),
    1,
    mostWorkers,
  )
  const options: PoolOptions = {
    workers,
    minWorkers: whole(maker, 'minWorkers', given.minWorkers ?? 0, 0, workers, `workers, which is ${workers}`),
    idleMs: duration(maker, 'idleMs', given.idleMs ?? 30_000, 0),
    queueLimit:
      given.queueLimit === Number.POSITIVE_INFINITY
        ? Number.MAX_SAFE_INTEGER
        : whole(maker, 'queueLimit', given.queueLimit ?? 1_000_000, 0, Number.MAX_SAFE_INTEGER),
    graceMs: duration(maker, 'graceMs', given.graceMs ?? 500, 0),
    closeGraceMs: duration(maker, 'closeGraceMs', given.closeGraceMs ?? defaultCloseGraceMs, 0),
    startTimeoutMs: duration(maker, 'startTimeoutMs', given.startTimeoutMs ?? 30_000, 1),
    maxPayloadBytes: whole(
      maker,
      'maxPayloadBytes',
      given.maxPayloadBytes ?? 256 * 2 ** 20,
      1,
      Math.min(constants.MAX_LENGTH, 2 ** 31 - 1),
    ),
    maxCallsPerWorker: limit(maker, 'maxCallsPerWorker', given.maxCallsPerWorker),
    maxWorkerMiB: limit(maker, 'maxWorkerMiB', given.maxWorkerMiB),
    initialize: checkInitialize(given.initialize),
    resourceLimits: checkLimits(maker, given.resourceLimits ?? {}),
    name: given.name ?? maker,
  }
  return options
}

/** @throws InvalidTaskError if it is no task, or one that a worker can't import */
function checkInitialize(task: PoolUserOptions['initialize']): PoolOptions['initialize'] {
  if (task === undefined) return undefined
  assertTask(task)
  addressOf(task)
  return task
}

function checkLimits(maker: string, limits: ResourceLimits): ResourceLimits {
  limits = checkOptions(`${maker}({ resourceLimits })`, limits, resourceLimitNames)
  const smallest = { maxOldGenerationSizeMb: smallestHeapMb, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 }
  for (const [key, value] of Object.entries(limits)) {
    if (value === undefined) continue
    const least = smallest[key as keyof typeof smallest]
    if (!(typeof value === 'number' && value >= least && value <= 2 ** 20)) {
      throw new OptionError(
        `${maker}({ resourceLimits: { ${key} } }) takes ${least} to ${2 ** 20} MiB; it got ${String(value)}. With less, a worker can't start.`,
      )
    }
  }
  return limits
}

function limit(maker: string, key: string, value = Number.POSITIVE_INFINITY): number {
  return value === Number.POSITIVE_INFINITY ? value : whole(maker, key, value, 1, Number.MAX_SAFE_INTEGER)
}

function whole(
  maker: string,
  key: string,
  value: number,
  least: number,
  most: number,
  mostIs: string | number = most,
): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new OptionError(
    `${maker}({ ${key} }) takes a whole number from ${least} to ${mostIs}; it got ${String(value)}.`,
  )
}

function duration(maker: string, key: string, value: number, least: number): number {
  if (typeof value === 'number' && value >= least) return value
  throw new OptionError(`${maker}({ ${key} }) takes ${least} or more milliseconds; it got ${String(value)}.`)
}
