/** The options of a pool of workers, their defaults and their limits. */

import {
  checkEnv,
  checkFunction,
  checkOptions,
  checkQueueLimit,
  checkText,
  checkTexts,
  checkWhole,
  type OptionNames,
  optionNames,
  shown,
} from '../checks.ts'
import { OptionError } from '../errors.ts'
import { addressOf } from '../executor/address.ts'
import { defaultCloseGraceMs } from '../executor/admission.ts'
import { checkOwnCall, type OwnCallOption } from '../executor/own-call.ts'
import { type Crossing, encode } from '../wire/codec.ts'
import type { OnOutput } from '../worker/output.ts'
import type { EncodedOwnCall } from '../worker/own-calls.ts'
import { machine } from './machine.ts'

const { constants } = process.getBuiltinModule('node:buffer')

/** What `threads()` and `processes()` have in common. */
export interface PoolUserOptions {
  /**
   * The most workers. Default: the machine's cores within the container's quota, or ATONCE_WORKERS.
   */
  readonly workers?: number
  /**
   * How many calls a worker runs side by side: for tasks that wait (network, files) more than they
   * compute, since calls take turns at their awaits, as on `coroutines`. They share their worker's
   * fate: what ends it ends them all. Cheap calls are faster with the default, 1, where they travel
   * together.
   */
  readonly callsPerWorker?: number
  /**
   * Workers that are started at once and kept while idle. Default 0: workers start when there is
   * work.
   */
  readonly minWorkers?: number
  /** A worker that had nothing to do for so long ends. Default 30,000 ms; `Infinity` keeps it. */
  readonly idleMs?: number
  /** The most calls that wait; one more rejects with QueueFullError. Default: 1,000,000. */
  readonly queueLimit?: number
  /** How long a cancelled task may go on before its worker is ended. Default 500 ms. */
  readonly graceMs?: number
  /**
   * How long the end of an `await using` block waits for the calls that were accepted, as
   * `close({ graceMs })`; and how long an idle worker may take to end. Default 5,000 ms.
   */
  readonly closeGraceMs?: number
  /**
   * How long a worker, or the import of a task's module in it, may take to start. Default 30,000
   * ms.
   */
  readonly startTimeoutMs?: number
  /**
   * The most bytes of buffers and strings in one call's arguments or result that are copied.
   * Default 256 MiB.
   */
  readonly maxPayloadBytes?: number
  /**
   * A worker is replaced after so many calls; each input of a chunk is one, and a chunk is not
   * split. Default: never.
   */
  readonly maxCallsPerWorker?: number
  /**
   * A worker that uses more than so many MiB after a call is replaced: a thread's heap and buffers,
   * with garbage that is not collected yet; a process's resident memory. Looked at after calls, at
   * most every 100 ms. Default: never.
   */
  readonly maxWorkerMiB?: number
  /**
   * What each new worker runs before anything else: a task, or `[task, …its arguments]`. It may be
   * asynchronous; calls wait until it has ended. If it throws, the worker did not start.
   * Default: nothing.
   *
   * The arguments go to each worker once. So this is also the way to give workers a large value
   * that many calls read, instead of with each call: `initialize: [keepModel, model]`, where
   * `keepModel` puts it into a variable of its module. Arguments are copied when a worker starts,
   * so leave them alone; a SharedArrayBuffer is shared by threads.
   */
  readonly initialize?: OwnCallOption<readonly unknown[]>
  /**
   * What each worker runs before it ends, when it has rested long, is worn, or the pool closes: a
   * task, or `[task, …its arguments]`. It may be asynchronous, for at most `closeGraceMs`, or what
   * is left of the grace of the close. What it throws is a process warning. A worker that is killed
   * or that crashes runs none, nor do the workers of a program that ends without `close()`.
   * Default: nothing.
   */
  readonly teardown?: OwnCallOption<readonly unknown[]>
  /** Memory limits of each worker, in MiB. Default: the platform's. */
  readonly resourceLimits?: ResourceLimits
  /** The workers' environment variables. Default: this process's own. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /**
   * The workers' arguments: what `process.argv.slice(2)` is there, behind the program's own script.
   * Default: none.
   */
  readonly argv?: readonly string[]
  /**
   * Node's own flags for the workers: `['--no-warnings']`. Preloads among those of the program are
   * left out then, too. Default: this process's own.
   */
  readonly execArgv?: readonly string[]
  /**
   * Takes what workers print: in order for each worker, and on threads ahead of the answer of the
   * call that printed it. What it throws is a warning. Default: it goes to this program's own
   * stdout and stderr.
   */
  readonly onOutput?: OnOutput
  /** Shown in errors and statistics. Default: the model's name. */
  readonly name?: string
}

