/**
 * Copies at once what of a value can be changed and is not a container: buffers, views on them, and
 * dates.
 */

import { MessagePort } from 'node:worker_threads'
import type { Moved } from '../task/transfer.ts'
import { placeOfWhole, type TypedArrayClass, typedArrayClasses } from './whole-view.ts'

/**
 * From here on a message is faster if it takes the copy's buffer over than if it copies it once
 * more.
 */
const worthMovingBytes = 16_384

export type Transfer = readonly Moved[]

/**
 * A copy of each leaf, the views on one buffer still on one. The buffers to be transferred are
 * taken from their owner now; those to be transferred later are those of the copies. Ports can't
 * change, and wait.
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
 * The platform's copy of all of them together keeps what they share, and what a buffer may grow to.
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
