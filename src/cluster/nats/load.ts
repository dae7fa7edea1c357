/**
 * The client of NATS, loaded when it is first needed; the parts of it that are used here, by shape.
 */
import { MissingPeerError } from '../errors.ts'

export interface NatsHeaders {
  get(name: string): string
  set(name: string, value: string): void
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
  publish(subject: string, data?: Uint8Array, options?: { reply?: string }): void
  subscribe(
    subject: string,
    options: { callback: (error: Error | null, message: NatsMessage) => void },
  ): NatsSubscription
  flush(): Promise<void>
  drain(): Promise<void>
  close(): Promise<void>
  isClosed(): boolean
  closed(): Promise<undefined | Error>
}

export interface JetStream {
  publish(
    subject: string,
    data: Uint8Array,
    options: { msgID?: string; headers?: NatsHeaders; timeout?: number },
  ): Promise<{ readonly duplicate: boolean }>
}

interface Manager {
  readonly streams: {
    info(name: string): Promise<{ readonly state: { readonly messages: number } }>
    add(config: object): Promise<unknown>
  }
  readonly consumers: {
    info(
      stream: string,
      name: string,
    ): Promise<{ readonly num_pending: number; readonly num_ack_pending: number }>
    add(stream: string, config: object): Promise<unknown>
  }
}

export interface KvEntry {
  readonly value: Uint8Array
  readonly revision: number
  readonly operation: string
}

export interface Kv {
  create(key: string, value: Uint8Array): Promise<number>
  update(key: string, value: Uint8Array, revision: number): Promise<number>
  get(key: string): Promise<KvEntry | null>
  purge(key: string): Promise<void>
  keys(): Promise<AsyncIterable<string>>
}

export interface ObjectStore {
  putBlob(meta: { name: string }, data: Uint8Array): Promise<unknown>
  getBlob(name: string): Promise<Uint8Array | null>
  info(name: string): Promise<unknown>
}

export interface NatsClient {
  connect(options: object): Promise<NatsConnection>
  headers(): NatsHeaders
  createInbox(prefix?: string): string
  credsAuthenticator(creds: Uint8Array): unknown
  jetstream(connection: NatsConnection): JetStream
  manager(connection: NatsConnection): Promise<Manager>
  bucket(connection: NatsConnection, name: string, options: object): Promise<Kv>
  objects(connection: NatsConnection, name: string, options: object): Promise<ObjectStore>
}

const installLine = 'npm install @nats-io/transport-node @nats-io/jetstream @nats-io/kv @nats-io/obj'

/** @throws MissingPeerError if the client is not installed */
export async function loadNats(): Promise<NatsClient> {
  try {
    const [transport, js, kv, obj] = await Promise.all([
      import('@nats-io/transport-node'),
      import('@nats-io/jetstream'),
      import('@nats-io/kv'),
      import('@nats-io/obj'),
    ])
    return {
      connect: options => transport.connect(options) as unknown as Promise<NatsConnection>,
      headers: () => transport.headers() as unknown as NatsHeaders,
      createInbox: prefix => transport.createInbox(prefix),
      credsAuthenticator: creds => transport.credsAuthenticator(creds),
      jetstream: connection => js.jetstream(connection as never) as unknown as JetStream,
      manager: connection => js.jetstreamManager(connection as never) as unknown as Promise<Manager>,
      bucket: async (connection, name, options) =>
        (await new kv.Kvm(connection as never).create(name, options as never)) as unknown as Kv,
      objects: async (connection, name, options) =>
        (await new obj.Objm(connection as never).create(name, options as never)) as unknown as ObjectStore,
    }
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== 'ERR_MODULE_NOT_FOUND') throw cause
    throw new MissingPeerError(
      `cluster({ servers }) uses the client of NATS, which is not installed. Install it:\n    ${installLine}`,
      { cause },
    )
  }
}
