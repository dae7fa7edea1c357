/**
 * What is remembered of the accesses to one element: the last write, and reads since.
 *
 *     │ lock │ write: agent + flags, time, stack │ read │ read │ read │ read │
 *
 * After FastTrack (Flanagan & Freund 2009): of writes the last one is enough, as an earlier one
 * happens before it or was reported with it; a read that happens before another one is replaced by
 * it. Reads that are not ordered are kept side by side, four at the most, as ThreadSanitizer does
 * (Serebryany & Iskhodzhanov 2009): with more, a race may be missed, and none is invented. What a
 * thread does again at the same time, between two of its own releases, is not looked at again.
 */
import { agentMask } from '../agents.ts'
import { placeOf } from './layout.ts'
import { lock, unlock } from './spin-lock.ts'
import type { ThreadClocks } from './thread-clocks.ts'

const readsKept = 4
const entryWords = 3
const writeAt = 1
const firstReadAt = writeAt + entryWords
export const cellWords: number = firstReadAt + readsKept * entryWords

/** Beside the agent's number: the access was one of `Atomics`. */
const atomicFlag = 1 << 29

export interface Access {
  readonly writes: boolean
  /** Two of these are no race, whatever their order. */
  readonly atomic: boolean
}

/** One that an access is not ordered with. */
export interface Earlier extends Access {
  readonly agent: number
  readonly stack: number
}

/**
 * Notes an access of this thread to a cell, and tells which earlier ones nothing orders it with.
 * `stack` is called if the access is to be remembered.
 */
export function noteAccess(
  cells: Int32Array,
  cell: number,
  access: Access,
  agent: number,
  clocks: ThreadClocks,
  stack: () => number,
): readonly Earlier[] {
  const flagged = access.atomic ? agent | atomicFlag : agent
  const time = clocks.now
  if (isNoted(cells, cell, access, flagged, time)) return none
  const place = stack() // Before the lock: it takes long.
  lock(cells, cell, agent)
  try {
    const earlier = unordered(cells, cell, access, agent, clocks)
    if (access.writes) {
      put(cells, cell + writeAt, flagged, time, place)
      if (!access.atomic) cells.fill(0, cell + firstReadAt, cell + cellWords)
    } else put(cells, placeForRead(cells, cell, flagged, time, clocks), flagged, time, place)
    return earlier
  } finally {
    unlock(cells, cell)
  }
}

const none: readonly Earlier[] = []

function isNoted(cells: Int32Array, cell: number, access: Access, flagged: number, time: number): boolean {
  if (cells[cell + writeAt] === flagged && cells[cell + writeAt + 1] === time) return true
  if (access.writes) return false
  for (let at = cell + firstReadAt; at < cell + cellWords; at += entryWords)
    if (cells[at] === flagged && cells[at + 1] === time) return true
  return false
}

function unordered(
  cells: Int32Array,
  cell: number,
  access: Access,
  agent: number,
  clocks: ThreadClocks,
): readonly Earlier[] {
  let found: Earlier[] | undefined
  for (let at = cell + writeAt; at < cell + cellWords; at += entryWords) {
    const writes = at === cell + writeAt
    if (!writes && !access.writes) break
    const flagged = cells[at] as number
    const other = flagged & agentMask
    if (other === 0 || placeOf(other) === placeOf(agent)) continue
    if (access.atomic && (flagged & atomicFlag) !== 0) continue
    if (clocks.isBefore(other, cells[at + 1] as number)) continue
    found ??= []
    found.push({
      agent: other,
      writes,
      atomic: (flagged & atomicFlag) !== 0,
      stack: cells[at + 2] as number,
    })
  }
  return found ?? none
}

/** The place of a read that needs not be remembered beside this one; else any. */
function placeForRead(
  cells: Int32Array,
  cell: number,
  flagged: number,
  time: number,
  clocks: ThreadClocks,
): number {
  let free: number | undefined
  for (let at = cell + firstReadAt; at < cell + cellWords; at += entryWords) {
    const other = cells[at] as number
    if (other === flagged) return at
    if (free !== undefined) continue
    // A read of Atomics stands for no plain one: only plain ones race with writes of Atomics.
    const stands = (flagged & atomicFlag) === 0 || (other & atomicFlag) !== 0
    if (other === 0 || (stands && clocks.isBefore(other & agentMask, cells[at + 1] as number))) free = at
  }
  return free ?? cell + firstReadAt + entryWords * (time % readsKept)
}

function put(cells: Int32Array, at: number, flagged: number, time: number, stack: number): void {
  cells[at] = flagged
  cells[at + 1] = time
  cells[at + 2] = stack
}
