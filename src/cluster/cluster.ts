/**
 * `cluster()`: the executor whose workers may be on other machines.
 *
 *     cluster() ─▶ the engine in this program + one node in it          a laptop, a test
 *     cluster({ servers }) ─▶ NATS, and nodes wherever they were started
 */
import { type ActorClass, definitionIn } from '../actors/definition.ts'
import { checkMs, checkOptions, checkWhole, optionNames, shown } from '../checks.ts'
import { OptionError } from '../errors.ts'
import { defaultCloseGraceMs } from '../executor/admission.ts'
import { createExecutor, type Executor } from '../executor/executor.ts'
import type { AnyFunction, Result, Task } from '../task/task.ts'
import { threads } from '../threads/threads.ts'
import { withPlace } from '../worker/place.ts'
import { FarNodes } from './actors/far-node.ts'
import { Caller } from './caller.ts'
import { Catalogue } from './catalogue.ts'
import { type DeadTask, dropDead, listDead, retryDead } from './dead.ts'
import { EmbeddedEngine } from './embedded.ts'
import { defaultLeaseMs, type Engine } from './engine.ts'
import { Entities, type Entity } from './entities/entity.ts'
import { crossing } from './messages.ts'
import { checkId, checkName, randomName } from './names.ts'
import { NatsEngine } from './nats/engine.ts'
import { Node } from './node.ts'
import { limitQueue } from './permits/permits.ts'
import { type ClusterStatus, statusOf, WorkerCount } from './status.ts'
import { type ResultOptions, Submissions, type SubmitOptions, type Submitted } from './submit.ts'

/** What `cluster()` may be told. */
export interface ClusterOptions {
  /**
   * NATS servers, as `nats://127.0.0.1:4222`. Default: none; the store and a node are in this
   * program.
   */
  readonly servers?: string | readonly string[]
  /**
   * What runs tasks in this program, and ends with it. Default: `threads()` where there are no
   * servers, nothing where there are.
   */
  readonly on?: Executor
  /** A file of NATS credentials (`.creds`). Default: none. */
  readonly credentials?: string
  /** The name of a user that the store knows. Default: none. */
  readonly user?: string
  /** That user's password. Default: none. */
  readonly password?: string
  /**
   * Connects to another machine without TLS and credentials. Whoever can reach the server can run
   * the tasks. Default false.
   */
  readonly insecure?: boolean
  /** How long the first connection may take. Default 5,000 ms. */
  readonly connectTimeoutMs?: number
  /** Programs of one namespace share queues and results. Default `default`. */
  readonly namespace?: string
  /** On how many servers everything is kept; set when it is made first. Default 1. */
  readonly replicas?: number
  /** The queue that calls go to. Default `default`. */
  readonly queue?: string
  /** The most calls that wait; one more rejects with QueueFullError. Default 1,000,000. */
  readonly queueLimit?: number
  /**
   * How long a node may be silent before what it runs is given to another one. It is the queue's: a
   * node that comes first sets it, while no task is taken; others go by it. Default: what the queue
   * has; of a new one 30,000 ms.
   */
  readonly leaseMs?: number
  /**
   * How long the end of an `await using` block waits for accepted calls, as `close({ graceMs })`.
   * Default 5,000 ms.
   */
  readonly closeGraceMs?: number
  /**
   * Says to which trace a call belongs, when it is made: a `traceparent` of W3C Trace Context. It
   * goes with the task, and the node's events of the call have a span of that trace. Default: none.
   */
  readonly traceparent?: () => string | undefined
  /** Shown in errors and statistics. Default `cluster`. */
  readonly name?: string
}

/** How long a node may take to start a worker for actors. */
const startTimeoutMs = 30_000

