/**
 * Copies at once the parts of a value that can be changed and are not containers: buffers, views on
 * them, and dates.
 */

import { MessagePort } from 'node:worker_threads'
import type { Moved } from '../task/transfer.ts'
import { placeOfWhole, type TypedArrayClass, typedArrayClasses } from './whole-view.ts'

/**
 * From this size on, moving the copy's buffer into the message is faster than copying it again.
 */
const worthMovingBytes = 16_384

export type Transfer = readonly Moved[]

/**
 * A copy of each leaf; views on one buffer stay views on one. Buffers that move are taken from
 * their owner now, and their copies move later. Ports can't change, so they move later.
 */
export function copiedLeaves(
  leaves: readonly object[],
  transfer: Transfer,
): { leaves: ReadonlyMap<object, object> | undefined; transfer: Transfer } {
  if (leaves.length === 0) return { leaves: undefined, transfer }
  const copies =
    transfer.length === 0 && leaves.length === 1 ? [copyOf(leaves[0] as object)] : copiesOf(leaves, transfer)
  const later = new Set<Moved>(transfer.filter(moved => moved instanceof MessagePort))
  const moving = transfer.length > later.size
  for (const copy of copies) {
    const buffer = bufferOf(copy)
    if (buffer !== undefined && (moving || buffer.byteLength >= worthMovingBytes)) later.add(buffer)
  }
  return { leaves: new Map(leaves.map((leaf, at) => [leaf, copies[at] as object])), transfer: [...later] }
}

/**
 * The platform copies all of them together, which keeps what they share and how far a buffer may
 * grow.
 */
function copiesOf(leaves: readonly object[], transfer: Transfer): object[] {
  const moved = transfer.filter(moved => moved instanceof ArrayBuffer)
  try {
    return structuredClone(leaves, { transfer: moved }) as object[]
  } catch (error) {
    if (moved.length === 0) throw error
    return structuredClone(leaves) as object[] // The memory of a WebAssembly instance can't be taken from it.
  }
}

function copyOf(leaf: object): object {
  const place = ArrayBuffer.isView(leaf) ? placeOfWhole(leaf) : -1
  return place < 0 ? structuredClone(leaf) : new (typedArrayClasses[place] as TypedArrayClass)(leaf as never)
}

function bufferOf(copy: object): ArrayBuffer | undefined {
  if (copy instanceof ArrayBuffer) return copy
  return ArrayBuffer.isView(copy) ? (copy.buffer as ArrayBuffer) : undefined
}
