/** One worker of a pool, and the calls that it has, as tools see them. */

import { callNode } from '../executor/live.ts'
import type { ReadyJob } from '../executor/ready-job.ts'
import type { ExecutorStats } from '../executor/stats.ts'
import type { LiveNode, LiveWait } from '../live/tree.ts'
import type { Age } from '../runtime/birth.ts'
import { nameOf } from '../task/task.ts'
import { waits } from './families.ts'
import type { Slot } from './slot.ts'

/**
 * A draining worker is shown as busy, and its call as cancelled but not left.
 */
export function workerNode(slot: Slot, nowMs: number): LiveNode {
  const { state } = slot
  const { name, pid, threadId } = slot.life.worker
  const age =
    state === 'starting' || state === 'stopping' ? undefined : { ms: slot.sinceMs(nowMs), atLeast: false }
  const { begun } = slot
  const next = [...slot.hand].slice(begun.length)
  return {
    kind: 'worker',
    name,
    pid,
    threadId,
    state: state === 'draining' ? 'busy' : state,
    age: state === 'idle' ? age : undefined,
    waitsFor: [],
    inside: [
      ...begun.map(ready => begunNode(ready, state === 'starting' || begun.length > 1 ? undefined : age)),
      ...slot.helping.all.map(ready => begunNode(ready, undefined)),
      ...next.map(ready => callNode(ready, { state: 'next', maker: makerOf(ready), seq: ready.seq })),
    ],
  }
}

/** What `stats()` tells of workers. */
export function countsOf(
  slots: Iterable<Slot>,
): Pick<ExecutorStats, 'running' | 'pids'> & { workers: ExecutorStats['workers'] } {
  const workers = { starting: 0, idle: 0, busy: 0 }
  const pids: number[] = []
  let running = 0
  for (const slot of slots) {
    const { state } = slot
    if (state === 'starting' || state === 'idle') workers[state] += 1
    else workers.busy += 1
    running += runningIn(slot)
    if (slot.life.worker.pid !== undefined) pids.push(slot.life.worker.pid)
  }
  return { workers, running, pids }
}

/** How many calls the worker runs that have no outcome yet. */
export function runningIn({ begun, helping }: Slot): number {
  return begun.reduce((sum, { over }) => sum + (over ? 0 : 1), helping.open)
}

/** A call that waits for a worker. */
export function waitingNode(ready: ReadyJob): LiveNode {
  return callNode(ready, { state: 'queued', maker: makerOf(ready) })
}

function begunNode(ready: ReadyJob, age: Age | undefined): LiveNode {
  const state = ready.over ? 'cancelled, but not left' : 'running'
  return callNode(ready, { state, maker: makerOf(ready), age, seq: ready.seq, waitsFor: waitsOf(ready) })
}

function makerOf({ nesting }: ReadyJob): ReadyJob | undefined {
  return nesting?.parent
}

function waitsOf(ready: ReadyJob): LiveWait[] {
  if (!waits(ready)) return []
  const names = new Map<string, number>()
  for (const { task } of ready.nested?.values() ?? [])
    names.set(nameOf(task), (names.get(nameOf(task)) ?? 0) + 1)
  return [...names].map(([name, count]) => ({ reason: `${name}${count === 1 ? '' : ` ×${count}`} to end` }))
}