const clusterOptionNames = optionNames<ClusterOptions>({
  servers: true,
  on: true,
  credentials: true,
  user: true,
  password: true,
  insecure: true,
  connectTimeoutMs: true,
  namespace: true,
  replicas: true,
  queue: true,
  queueLimit: true,
  leaseMs: true,
  closeGraceMs: true,
  traceparent: true,
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

/**
 * An executor whose tasks go through a store, to nodes on one machine or on many. Made by
 * `cluster()`.
 */
export interface Cluster extends Executor {
  /**
   * Stores a task that outlives this program; resolves once it is stored. Fetch its result by its
   * id, here or anywhere.
   *
   * Rejects with SerializationError, PayloadTooLargeError, EngineUnavailableError,
   * SubmitUnknownError.
   * @throws InvalidTaskError, OptionError, both as rejections
   * @example
   * const { id } = await jobs.submit(sendInvoice, [order], { idempotencyKey: order.id, retries: 5
   * })
   */
  submit<F extends AnyFunction>(
    task: Task<F>,
    args: Parameters<F>,
    options?: SubmitOptions,
  ): Promise<Submitted<Result<F>>>
  /**
   * What the submitted task with that id returned, once it has. Of an id that was never submitted,
   * or whose result is not kept any more, nobody can tell that from a task that waits: give it a
   * `timeoutMs`.
   */
  result<R = unknown>(id: string, options?: ResultOptions): Promise<R>
  /** As `cancel` of its handle. */
  cancel(id: string, reason?: unknown): Promise<boolean>
  readonly dead: DeadLetters
  /**
   * From now on, no more tasks of the queue are begun than `most` at a time, on all nodes together;
   * 0 stops it, Infinity lifts the limit. Kept in the store until it is set anew. What runs already
   * goes on. It takes effect within some seconds.
   *
   * A node holds its share of the permits on a lease (`leaseMs`). When it dies, others have them a
   * lease later; when it freezes, what it ran counts no more once it is back.
   *
   * Rejects with EngineUnavailableError, DeniedError.
   * @throws OptionError, as a rejection
   * @example
   * await jobs.limit('mails', 5)
   */
  limit(queue: string, most: number): Promise<void>
  /**
   * The actor of that class under that key: it lives on one of the nodes that have the class, comes
   * to life with the first message, and keeps its fields in the store; a class with `#private`
   * fields is refused, since they can't be read. `new Account(key)` makes it.
   *
   * @throws InvalidActorError, OptionError
   * @example
   * const alice = jobs.entity(Account, 'alice')
   * await alice.ask.deposit(5)
   */
  entity<T extends object, A extends readonly any[]>(cls: ActorClass<T, A>, key: string): Entity<T>
  /** Nodes, queues and dead letters, as they are now. */
  status(): Promise<ClusterStatus>
}

/**
 * Runs tasks on nodes, which may be other machines.
 *
 * Without servers, the store and one node are in this program: the same code runs on a laptop and
 * in a test.
 *
 * With `servers`, on NATS (`npx atonce cluster up` starts one here), and nodes wherever they were
 * started: `npx atonce worker ./tasks.ts --servers …`. It connects with the first call. A
 * connection to another machine needs TLS and credentials.
 *
 * A call of a task that is `idempotent` is given to another node when its node falls silent; of any
 * other task it rejects with NodeLostError, since it may have run. Arguments and results are
 * copied, never shared.
 *
 * @throws OptionError, InsecureConnectionError
 * @example
 *     await using pool = cluster()
 *     const counts = await pool.map(countPrimes, ranges)
 */
export function cluster(options: ClusterOptions = {}): Cluster {
  options = checkOptions('cluster(…)', options, clusterOptionNames)
  const {
    servers,
    on,
    queue = 'default',
    queueLimit = 1_000_000,
    leaseMs = defaultLeaseMs,
    name = 'cluster',
  } = options
  const { closeGraceMs = defaultCloseGraceMs, traceparent } = options
  if (traceparent !== undefined && typeof traceparent !== 'function')
    throw new OptionError(`cluster({ traceparent }) takes a function; it got ${shown(traceparent)}.`)
  checkMs('cluster({ leaseMs })', leaseMs)
  checkMs('cluster({ closeGraceMs })', closeGraceMs)
  checkName('cluster({ queue })', queue)
  if (!(queueLimit >= 0))
    throw new OptionError(`cluster({ queueLimit }) takes 0 or more; it got ${shown(queueLimit)}.`)
  const engine = engineOf(options)
  const here = on ?? (servers === undefined ? threads() : undefined)
  const nodes = here === undefined ? [] : [nodeHere(engine, here, queue, name)]
  for (const node of nodes) node.start()
  const parts = { nodes, queue, queueLimit, closeGraceMs, traceparent, name, ownsEngine: true }
  return clusterWith(engine, parts)
}

/**
 * The engine that the options name, not yet connected.
 * @throws OptionError, InsecureConnectionError
 */
export function engineOf(options: ClusterOptions): Engine {
  const { servers, leaseMs = defaultLeaseMs, namespace = 'default', replicas = 1 } = options
  if (servers === undefined) return new EmbeddedEngine({ leaseMs })
  checkName('cluster({ namespace })', namespace)
  if (!(Number.isInteger(replicas) && replicas >= 1 && replicas <= 5))
    throw new OptionError(`cluster({ replicas }) takes 1 to 5; it got ${shown(replicas)}.`)
  return new NatsEngine({ ...options, servers, leaseMs, namespace, replicas })
}

function nodeHere(engine: Engine, on: Executor, queue: string, name: string): Node {
  const id = engine.isLocal ? `${name} node` : `${name}-${randomName()}`
  return new Node({ id, engine, on, queues: [queue], catalogue: new Catalogue() })
}

export interface ClusterParts {
  readonly nodes: readonly Node[]
  readonly queue: string
  readonly name: string
  readonly ownsEngine: boolean
  readonly queueLimit?: number
  readonly closeGraceMs?: number
  readonly traceparent?: (() => string | undefined) | undefined
}

/**
 * A cluster on an engine that is there already. `nodes` are those in this program, which end with
 * it.
 */
export function clusterWith(engine: Engine, parts: ClusterParts): Cluster {
  const { nodes, queue, name, ownsEngine } = parts
  const { queueLimit = 1_000_000, closeGraceMs = defaultCloseGraceMs, traceparent } = parts
  const id = randomName()
  const entities = new Entities(engine, id)
  const farNodes = new FarNodes(engine)
  const caller = new Caller({
    name,
    id,
    ending: () => {
      farNodes.close()
      return entities.close()
    },
    giveUp: () => entities.giveUp(),
    engine,
    ownsEngine,
    queue,
    queueLimit,
    closeGraceMs,
    traceparent,
    nodes,
    elsewhere: engine.isLocal ? undefined : new WorkerCount(engine, queue),
  })
  const submissions = new Submissions(caller, queue)
  const executor = withPlace(createExecutor(caller), {
    name,
    get workers() {
      return caller.workers
    },
    start: farNodes.start,
    crossing,
    ...{ startTimeoutMs, graceMs: closeGraceMs, closeGraceMs, isElsewhere: true },
  })
  return Object.assign(executor, {
    submit: <F extends AnyFunction>(task: Task<F>, args: Parameters<F>, more: SubmitOptions = {}) =>
      submissions.submit(task, args, more),
    result: <R>(id: string, more?: ResultOptions) => submissions.result<R>(id, more),
    cancel: (id: string, reason?: unknown) => submissions.cancel(id, reason),
    entity: <T extends object, A extends readonly any[]>(cls: ActorClass<T, A>, key: string) => {
      const entity = entities.of(cls, key)
      for (const node of nodes) node.host([definitionIn(cls)])
      return entity
    },
    limit: async (name: string, most: number) => {
      checkName('limit(queue, …)', name)
      if (most !== Number.POSITIVE_INFINITY) checkWhole('limit(queue, most)', most, 0)
      await limitQueue(engine, name, most)
    },
    status: () =>
      statusOf(
        engine,
        [queue],
        nodes.map(node => node.status),
      ),
    dead: {
      list: () => listDead(engine),
      retry: async (id: string) => {
        checkId('dead.retry(id)', id)
        return await retryDead(engine, id)
      },
      drop: async (id: string) => {
        checkId('dead.drop(id)', id)
        await dropDead(engine, id)
      },
    },
  })
}
