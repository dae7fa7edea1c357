/**
 * What can be seen of a cluster: its nodes, as they say themselves, and how full its queues are.
 */
import { runtime, type Timer } from '../runtime/runtime.ts'
import { fromBytes } from '../wire/portable/reader.ts'
import { isRecord } from '../wire/shapes.ts'
import { listDead } from './dead.ts'
import type { Depth, Engine } from './engine.ts'
import { DeniedError } from './errors.ts'
import { permitsOf } from './permits/permits.ts'

/** A node, as it said some seconds ago. */
export interface NodeStatus {
  readonly id: string
  readonly queues: readonly string[]
  readonly workers: number
  readonly running: number
  /** The names of its tasks. */
  readonly tasks: readonly string[]
  /** What became of the tasks that it took. */
  readonly counts: Readonly<Record<string, number>>
  readonly pid: number
  /** How many supervisors elsewhere have actors there; each has a worker of its own. */
  readonly sessions: number
  /** Parts of its queues of which the server gives nothing, not even that there is nothing. */
  readonly silent: readonly string[]
  /** The shards whose entities live there. */
  readonly shards: readonly ShardStatus[]
}

/** One of the parts into which entities are divided. */
export interface ShardStatus {
  readonly shard: number
  /** How often the shard has had a new owner. */
  readonly epoch: number
  readonly entities: number
}

/** How full a queue is, and how many of its tasks may run. */
export interface QueueStatus extends Depth {
  readonly name: string
  /** How many run at a time, on all nodes together; undefined without a limit. */
  readonly limit: number | undefined
  /** How many of these permits nodes hold. */
  readonly permits: number
}

/** Nodes, queues and dead letters of a cluster, as they were when it was asked. */
export interface ClusterStatus {
  readonly engine: string
  readonly nodes: readonly NodeStatus[]
  readonly queues: readonly QueueStatus[]
  readonly dead: number
}

/**
 * `here`: the nodes of this program, which tell of themselves as they are now.
 * @throws EngineUnavailableError
 */
export async function statusOf(
  engine: Engine,
  queues: readonly string[],
  here: readonly NodeStatus[],
): Promise<ClusterStatus> {
  const elsewhere = (await nodesOf(engine)).filter(({ id }) => here.every(node => node.id !== id))
  const nodes = [...here, ...elsewhere]
  const names = new Set([...queues, ...nodes.flatMap(node => node.queues), ...(await engine.queues())])
  const states = await Promise.all(Array.from(names, name => queueOf(engine, name)))
  return { engine: engine.name, nodes, queues: states, dead: (await listDead(engine)).length }
}

async function queueOf(engine: Engine, name: string): Promise<QueueStatus> {
  const depth = await engine.depth(name)
  const record = await permitsOf(engine, name).catch(unlessDenied)
  const isLimited = record !== undefined && Number.isFinite(record.most)
  const permits = record?.holders.reduce((sum, { count }) => sum + count, 0) ?? 0
  return { name, ...depth, limit: isLimited ? record.most : undefined, permits: isLimited ? permits : 0 }
}

/** A store that was set up before queues had limits has none. */
function unlessDenied(error: unknown): undefined {
  if (!(error instanceof DeniedError)) throw error
}

/** The nodes that have given a sign of life in the last seconds. */
export async function nodesOf(engine: Engine): Promise<NodeStatus[]> {
  const records = engine.records('nodes')
  const found: NodeStatus[] = []
  for (const key of await records.keys()) {
    const record = await records.get(key)
    const node = record === undefined ? undefined : nodeIn(record.bytes)
    if (node !== undefined) found.push(node)
  }
  return found.sort((one, other) => (one.id < other.id ? -1 : 1))
}

function nodeIn(bytes: Uint8Array): NodeStatus | undefined {
  try {
    const { value } = fromBytes(bytes, { maxBytes: 1 << 20 })
    const isOne =
      isRecord(value) &&
      typeof value['id'] === 'string' &&
      Array.isArray(value['queues']) &&
      Array.isArray(value['tasks']) &&
      Array.isArray(value['silent']) &&
      [...value['queues'], ...value['tasks'], ...value['silent']].every(name => typeof name === 'string') &&
      ['workers', 'running', 'sessions', 'pid'].every(name => Number.isSafeInteger(value[name])) &&
      isRecord(value['counts']) &&
      Array.isArray(value['shards']) &&
      value['shards'].every(isShard)
    return isOne ? (value as unknown as NodeStatus) : undefined
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function isShard(value: unknown): boolean {
  return isRecord(value) && ['shard', 'epoch', 'entities'].every(name => Number.isSafeInteger(value[name]))
}

const countEveryMs = 3_000
/** Until a node was heard of. */
const supposedWorkers = 4

/** Counts the workers of all nodes, as it goes on. */
export class WorkerCount {
  readonly #engine: Engine
  readonly #queue: string
  #timer: Timer | undefined
  #workers = supposedWorkers
  #counting = false

  constructor(engine: Engine, queue: string) {
    this.#engine = engine
    this.#queue = queue
  }

  get workers(): number {
    if (!this.#counting && this.#timer === undefined) {
      this.#counting = true
      void this.#count()
    }
    return this.#workers
  }

  stop(): void {
    this.#timer?.cancel()
  }

  async #count(): Promise<void> {
    try {
      const nodes = await nodesOf(this.#engine)
      const own = nodes.filter(({ queues }) => queues.includes(this.#queue))
      if (own.length > 0) this.#workers = own.reduce((sum, { workers }) => sum + workers, 0)
    } catch {} // The store does not answer: the last count holds.
    this.#counting = false
    this.#timer = runtime().setTimer(countEveryMs, () => {
      this.#timer = undefined
    })
    this.#timer.unref()
  }
}
