/** What becomes of a task that a server has lost track of. The protocol: README.md. */
import { type Engine, keptMs } from './engine.ts'
import { readEnding, readEnvelope } from './messages.ts'

/** Whether it never runs again, since its ending stands in the store. */
export async function isSettled(engine: Engine, id: string): Promise<boolean> {
  for (const bucket of ['results', 'calls'] as const) {
    const record = await engine.records(bucket).get(id)
    if (record !== undefined) return readEnding(record.bytes)?.kind === 'settled'
  }
  return false
}

/**
 * Whether it may be given again, as nothing stands in the store about it. A task that may run once
 * leaves a record when it begins: as long as that would be kept, none means that it never began.
 */
export function mayRunAgain(bytes: Uint8Array, ageMs: number): boolean {
  const envelope = readEnvelope(bytes)
  if (envelope === undefined) return false
  const bucket = envelope.keep === 'results' ? 'results' : 'calls'
  return envelope.idempotent || ageMs < keptMs[bucket] / 2 // Half: the clocks may differ.
}
