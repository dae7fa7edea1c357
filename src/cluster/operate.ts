/** What an operator asks of a cluster's server: its queues made, and how safe tasks are on it. */
import type { ClusterOptions } from './cluster.ts'
import { defaultLeaseMs } from './engine.ts'
import { NatsEngine } from './nats/engine.ts'
import type { Health } from './nats/health.ts'
import { asSeen } from './nats/requests.ts'
import { nodesOf } from './status.ts'

type ServerOptions = ClusterOptions & { readonly servers: string }

/**
 * Makes streams, buckets and queues, which takes an admin's rights; those that are there stay as
 * they are.
 * @throws EngineUnavailableError, InsecureConnectionError, MissingPeerError, DeniedError
 */
export function provisionCluster(options: ServerOptions, queues: readonly string[]): Promise<void> {
  return withEngine(options, async engine => {
    await engine.open()
    await engine.provision(queues)
  })
}

/**
 * Asks the server how safe tasks are on it. It takes a connection, and some requests.
 * @throws EngineUnavailableError, InsecureConnectionError, MissingPeerError, DeniedError
 */
export function clusterHealth(options: ServerOptions): Promise<Health> {
  return withEngine(options, async engine => {
    const nodes = await nodesOf(engine)
    const silent = [...new Set(nodes.flatMap(node => node.silent))].sort()
    return { ...(await engine.health()), silent }
  })
}

async function withEngine<T>(options: ServerOptions, use: (engine: NatsEngine) => Promise<T>): Promise<T> {
  const { namespace = 'default' } = options
  const engine = new NatsEngine({ ...options, namespace, leaseMs: defaultLeaseMs, replicas: 1 })
  try {
    return await use(engine)
  } catch (error) {
    throw asSeen(error, engine.name)
  } finally {
    await engine.close()
  }
}
