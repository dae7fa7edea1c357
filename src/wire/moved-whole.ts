/**
 * The most common value that moves: one typed array that fills its buffer, alone or among
 * primitives. It does not need the walk of scan.ts, which takes longer than the rest of such a call
 * on this side.
 */
import { type Moved, markedToMove, takeMark, whyUnmovable } from '../task/transfer.ts'
import type { Encoded } from './codec.ts'
import type { Crossing } from './crossing.ts'
import { placeOfWhole } from './whole-view.ts'

/**
 * The value ready to be sent, with its mark taken; undefined for any other value, which is left as
 * it is.
 */
export function movedWhole(value: unknown, crossing: Crossing): Encoded | undefined {
  const moved = crossing.sharedMemory ? movedBy(value) : undefined
  if (moved === undefined) return undefined
  takeMark(moved)
  takeMark(value as object)
  return { value, special: false, transfer: [moved] }
}

/**
 * The same for a call's arguments. The list must be the library's own, without getters and names.
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
