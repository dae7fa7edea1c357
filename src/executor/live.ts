/**
 * Executors as tools see them: each lists itself when it is made, and is asked when a tool looks.
 */
import type { Look } from '../live/look.ts'
import { listLive } from '../live/register.ts'
import { type LiveNode, more, nodesOf } from '../live/tree.ts'
import { WeakList } from '../live/weak-list.ts'
import { nameOf } from '../task/task.ts'
import type { Job } from './backend.ts'
import type { ExecutorStats, Model } from './stats.ts'
import { callsIn } from './tally.ts'

/** An executor that tools can see. */
export interface LiveExecutor {
  readonly name: string
  readonly model: Model
  /** Its node; undefined once it is closed. */
  live(look: Look): LiveNode | undefined
}

const listed = new WeakList<LiveExecutor>()

export function listExecutor(executor: LiveExecutor): void {
  if (listed.size === 0) listLive('executors', liveExecutors)
  listed.add(executor)
}

function liveExecutors(look: Look): LiveNode[] {
  return [...listed].map(executor => executor.live(look)).filter(node => node !== undefined)
}

/** The node of an executor, whatever its model. */
export function executorNode(
  { name, model }: LiveExecutor,
  state: 'open' | 'closing',
  stats: ExecutorStats,
  inside: readonly LiveNode[],
): LiveNode {
  const { running, queued, done, failed } = stats
  const detail = [
    `${running} running`,
    `${queued} waiting`,
    `${done} done`,
    ...(failed === 0 ? [] : [`${failed} failed`]),
  ].join(', ')
  const title = name === model ? model : `${name} (${model})`
  return { kind: 'executor', name: title, state, detail, waitsFor: [], inside }
}

/** A call, or a chunk of calls of one task. `maker` is the call of a task that has made it. */
export function callNode(
  job: Job,
  { state, maker, ...rest }: Pick<LiveNode, 'state'> & { maker: Job | undefined } & Partial<LiveNode>,
): LiveNode {
  return {
    kind: 'call',
    name: nameOf(job.task),
    state,
    detail: maker === undefined ? undefined : `made by ${nameOf(maker.task)}`,
    count: callsIn(job),
    waitsFor: [],
    inside: [],
    ...rest,
  }
}

/** The most calls of a queue that are looked at. */
const mostQueued = 10_000

/**
 * Calls that wait for a worker, in their order; those of one task that follow each other are told
 * as one.
 */
export function queuedNodes<T>(
  queue: { readonly size: number } & Iterable<T>,
  node: (item: T) => LiveNode,
): LiveNode[] {
  const nodes: LiveNode[] = []
  let looked = 0
  for (const item of queue) {
    if (looked === mostQueued) break
    looked += 1
    const next = node(item)
    const last = nodes.at(-1)
    const alike = last?.name === next.name && last.detail === next.detail
    if (last !== undefined && alike)
      nodes[nodes.length - 1] = { ...last, count: (last.count ?? 1) + (next.count ?? 1) }
    else nodes.push(next)
  }
  const told = nodesOf(nodes, one => one)
  return queue.size > looked ? [...told, more(queue.size - looked)] : told
}
