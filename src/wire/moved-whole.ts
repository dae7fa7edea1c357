/**
 * What most messages that move anything consist of: one typed array that is all of its buffer,
 * alone or among primitives. Nothing in it needs the walk of scan.ts, which takes longer than the
 * rest of such a call on this side.
 */
import { type Moved, markedToMove, takeMark, whyUnmovable } from '../task/transfer.ts'
import type { Encoded } from './codec.ts'
import type { Crossing } from './crossing.ts'
import { placeOfWhole } from './whole-view.ts'

/** Ready to be sent, its mark taken; undefined for anything else, which is left as it is. */
export function movedWhole(value: unknown, crossing: Crossing): Encoded | undefined {
  const moved = crossing.sharedMemory ? movedBy(value) : undefined
  if (moved === undefined) return undefined
  takeMark(moved)
  takeMark(value as object)
  return { value, special: false, transfer: [moved] }
}

/**
 * The same for a call's arguments, which must be a list of the library's own: no getter stands in
 * it, and no name on it.
 */
export function movedAmong(args: readonly unknown[], crossing: Crossing): Encoded | undefined {
  let view: unknown
  for (const arg of args) {
    const kind = typeof arg
    if (kind === 'object' && arg !== null && view === undefined) view = arg
    else if (kind !== 'number' && kind !== 'boolean' && kind !== 'undefined' && arg !== null) return undefined
  }
  const one = movedWhole(view, crossing)
  return one && { ...one, value: args }
}

function movedBy(value: unknown): Moved | undefined {
  if (!ArrayBuffer.isView(value) || placeOfWhole(value) < 0) return undefined
  const moved = markedToMove(value)
  return moved === undefined || whyUnmovable(moved) !== undefined ? undefined : moved
}
