/** A cancellation, as the store sees it: an ending like any other, and the first one counts. */

import type { WireFailure } from '../wire/failure.ts'
import type { Engine, Records } from './engine.ts'
import { readEnding, writeMessage } from './messages.ts'

/**
 * Settles the task as cancelled, unless it has an ending. A node that has begun it sees that at its
 * next sign of life, if the order to stop got lost; what it comes to does not count any more.
 * @returns whether the task was cancelled by this
 */
export async function cancelInStore(records: Records, id: string, failure: WireFailure): Promise<boolean> {
  const bytes = writeMessage({
    kind: 'settled',
    reply: { kind: 'failed', failure },
    workMs: 0,
    node: '',
    attempt: 0,
    batches: 0,
  })
  for (;;) {
    if ((await records.create(id, bytes)) !== undefined) return true
    const known = await records.get(id)
    if (known === undefined) continue // Handed back just now.
    if (readEnding(known.bytes)?.kind !== 'begun') return false
    if ((await records.replace(id, bytes, known.revision)) !== undefined) return true
  }
}

/** Tells a node that runs it; of a task whose node is not known, all of them. */
export function orderToStop(
  engine: Engine,
  node: string | undefined,
  id: string,
  failure: WireFailure,
): void {
  engine.publish(node === undefined ? 'nodes' : `node.${node}`, writeMessage({ kind: 'cancel', id, failure }))
}
