/** A node as a program of its own: what `npx atonce worker` runs. */
import { type ActorClass, definitionIn } from '../actors/definition.ts'
import type { Executor } from '../executor/executor.ts'
import { runtime } from '../runtime/runtime.ts'
import type { Task } from '../task/task.ts'
import { Catalogue } from './catalogue.ts'
import { type ClusterOptions, engineOf } from './cluster.ts'
import type { Engine } from './engine.ts'
import { DeniedError, EngineUnavailableError } from './errors.ts'
import { checkName, randomName } from './names.ts'
import { NatsEngine } from './nats/engine.ts'
import { isUserRefused } from './nats/refusal.ts'
import { Node } from './node.ts'

/** What a node that only works is told. */
export interface WorkerOptions
  extends Omit<ClusterOptions, 'on' | 'queue' | 'queueLimit' | 'closeGraceMs' | 'traceparent'> {
  /** NATS servers, as `nats://127.0.0.1:4222`. */
  readonly servers: string | readonly string[]
  /** The queues that it takes tasks from. */
  readonly queues: readonly string[]
  /** What runs the tasks. */
  readonly on: Executor
  /** How long it waits for a server that is not up yet. Default 30,000 ms. */
  readonly connectTimeoutMs?: number
  /** What it runs, and nothing else. */
  readonly tasks: readonly Task[]
  /** Classes of actors whose entities may live here. Default: none. */
  readonly entities?: readonly ActorClass<any, any>[]
}

/** A node that was started, and how it is ended. */
export interface StartedWorker {
  readonly id: string
  /** What it is connected to, as messages name it. */
  readonly engine: string
  /** Takes nothing more, lets what runs end within `graceMs`, hands the rest back. */
  close(graceMs: number): Promise<void>
}

/** A node is a service: it may be started before its server. */
const patientMs = 30_000
/** So long for one try: a server that dies in the middle of it never answers. */
const onceMs = 5_000
const retryMs = 200

/**
 * Connects and begins to take tasks.
 * @throws OptionError, InsecureConnectionError, MissingPeerError, EngineUnavailableError,
 *   DeniedError
 */
export async function startWorker(options: WorkerOptions): Promise<StartedWorker> {
  const { queues, on, tasks, entities = [], name = 'node' } = options
  for (const queue of queues) checkName('worker --queues', queue)
  const withinMs = options.connectTimeoutMs ?? patientMs
  const engine = engineOf({ ...options, connectTimeoutMs: Math.min(withinMs, onceMs) })
  const id = `${name}-${randomName()}`
  try {
    await openWithin(engine, withinMs)
    await checkRights(engine, id, queues)
  } catch (error) {
    await engine.close()
    throw error
  }
  const node = new Node({
    id,
    engine,
    on,
    queues,
    catalogue: new Catalogue(tasks),
    classes: entities.map(cls => definitionIn(cls)),
  })
  if (entities.length > 0) node.host(entities.map(cls => definitionIn(cls)))
  node.start()
  // For others, who may not make what is missing: the queue was not the first thing to be there.
  if (engine instanceof NatsEngine) void engine.provision(queues).catch(() => {})
  return {
    id: node.id,
    engine: engine.name,
    close: async graceMs => {
      await node.close(graceMs)
      await engine.close()
    },
  }
}

/**
 * A node that may not say that it is there may not be one, and one whose queue is not there and
 * can't be made gets nothing; both would be silent about it.
 * @throws DeniedError
 */
async function checkRights(engine: Engine, id: string, queues: readonly string[]): Promise<void> {
  await engine.records('nodes').remove(id)
  for (const queue of queues)
    try {
      await engine.depth(queue) // Makes the queue where there is none.
    } catch (cause) {
      if (!(cause instanceof DeniedError)) throw cause
      throw new DeniedError(
        `There is no queue ${queue} on ${engine.name}, and this user may not make it. An admin does: npx atonce cluster up --queues ${queues.join(',')}, or a worker with --credentials admin.json.`,
        { cause },
      )
    }
}

/** Tries again while there is no server; one that refuses this user refuses for good. */
async function openWithin(engine: Engine, ms: number): Promise<void> {
  const untilMs = runtime().now() + ms
  for (;;)
    try {
      return await engine.open()
    } catch (error) {
      if (!(error instanceof EngineUnavailableError) || isUserRefused(error)) throw error
      if (runtime().now() > untilMs) throw error
      await new Promise<void>(resolve => void runtime().setTimer(retryMs, resolve))
    }
}
