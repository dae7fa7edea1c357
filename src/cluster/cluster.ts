/**
 * `cluster()`: the executor whose workers may be on other machines.
 *
 *     cluster() ─▶ the engine in this program + one node in it          a laptop, a test
 *     cluster({ servers }) ─▶ NATS, and nodes wherever they were started
 */
import { checkMs, checkOptions, optionNames } from '../checks.ts'
import { OptionError } from '../errors.ts'
import { defaultCloseGraceMs } from '../executor/admission.ts'
import { createExecutor, type Executor } from '../executor/executor.ts'
import type { AnyFunction, Result, Task } from '../task/task.ts'
import { threads } from '../threads/threads.ts'
import { Caller } from './caller.ts'
import { Catalogue } from './catalogue.ts'
import { type DeadTask, dropDead, listDead, retryDead } from './dead.ts'
import { EmbeddedEngine } from './embedded.ts'
import type { Engine } from './engine.ts'
import { checkName, randomName } from './names.ts'
import { Node } from './node.ts'
import { type ResultOptions, Submissions, type SubmitOptions, type Submitted } from './submit.ts'

export interface ClusterOptions {
  /** What runs the tasks, as long as there is no server: an executor of this program, which ends with it. Default `threads()`. */
  readonly on?: Executor
  /** The queue that calls go to. Default `default`. */
  readonly queue?: string
  /** The most calls that wait; one more rejects with QueueFullError. Default 1,000,000. */
  readonly queueLimit?: number
  /** How long a node may be silent before what it runs is given to another one. Default 30,000. */
  readonly leaseMs?: number
  /** How long the end of an `await using` block waits for accepted calls, as `close({ graceMs })`. Default 5,000. */
  readonly closeGraceMs?: number
  /** Shown in errors and statistics. */
  readonly name?: string
}

const clusterOptionNames = optionNames<ClusterOptions>({
  on: true,
  queue: true,
  queueLimit: true,
  leaseMs: true,
  closeGraceMs: true,
  name: true,
})

/** The dead letters of a cluster: submitted tasks that have failed for good. */
export interface DeadLetters {
  list(): Promise<DeadTask[]>
  /** Puts one into its queue again; returns its new id. @throws NoResultError */
  retry(id: string): Promise<string>
  /** @throws NoResultError */
  drop(id: string): Promise<void>
}

export interface Cluster extends Executor {
  /**
   * Stores a task that outlives this program; resolves once it is stored. Fetch its result by its id, here or anywhere.
   *
   * Rejects with SerializationError, PayloadTooLargeError, EngineUnavailableError, SubmitUnknownError.
   * @throws InvalidTaskError, OptionError, both as rejections
   * @example
   *     const { id } = await jobs.submit(sendInvoice, [order], { idempotencyKey: order.id, retries: 5 })
   */
  submit<F extends AnyFunction>(
    task: Task<F>,
    args: Parameters<F>,
    options?: SubmitOptions,
  ): Promise<Submitted<Result<F>>>
  /** What the submitted task with that id returned, once it has. */
  result<R = unknown>(id: string, options?: ResultOptions): Promise<R>
  /** As `cancel` of its handle. */
  cancel(id: string, reason?: unknown): Promise<boolean>
  readonly dead: DeadLetters
}

/**
 * Runs tasks on nodes, which may be other machines.
 *
 * Without servers, the store and one node are in this program: the same code runs on a laptop and in a test.
 *
 * A call of a task that is `idempotent` is given to another node when its node falls silent; of any other task it rejects
 * with NodeLostError, since it may have run. Arguments and results are copied, never shared.
 *
 * @throws OptionError
 * @example
 *     await using pool = cluster()
 *     const counts = await pool.map(countPrimes, ranges)
 */
export function cluster(options: ClusterOptions = {}): Cluster {
  options = checkOptions('cluster(…)', options, clusterOptionNames)
  const { on, queue = 'default', queueLimit = 1_000_000, leaseMs = 30_000, name = 'cluster' } = options
  const { closeGraceMs = defaultCloseGraceMs } = options
  checkMs('cluster({ leaseMs })', leaseMs)
  checkMs('cluster({ closeGraceMs })', closeGraceMs)
  checkName('cluster({ queue })', queue)
  if (!(queueLimit >= 0))
    throw new OptionError(`cluster({ queueLimit }) takes 0 or more; it got ${String(queueLimit)}.`)
  const engine = new EmbeddedEngine({ leaseMs })
  const node = new Node({
    id: `${name} node`,
    engine,
    on: on ?? threads(),
    queues: [queue],
    catalogue: new Catalogue(),
  })
  node.start()
  return clusterWith(engine, { nodes: [node], queue, queueLimit, closeGraceMs, name, ownsEngine: true })
}

export interface ClusterParts {
  readonly nodes: readonly Node[]
  readonly queue: string
  readonly name: string
  readonly ownsEngine: boolean
  readonly queueLimit?: number
  readonly closeGraceMs?: number
  readonly workersElsewhere?: number
}

/** A cluster on an engine that is there already. `nodes` are those in this program, which end with it. */
export function clusterWith(engine: Engine, parts: ClusterParts): Cluster {
  const { nodes, queue, name, ownsEngine } = parts
  const { queueLimit = 1_000_000, closeGraceMs = defaultCloseGraceMs, workersElsewhere = 0 } = parts
  const caller = new Caller({
    name,
    id: randomName(),
    engine,
    ownsEngine,
    queue,
    queueLimit,
    closeGraceMs,
    nodes,
    workersElsewhere,
  })
  const submissions = new Submissions(caller, queue)
  return Object.assign(createExecutor(caller), {
    submit: <F extends AnyFunction>(task: Task<F>, args: Parameters<F>, more: SubmitOptions = {}) =>
      submissions.submit(task, args, more),
    result: <R>(id: string, more?: ResultOptions) => submissions.result<R>(id, more),
    cancel: (id: string, reason?: unknown) => submissions.cancel(id, reason),
    dead: {
      list: () => listDead(engine),
      retry: (id: string) => retryDead(engine, id),
      drop: (id: string) => dropDead(engine, id),
    },
  })
}