export const poolOptionNames: OptionNames<PoolUserOptions> = optionNames<PoolUserOptions>({
  workers: true,
  callsPerWorker: true,
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
  teardown: true,
  resourceLimits: true,
  env: true,
  argv: true,
  execArgv: true,
  onOutput: true,
  name: true,
})

/** Memory limits of a worker, as Node names them; in MiB. */
export interface ResourceLimits {
  /**
   * The main heap, in MiB. At least 16: with less, Node ends the whole program. Default: Node's.
   */
  readonly maxOldGenerationSizeMb?: number
  /** The heap of recent objects, in MiB. Default: Node's. */
  readonly maxYoungGenerationSizeMb?: number
  /** The stack. Default 4 MiB. */
  readonly stackSizeMb?: number
}

export type PoolOptions = Required<
  Omit<PoolUserOptions, 'resourceLimits' | 'initialize' | 'teardown' | 'env' | 'execArgv' | 'onOutput'>
> & {
  readonly onOutput?: OnOutput | undefined
  readonly resourceLimits: ResourceLimits
  readonly env: PoolUserOptions['env'] | undefined
  readonly execArgv: readonly string[] | undefined
  readonly initialize: EncodedOwnCall | undefined
  readonly teardown: EncodedOwnCall | undefined
}

const resourceLimitNames = optionNames<ResourceLimits>({
  maxOldGenerationSizeMb: true,
  maxYoungGenerationSizeMb: true,
  stackSizeMb: true,
})

/**
 * The smallest heap that a worker starts with; below it, Node ends the whole program instead of the
 * worker.
 */
const smallestHeapMb = 16
/** More workers than this on one machine are a mistake: each takes 10 MiB and more. */
const mostWorkers = 4_096
/** Node can make no longer text or buffer. */
const mostPayloadBytes = Math.min(constants.MAX_LENGTH, 2 ** 31 - 1)
/** More calls than this in one worker gain nothing, and the numbers of their hand run out. */
const mostSideBySide = 1_024

/**
 * Fills in the defaults and checks everything, before anything is started.
 * @throws OptionError, InvalidTaskError
 */
