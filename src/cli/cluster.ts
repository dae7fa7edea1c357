/**
 * `atonce worker`, `atonce cluster`, `atonce dead`: nodes, and what can be seen and done from
 * outside.
 */
import { beNode, cluster, type NodeStatus, startWorker } from '../cluster.ts'
import { processes, threads } from '../index.ts'
import { type AccessOptions, accessOf, withAccess } from './cluster/access.ts'
import { deadSentence, nextOfDead, nextOfStatus, statusSentence, workerSentence } from './cluster/words.ts'
import { CommandError, type ExitCode, exitCodes } from './ending.ts'
import { interruptible } from './interruption.ts'
import { jsonDocument } from './json.ts'
import { print } from './print.ts'
import { printAside } from './result-stream.ts'
import { quiet } from './style.ts'
import { loadForNode } from './target.ts'

interface JsonOption {
  readonly json?: boolean
}

export interface WorkerCommandOptions extends AccessOptions {
  readonly queues: string
  readonly workers?: number
  readonly on: 'threads' | 'processes'
  readonly lease: number
  readonly grace: number
  readonly json?: boolean
}

/**
 * Runs the tasks of some modules until SIGTERM or Ctrl-C; then what runs ends or is handed back.
 */
export async function worker(files: readonly string[], options: WorkerCommandOptions): Promise<ExitCode> {
  beNode()
  const modules = await Promise.all(files.map(loadForNode))
  const tasks = eachOnce(modules.flatMap(module => module.tasks))
  const entities = eachOnce(modules.flatMap(module => module.entities))
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
  const namesOf = (all: readonly { readonly name: string }[]) => all.map(({ name }) => name)
  const names = [...namesOf(tasks), ...namesOf(entities)]
  const sentence = workerSentence(started.id, names, options.queues, started.engine)
  if (options.json) {
    const document = {
      schema: 'atonce.worker/1',
      id: started.id,
      engine: started.engine,
      queues: options.queues.split(','),
      on: options.on,
      workers: on.workers,
      tasks: namesOf(tasks),
      entities: namesOf(entities),
      pid: process.pid,
      sentence,
      next: withAccess('cluster status', options),
    }
    await print(`${jsonDocument(document)}\n`)
  } else await print(`${sentence}\n`)
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

/** Modules may be named twice, and export what others do. */
function eachOnce<T>(all: readonly T[]): readonly T[] {
  return [...new Set(all)]
}

const mostLineLength = 300

/** Nodes, queues and dead letters. */
export async function clusterStatus(options: AccessOptions & JsonOption): Promise<ExitCode> {
  await using jobs = cluster(accessOf(options))
  const status = await jobs.status()
  if (options.json === true) {
    const [sentence, next] = [statusSentence(status), nextOfStatus(status, options)]
    await print(`${jsonDocument({ schema: 'atonce.cluster-status/1', ...status, sentence, next })}\n`)
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
      quiet(`Next: ${nextOfStatus(status, options)}`),
      '',
    ].join('\n'),
  )
  return exitCodes.ok
}

/** Sets how many tasks of a queue run at a time, on all nodes together. */
export async function clusterLimit(
  queue: string,
  most: number,
  options: AccessOptions & JsonOption,
): Promise<ExitCode> {
  await using jobs = cluster(accessOf(options))
  await jobs.limit(queue, most)
  const what = Number.isFinite(most)
    ? `runs at most ${most} tasks at a time, on all nodes together`
    : 'has no limit'
  const sentence = `${queue} ${what}.`
  const next = withAccess('cluster status', options)
  const set = { queue, most: Number.isFinite(most) ? most : null }
  const document = { schema: 'atonce.cluster-limit/1', ...set, sentence, next }
  await print(options.json === true ? `${jsonDocument(document)}\n` : `${sentence}\n`)
  return exitCodes.ok
}

/** A shard that has had more than one owner is told with its epoch. */
function epochsOf(shards: NodeStatus['shards']): string {
  const moved = shards.filter(({ epoch }) => epoch > 1).map(({ shard, epoch }) => `${shard}: ${epoch}`)
  return moved.length === 0 ? '' : ` (epochs of shards that have moved: ${moved.join(', ')})`
}

export async function deadList(options: AccessOptions & JsonOption): Promise<ExitCode> {
  await using jobs = cluster(accessOf(options))
  const dead = await jobs.dead.list()
  const [sentence, next] = [deadSentence(dead), nextOfDead(dead, options)]
  if (options.json === true) {
    await print(`${jsonDocument({ schema: 'atonce.dead/1', dead, sentence, next })}\n`)
    return exitCodes.ok
  }
  for (const { id, task, queue, attempts, error } of dead)
    await print(`${id}  ${task}  ${queue}  ${attempts} attempts  ${shortened(error)}\n`)
  if (dead.length === 0) await print(`${sentence}\n`)
  await print(quiet(`Next: ${next}\n`))
  return exitCodes.ok
}

/** The first line of an error, which may be as long as a book. */
function shortened(error: string): string {
  const [line = ''] = error.split('\n')
  return line.length > mostLineLength || line.length < error.length
    ? `${line.slice(0, mostLineLength)}…`
    : line
}

export async function deadRetry(
  ids: readonly string[],
  options: AccessOptions & JsonOption,
): Promise<ExitCode> {
  await using jobs = cluster(accessOf(options))
  const retried: { id: string; as: string }[] = []
  const sentenceOf = ({ id, as }: (typeof retried)[number]) => `${id} is queued again, as ${as}.`
  for (const id of ids) {
    const one = { id, as: await jobs.dead.retry(id) }
    retried.push(one)
    if (options.json !== true) await print(`${sentenceOf(one)}\n`) // Before the next one may fail.
  }
  const [sentence, next] = [retried.map(sentenceOf).join(' '), withAccess('cluster status', options)]
  if (options.json === true)
    await print(`${jsonDocument({ schema: 'atonce.dead-retry/1', retried, sentence, next })}\n`)
  return exitCodes.ok
}

export async function deadDrop(
  ids: readonly string[],
  options: AccessOptions & JsonOption,
): Promise<ExitCode> {
  await using jobs = cluster(accessOf(options))
  const sentenceOf = (id: string) => `${id} is dropped.`
  for (const id of ids) {
    await jobs.dead.drop(id)
    if (options.json !== true) await print(`${sentenceOf(id)}\n`)
  }
  const [sentence, next] = [ids.map(sentenceOf).join(' '), withAccess('dead list', options)]
  if (options.json === true)
    await print(`${jsonDocument({ schema: 'atonce.dead-drop/1', dropped: ids, sentence, next })}\n`)
  return exitCodes.ok
}
