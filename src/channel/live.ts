/** Channels with waiting senders or receivers, as tools see them. */
import type { Look } from '../live/look.ts'
import { listLive } from '../live/register.ts'
import { type LiveNode, nodesOf } from '../live/tree.ts'

/** A channel, as far as it is shown. */
export interface ShownChannel {
  readonly name: string
  readonly size: number
  readonly capacity: number
}

let known: (new (...args: any[]) => ShownChannel) | undefined

/**
 * For the first channel that is made; nothing is listed for each: those that matter are found by
 * who waits for them.
 */
export function listChannels(Class: new (...args: any[]) => ShownChannel): void {
  if (known !== undefined) return
  known = Class
  listLive('channels', look => blockedChannels(Class, look))
}

function blockedChannels(Class: new (...args: any[]) => ShownChannel, look: Look): LiveNode[] {
  const blocked = [...look.resources()].filter(
    (entry): entry is [ShownChannel, string[]] => entry[0] instanceof Class,
  )
  return nodesOf(blocked, ([{ name, size, capacity }, waiters]) => ({
    kind: 'channel',
    name,
    state: `${size} of ${capacity} items`,
    detail: waiters.slice(0, mostWaiters).join(', '),
    waitsFor: [],
    inside: [],
  }))
}

const mostWaiters = 5
