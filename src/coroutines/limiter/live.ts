/** Limiters, as tools see them: those with calls that run or wait. */
import { listLive } from '../../live/register.ts'
import { type LiveNode, nodesOf } from '../../live/tree.ts'
import { WeakList } from '../../live/weak-list.ts'

/** A limiter, as far as it is shown. */
export interface ShownLimiter {
  readonly name: string
  readonly queued: number
  readonly running: number
  readonly concurrency: number
  readonly paused: boolean
  readonly rateLimited: boolean
}

const listed = new WeakList<ShownLimiter>()

export function listLimiter(limiter: ShownLimiter): void {
  if (listed.size === 0) listLive('limiters', limiterNodes)
  listed.add(limiter)
}

function limiterNodes(): LiveNode[] {
  const inUse = [...listed].filter(({ queued, running }) => queued + running > 0)
  return nodesOf(inUse, ({ name, queued, running, concurrency, paused, rateLimited }) => ({
    kind: 'limiter',
    name,
    state: paused ? 'paused' : rateLimited ? 'waiting for its rate' : 'open',
    detail: `${running} of ${concurrency} running, ${queued} queued`,
    waitsFor: [],
    inside: [],
  }))
}