export function checkPoolOptions(maker: string, given: PoolUserOptions): PoolOptions {
  const called = (option: keyof PoolUserOptions) => `${maker}({ ${option} })`
  const { minWorkers = 0, queueLimit = 1_000_000, onOutput, name = maker } = given
  const { workers = Math.max(machine().workers, Number.isInteger(minWorkers) ? minWorkers : 0) } = given
  const {
    callsPerWorker = 1,
    idleMs = 30_000,
    graceMs = 500,
    closeGraceMs = defaultCloseGraceMs,
    startTimeoutMs = 30_000,
    maxPayloadBytes = 256 * 2 ** 20,
  } = given
  checkWhole(called('workers'), workers, 1, mostWorkers)
  checkWhole(called('minWorkers'), minWorkers, 0, workers, `workers, which is ${workers}`)
  checkQueueLimit(called('queueLimit'), queueLimit)
  if (queueLimit !== Number.POSITIVE_INFINITY) checkWhole(called('queueLimit'), queueLimit, 0)
  checkText(called('name'), name, "'images'")
  if (onOutput !== undefined) checkFunction(called('onOutput'), onOutput, '({ text }) => log.write(text)')
  const options: PoolOptions = {
    workers,
    minWorkers,
    callsPerWorker: checkWhole(called('callsPerWorker'), callsPerWorker, 1, mostSideBySide),
    idleMs: duration(called('idleMs'), idleMs),
    queueLimit: Math.min(queueLimit, Number.MAX_SAFE_INTEGER),
    graceMs: duration(called('graceMs'), graceMs),
    closeGraceMs: duration(called('closeGraceMs'), closeGraceMs),
    startTimeoutMs: duration(called('startTimeoutMs'), startTimeoutMs, 1),
    maxPayloadBytes: checkWhole(called('maxPayloadBytes'), maxPayloadBytes, 1, mostPayloadBytes),
    maxCallsPerWorker: limit(called('maxCallsPerWorker'), given.maxCallsPerWorker),
    maxWorkerMiB: limit(called('maxWorkerMiB'), given.maxWorkerMiB),
    initialize: undefined,
    teardown: undefined,
    resourceLimits: checkLimits(maker, given.resourceLimits),
    env: checkEnv(called('env'), given.env),
    argv: behindScript(checkTexts(called('argv'), given.argv, "['--mode', 'test']")),
    execArgv: checkTexts(called('execArgv'), given.execArgv, "['--no-warnings']"),
    ...(onOutput === undefined ? {} : { onOutput }),
    name,
  }
  const crossing = { sharedMemory: maker !== 'processes', maxPayloadBytes: options.maxPayloadBytes }
  return {
    ...options,
    initialize: encodeOwnCall(`${maker}({ initialize })`, given.initialize, crossing),
    teardown: encodeOwnCall(`${maker}({ teardown })`, given.teardown, crossing),
  }
}

/**
 * The call as each worker is given it.
 * @throws OptionError, SerializationError; InvalidTaskError if it is no task, or one that a worker
 *   can't import
 */
function encodeOwnCall(
  what: string,
  given: OwnCallOption<readonly unknown[]> | undefined,
  crossing: Crossing,
): EncodedOwnCall | undefined {
  const call = checkOwnCall(what, given)
  if (call === undefined) return undefined
  addressOf(call.task)
  const { value, special, transfer } = encode(call.args, 'args', crossing)
  if (transfer.length > 0)
    throw new OptionError(
      `${what} can't move its arguments: each worker is given them. Leave move() out, or share the memory (SharedArrayBuffer, on threads).`,
    )
  return { task: call.task, args: value, special }
}

function checkLimits(maker: string, limits: ResourceLimits = {}): ResourceLimits {
  limits = checkOptions(`${maker}({ resourceLimits })`, limits, resourceLimitNames)
  const smallest = { maxOldGenerationSizeMb: smallestHeapMb, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 }
  for (const [key, value] of Object.entries(limits)) {
    if (value === undefined) continue
    const least = smallest[key as keyof typeof smallest]
    if (!(typeof value === 'number' && value >= least && value <= 2 ** 20)) {
      throw new OptionError(
        `${maker}({ resourceLimits: { ${key} } }) takes ${least} to ${2 ** 20} MiB; it got ${shown(value)}. With less, a worker can't start.`,
      )
    }
  }
  return limits
}

/** Workers have no script of their own; whoever reads arguments looks for them behind one. */
function behindScript(argv: readonly string[] | undefined): readonly string[] {
  return argv === undefined ? [] : [process.argv[1] ?? '', ...argv]
}

function limit(what: string, value = Number.POSITIVE_INFINITY): number {
  return value === Number.POSITIVE_INFINITY ? value : checkWhole(what, value, 1)
}

function duration(what: string, ms: number, least = 0): number {
  if (typeof ms === 'number' && ms >= least) return ms
  throw new OptionError(`${what} takes ${least} or more milliseconds; it got ${shown(ms)}.`)
}
