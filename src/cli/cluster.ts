/**
 * `atonce worker`, `atonce cluster`, `atonce dead`: nodes, and what can be seen and done from
 * outside.
 */
import { type Cluster, type ClusterOptions, cluster, type NodeStatus, startWorker } from '../cluster.ts'
import { processes, threads } from '../index.ts'
import { CommandError, type ExitCode, exitCodes } from './ending.ts'
import { interruptible } from './interruption.ts'
import { jsonLine } from './json.ts'
import { print } from './print.ts'
import { printAside } from './result-stream.ts'
import { loadForNode } from './target.ts'

/** What says where the store is. */
export interface AccessOptions {
  readonly servers: string
  readonly namespace: string
  readonly credentials?: string
  readonly user?: string
  readonly insecure?: boolean
}

export interface WorkerCommandOptions extends AccessOptions {
  readonly queues: string
  readonly workers?: number
  readonly on: 'threads' | 'processes'
  readonly lease: number
  readonly grace: number
}

/**
 * Runs the tasks of some modules until SIGTERM or Ctrl-C; then what runs ends or is handed back.
 */
export async function worker(files: readonly string[], options: WorkerCommandOptions): Promise<ExitCode> {
  const modules = await Promise.all(files.map(loadForNode))
  const tasks = modules.flatMap(module => module.tasks)
  const entities = modules.flatMap(module => module.entities)
  const size = options.workers === undefined ? {} : { workers: options.workers }
  const on = options.on === 'processes' ? processes({ ...size, onOutput: printAside }) : threads(size)
  const started = await startWorker({
    ...accessOf(options),
    leaseMs: options.lease,
    queues: options.queues.split(','),
    on,
    tasks,
    entities,
  })
  const names = [...tasks, ...entities].map(({ name }) => name).join(', ')
  await print(`${started.id} runs ${names} of ${options.queues}, on ${started.engine}.\n`)
  try {
    await interruptible(
      signal =>
        new Promise<never>((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
        ),
    )
  } catch (error) {
    await started.close(options.grace)
    if (!(error instanceof CommandError)) throw error
  }
  return exitCodes.ok
}

/** Nodes, queues and dead letters. */
export async function clusterStatus(options: AccessOptions & { readonly json?: boolean }): Promise<ExitCode> {
  await using jobs = cluster(accessOf(options))
  const status = await jobs.status()
  if (options.json === true) {
    await print(jsonLine({ schema: 'atonce.cluster-status/1', ...status }))
    return exitCodes.ok
  }
  const nodes = status.nodes.map(
    ({ id, running, workers, queues, counts, shards, sessions }) =>
      `  ${id}  ${running} of ${workers} busy  ${queues.join(',')}  ${counts['done']} done, ${counts['failed']} failed, ${counts['duplicates']} duplicates, ${shards.length} shards with ${shards.reduce((sum, { entities }) => sum + entities, 0)} entities${epochsOf(shards)}, actors of ${sessions} supervisors`,
  )
  const queues = status.queues.map(
    ({ name, waiting, taken, redelivered, oldestMs, limit, permits }) =>
      `  ${name}  ${waiting} waiting, ${taken} taken, ${redelivered} of them again${oldestMs === undefined ? '' : `, the oldest for ${(oldestMs / 1_000).toFixed(1)} s`}${limit === undefined ? '' : `, at most ${limit} at a time (${permits} permits held)`}`,
  )
  await print(
    [
      `${status.engine}`,
      'nodes',
      ...(nodes.length === 0 ? ['  none'] : nodes),
      'queues',
      ...queues,
      `dead letters: ${status.dead}`,
      '',
    ].join('\n'),
  )
  return exitCodes.ok
}

/** Sets how many tasks of a queue run at a time, on all nodes together. */
export async function clusterLimit(queue: string, most: number, options: AccessOptions): Promise<ExitCode> {
  await using jobs = cluster(accessOf(options))
  await jobs.limit(queue, most)
  const what = Number.isFinite(most)
    ? `runs at most ${most} tasks at a time, on all nodes together`
    : 'has no limit'
  await print(`${queue} ${what}.\n`)
  return exitCodes.ok
}

/** A shard that has had more than one owner is told with its epoch. */
function epochsOf(shards: NodeStatus['shards']): string {
  const moved = shards.filter(({ epoch }) => epoch > 1).map(({ shard, epoch }) => `${shard}: ${epoch}`)
  return moved.length === 0 ? '' : ` (epochs of shards that have moved: ${moved.join(', ')})`
}

export async function deadList(options: AccessOptions & { readonly json?: boolean }): Promise<ExitCode> {
  await using jobs = cluster(accessOf(options))
  const dead = await jobs.dead.list()
  if (options.json === true) await print(jsonLine({ schema: 'atonce.dead/1', dead }))
  else
    for (const { id, task, queue, attempts, error } of dead)
      await print(`${id}  ${task}  ${queue}  ${attempts} attempts  ${error}\n`)
  return exitCodes.ok
}

export const deadRetry = (ids: readonly string[], options: AccessOptions): Promise<ExitCode> =>
  forEach(ids, options, async (jobs, id) => `${id} is queued again, as ${await jobs.dead.retry(id)}.\n`)

export const deadDrop = (ids: readonly string[], options: AccessOptions): Promise<ExitCode> =>
  forEach(ids, options, async (jobs, id) => {
    await jobs.dead.drop(id)
    return `${id} is dropped.\n`
  })

async function forEach(
  ids: readonly string[],
  options: AccessOptions,
  act: (jobs: Cluster, id: string) => Promise<string>,
): Promise<ExitCode> {
  await using jobs = cluster(accessOf(options))
  for (const id of ids) await print(await act(jobs, id))
  return exitCodes.ok
}

export function accessOf(options: AccessOptions): ClusterOptions & { servers: string } {
  const { servers, namespace, credentials, user, insecure = false } = options
  const password = process.env['ATONCE_NATS_PASSWORD']
  return {
    servers,
    namespace,
    insecure,
    ...(credentials === undefined ? {} : { credentials }),
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
  }
}
