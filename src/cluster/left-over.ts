/** What becomes of a task that a server has lost track of. The protocol: README.md. */
import { endedByCaller } from './ending.ts'
import { type Engine, keptMs } from './engine.ts'
import { EngineUnavailableError } from './errors.ts'
import { readEnding, readEnvelope, writeMessage } from './messages.ts'
import { failureOf } from './node-job.ts'

/** Whether it never runs again, since its ending stands in the store. */
export async function isSettled(engine: Engine, id: string): Promise<boolean> {
  for (const bucket of ['results', 'calls'] as const) {
    const record = await engine.records(bucket).get(id)
    if (record !== undefined) return readEnding(record.bytes)?.kind === 'settled'
  }
  return false
}

/** Nobody can run it: its arguments are gone. Who waits for it finds that in either bucket. */
export async function settleGone(engine: Engine, id: string): Promise<void> {
  const why = new EngineUnavailableError(
    `Task ${id} can't be run: its large arguments are gone from the store, or were changed. Those of a call are kept for a day, those of a submitted task for two weeks; a server that has lost its disk has lost them, too.`,
  )
  const bytes = writeMessage(endedByCaller(id, failureOf(why)))
  for (const bucket of ['results', 'calls'] as const) {
    const records = engine.records(bucket)
    const record = await records.get(id)
    if (record === undefined) await records.create(id, bytes)
    else if (readEnding(record.bytes)?.kind === 'begun') await records.replace(id, bytes, record.revision)
  }
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
