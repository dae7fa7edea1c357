/** A node as a program of its own: what `npx atonce worker` runs. */
import { type ActorClass, definitionIn } from '../actors/definition.ts'
import type { Executor } from '../executor/executor.ts'
import { runtime } from '../runtime/runtime.ts'
import type { Task } from '../task/task.ts'
import { Catalogue } from './catalogue.ts'
import { type ClusterOptions, engineOf } from './cluster.ts'
import type { Engine } from './engine.ts'
import { EngineUnavailableError } from './errors.ts'
import { checkName, randomName } from './names.ts'
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
 * @throws OptionError, InsecureConnectionError, MissingPeerError, EngineUnavailableError
 */
export async function startWorker(options: WorkerOptions): Promise<StartedWorker> {
  const { queues, on, tasks, entities = [], name = 'node' } = options
  for (const queue of queues) checkName('worker --queues', queue)
  const withinMs = options.connectTimeoutMs ?? patientMs
  const engine = engineOf({ ...options, connectTimeoutMs: Math.min(withinMs, onceMs) })
  await openWithin(engine, withinMs)
  const node = new Node({
    id: `${name}-${randomName()}`,
    engine,
    on,
    queues,
    catalogue: new Catalogue(tasks),
    classes: entities.map(cls => definitionIn(cls)),
  })
  if (entities.length > 0) node.host(entities.map(cls => definitionIn(cls)))
  node.start()
  return {
    id: node.id,
    engine: engine.name,
    close: async graceMs => {
      await node.close(graceMs)
      await engine.close()
    },
  }
}

/** Tries again while there is no server; one that refuses this user refuses for good. */
async function openWithin(engine: Engine, ms: number): Promise<void> {
  const untilMs = runtime().now() + ms
  for (;;)
    try {
      return await engine.open()
    } catch (error) {
      const { cause } = error as { readonly cause?: { readonly name?: string } }
      if (!(error instanceof EngineUnavailableError) || /auth/i.test(cause?.name ?? '')) throw error
      if (runtime().now() > untilMs) throw error
      await new Promise<void>(resolve => void runtime().setTimer(retryMs, resolve))
    }
}
