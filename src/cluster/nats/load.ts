/**
 * The client of NATS, loaded when it is first needed; the parts of it that are used here, by shape.
 */
import { MissingPeerError } from '../errors.ts'

export interface NatsHeaders {
  get(name: string): string
  readonly code?: number
}

export interface NatsMessage {
  readonly subject: string
  readonly data: Uint8Array
  readonly reply?: string
  readonly headers?: NatsHeaders
}

export interface NatsSubscription {
  unsubscribe(): void
}

export interface NatsConnection {
  readonly info?: { readonly version: string; readonly max_payload: number }
  publish(
    subject: string,
    data?: Uint8Array,
    options?: { reply?: string; headers?: { encode(): Uint8Array } },
  ): void
  subscribe(
    subject: string,
    options: { callback: (error: Error | null, message: NatsMessage) => void },
  ): NatsSubscription
  flush(): Promise<void>
  drain(): Promise<void>
  close(): Promise<void>
  isClosed(): boolean
  isDraining(): boolean
  closed(): Promise<undefined | Error>
  status(): AsyncIterable<{
    readonly type: string
    readonly error?: Error & { readonly subject?: string }
  }>
}

/** Whether anything can be said on it: one that drains, before it closes, throws at it. */
export function isOpen(connection: NatsConnection): boolean {
  return !connection.isClosed() && !connection.isDraining()
}

export interface NatsClient {
  connect(options: object): Promise<NatsConnection>
  createInbox(prefix?: string): string
  credsAuthenticator(creds: Uint8Array): unknown
}

const installLine = 'npm install @nats-io/transport-node'

/** @throws MissingPeerError if the client is not installed */
export async function loadNats(): Promise<NatsClient> {
  // Caught: so a bundler that does not find it leaves it for later.
  const transport = await import('@nats-io/transport-node').catch(notInstalled)
  return {
    connect: options => transport.connect(options) as unknown as Promise<NatsConnection>,
    createInbox: prefix => transport.createInbox(prefix),
    credsAuthenticator: creds => transport.credsAuthenticator(creds),
  }
}

function notInstalled(cause: { readonly code?: unknown }): never {
  if (cause.code !== 'ERR_MODULE_NOT_FOUND' && cause.code !== 'MODULE_NOT_FOUND') throw cause
  throw new MissingPeerError(
    `cluster({ servers }) uses the client of NATS, which is not installed. Install it:\n    ${installLine}`,
    { cause },
  )
}
