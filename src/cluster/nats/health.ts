/** What of a server decides whether tasks are safe on it, as far as it tells. */
import type { NatsConnection } from './load.ts'
import type { Requests } from './requests.ts'
import type { Streams } from './streams.ts'

export interface HealthParts {
  readonly connection: NatsConnection
  readonly requests: Requests
  readonly streams: Streams
}

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
  /** Of large values, which lie beside the tasks. */
  readonly largeBytes: number
  /** Why the store takes nothing more. */
  readonly refusal: string | undefined
  /** Parts of queues of which nodes get nothing, not even that there is nothing. */
  readonly silent: readonly string[]
}

export async function healthOf(
  { connection, requests, streams }: HealthParts,
  tasks: string,
  shelves: readonly string[],
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
  let largeBytes = 0
  let refusal: string | undefined
  for (const name of shelves) {
    const shelf = await streams.stream(`KV_${name}`)
    if (shelf === undefined) continue
    largeBytes += shelf.state.bytes
    const written = await requests.write(`$KV.${name}.probe`, Buffer.from('probe'))
    if ('why' in written) refusal = written.why
  }
  return {
    version,
    maxPayloadBytes,
    replicas,
    stuck: Math.max(0, messages - due),
    tasks: messages,
    largeBytes,
    refusal,
  }
}
