/** atonce/cluster: tasks on more than one machine. */

export { isActorClass } from './actors/definition.ts'
export { type Cluster, type ClusterOptions, cluster, type DeadLetters } from './cluster/cluster.ts'
export type { DeadTask, FailedAttempt } from './cluster/dead.ts'
export type { Depth } from './cluster/engine.ts'
export type { Entity } from './cluster/entities/entity.ts'
export {
  ArgumentsRefusedError,
  DeniedError,
  EngineUnavailableError,
  InsecureConnectionError,
  MissingPeerError,
  NodeLostError,
  NoResultError,
  StoreVersionError,
  SubmitUnknownError,
  UnknownTaskError,
} from './cluster/errors.ts'
export type { Health } from './cluster/nats/health.ts'
export { clusterHealth, provisionCluster } from './cluster/operate.ts'
export type { ClusterStatus, NodeStatus, QueueStatus, ShardStatus } from './cluster/status.ts'
export type { ResultOptions, SubmitOptions, Submitted } from './cluster/submit.ts'
export { type StartedWorker, startWorker, type WorkerOptions } from './cluster/worker.ts'
export { beNode } from './worker/birth.ts'
