/**
 * Threads × coroutines: each worker gets a batch of pages, and visits many of them at a time.
 *
 *     harvest ─▶ queues, some hosts each ─▶ one batch of each queue ┊─▶ visitPages ─▶ many requests
 *        ▲                                                         ┊
 *        └───────────── new addresses ◀────── visits ◀─────────────┊◀── when all of them are done
 *
 * A host belongs to one queue, and a queue has one batch under way: so a host's limit holds, with
 * nothing shared.
 */
import { type Executor, type ProgressListener, scope } from '../../src/index.ts'
import type { Place } from '../site/get.ts'
import { Harvest } from './harvest.ts'
import { Robots } from './site-robots.ts'
import { visitPages } from './tasks.ts'

// A batch is as slow as its slowest page, and what it has found waits with it; a small one leaves
// little to overlap.
const mostInBatch = 64

class HostQueue {
  readonly urls: string[] = []
  /** Whether a batch is under way. */
  busy = false
}

export async function crawlInBatches(
  start: string,
  place: Place,
  perHost: number,
  executor: Executor,
  onProgress: ProgressListener = () => {},
): Promise<Harvest> {
  const harvest = new Harvest(new Robots(place))
  const queues = Array.from({ length: executor.workers }, () => new HostQueue())
  const byHost = new Map<string, HostQueue>()
  const queueOf = (url: string) => {
    const { host } = new URL(url)
    // Hosts are dealt out in turn, as they turn up.
    const queue = byHost.get(host) ?? (queues[byHost.size % queues.length] as HostQueue)
    byHost.set(host, queue)
    return queue
  }
  await scope(async s => {
    const follow = (urls: readonly string[]) => {
      for (const url of urls) queueOf(url).urls.push(url)
      for (const queue of queues) {
        if (queue.busy || queue.urls.length === 0) continue
        queue.busy = true
        s.spawn(({ signal }) => empty(queue, executor.with({ signal })))
      }
    }
    const empty = async (queue: HostQueue, pool: Executor) => {
      while (queue.urls.length > 0) {
        const visits = await pool.run(visitPages, queue.urls.splice(0, mostInBatch), place, perHost)
        for (const visit of visits) follow(await harvest.add(visit))
        onProgress(...harvest.progress)
      }
      queue.busy = false
    }
    follow(await harvest.admit([start]))
  })
  return harvest
}
