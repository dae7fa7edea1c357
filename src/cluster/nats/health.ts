/** What of a server decides whether tasks are safe on it, as far as it tells. */
import type { NatsConnection } from './load.ts'
import type { Streams } from './streams.ts'

/** How the store is. */
export interface Health {
  readonly version: string
  readonly maxPayloadBytes: number
  /** On how many servers tasks are kept. */
  readonly replicas: number
  /**
   * Messages in the store that no queue will deliver: done ones that came back with a dead server.
   */
  readonly stuck: number
  readonly tasks: number
  /** Parts of queues of which nodes get nothing, not even that there is nothing. */
  readonly silent: readonly string[]
}

export async function healthOf(
  connection: NatsConnection,
  streams: Streams,
  tasks: string,
): Promise<Omit<Health, 'silent'>> {
  const { version = 'unknown', max_payload: maxPayloadBytes = 0 } = connection.info ?? {}
  const info = await streams.stream(tasks)
  const messages = info?.state.messages ?? 0
  let due = 0
  for (const name of await streams.consumerNames(tasks)) {
    const consumer = await streams.consumer(tasks, name)
    due += consumer.num_pending + consumer.num_ack_pending
  }
  const replicas = info?.config.num_replicas ?? 0
  return { version, maxPayloadBytes, replicas, stuck: Math.max(0, messages - due), tasks: messages }
}
