/**
 * What can be said of tasks that do not leave their queue: each lane's consumer as the server has
 * it, and of each task that is left its number, its age, its records and what the programs wrote
 * down about it.
 */

import { readEnding } from '../../src/cluster/messages.ts'
import { NatsEngine } from '../../src/cluster/nats/engine.ts'
import { loadNats } from '../../src/cluster/nats/load.ts'
import { lanes } from '../../src/cluster/nats/pull.ts'
import { Requests } from '../../src/cluster/nats/requests.ts'
import { consumerOf, Streams } from '../../src/cluster/nats/streams.ts'
import { taskIn } from '../../src/cluster/nats/sweep.ts'
import { linesIn } from './ledger.ts'

const mostTold = 20

export async function stuckIn(servers: string, namespace: string, ledger: string): Promise<string[]> {
  const nats = await loadNats()
  const connection = await nats.connect({ servers })
  const streams = new Streams(new Requests(connection, nats.createInbox()), 1)
  const engine = new NatsEngine({ servers, namespace, leaseMs: 1_000, replicas: 1 })
  const stream = `AO_${namespace}_tasks`
  const told: string[] = []
  try {
    for (const lane of lanes) {
      const info = await streams.consumer(stream, consumerOf('default', lane))
      const { num_pending, num_ack_pending, num_redelivered, num_waiting, delivered, ack_floor } = info
      told.push(
        `${lane}: ${JSON.stringify({ num_pending, num_ack_pending, num_redelivered, num_waiting, delivered, ack_floor })}`,
      )
    }
    let next = await streams.next(stream, 1)
    for (let n = 0; next !== undefined && n < mostTold; n += 1) {
      const { seq, subject, storedMs } = next
      const { id } = taskIn(next)
      const ageMs = Date.now() - storedMs
      told.push(
        `  ${seq} ${subject} ${id}, ${ageMs} ms old: ${await recordsOf(engine, id)}; ${historyOf(ledger, id)}`,
      )
      next = await streams.next(stream, seq + 1)
    }
    return told
  } finally {
    await engine.close()
    await connection.close()
  }
}

async function recordsOf(engine: NatsEngine, id: string): Promise<string> {
  const found: string[] = []
  for (const bucket of ['results', 'calls', 'cancelled'] as const) {
    const record = await engine.records(bucket).get(id)
    if (record !== undefined) found.push(`${bucket} ${readEnding(record.bytes)?.kind ?? 'there'}`)
  }
  return found.join(', ') || 'no record'
}

function historyOf(ledger: string, id: string): string {
  const lines = linesIn(ledger).filter(([, of]) => of === id)
  return lines.map(words => words.join(' ')).join(' | ') || 'nobody wrote of it'
}
