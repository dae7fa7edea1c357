/**
 * The engine on NATS: tasks in a work queue of JetStream, records in its key-value buckets, large
 * values in its object store, hints by plain subjects.
 *
 *     ao.<ns>.t.<queue>.<lane>.<id>     a task that is ready, or delayed (lane `later`)      stream AO_<ns>_TASKS
 *     ao.<ns>.ready.<queue>             hint: there is something                             plain
 *     ao.<ns>.h.<caller or node>        hints                                                plain
 *     AO_<ns>_<bucket>                  records                                              key-value buckets
 *
 * What the server promises, and since which version: docs/guide/cluster.md. It runs with 2.9.10 and
 * later; nothing newer is asked of it, since an option that a server does not know is ignored in
 * silence.
 */
import { PayloadTooLargeError, QueueFullError } from '../../errors.ts'
import { runtime } from '../../runtime/runtime.ts'
import { wallMs } from '../../runtime/wall.ts'
import {
  type Bucket,
  type Consumer,
  type Depth,
  type Engine,
  type Entry,
  keptMs,
  type Records,
  type Taking,
} from '../engine.ts'
import { EngineUnavailableError, SubmitUnknownError } from '../errors.ts'
import { maxMessageBytes } from '../messages.ts'
import { checkAccess, connectTo, type NatsAccess } from './connection.ts'
import { inlined, stored, unframed } from './frames.ts'
import type { JetStream, Kv, NatsClient, NatsConnection, ObjectStore } from './load.ts'
import { loadNats } from './load.ts'
import { type Lane, lanes, Puller } from './pull.ts'
import { NatsRecords } from './records.ts'

export interface NatsOptions extends NatsAccess {
  readonly namespace: string
  readonly leaseMs: number
  /** Copies of everything on so many servers. */
  readonly replicas: number
}

/** What there is once it is connected. */
interface Open {
  readonly client: NatsClient
  readonly connection: NatsConnection
  readonly js: JetStream
  readonly objects: ObjectStore
}

const dueHeader = 'Ao-Due'
/** How often a submission is tried, with the same id, before it is said that nobody knows. */
const submitTries = 8
const idempotenceMs = 2 * 60_000

export class NatsEngine implements Engine {
  readonly name: string
  readonly leaseMs: number
  readonly isLocal = false
  readonly wallMs = wallMs
  readonly #options: NatsOptions
  readonly #buckets = new Map<Bucket, Promise<Kv>>()
  readonly #queues = new Map<string, Promise<void>>()
  #opening: Promise<Open> | undefined
  #open: Open | undefined
  #closed = false

  /** @throws OptionError, InsecureConnectionError */
  constructor(options: NatsOptions) {
    this.name = `NATS at ${checkAccess(options).join(', ')}`
    this.#options = options
    this.leaseMs = options.leaseMs
  }

  async open(): Promise<void> {
    await this.#opened()
  }

  /** Connects once; after a failure the next one tries again. */
  #opened(): Promise<Open> {
    if (this.#closed)
      return Promise.reject(new EngineUnavailableError(`The connection to ${this.name} is closed.`))
    this.#opening ??= this.#connect().catch((error: unknown) => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  async #connect(): Promise<Open> {
    const client = await loadNats()
    const connection = await connectTo(client, this.#options, 'atonce')
    try {
      await this.#ensureStream(client, connection)
      const objects = await client.objects(connection, this.#named('blobs'), {
        ttl: keptMs.results * 1e6,
        replicas: this.#options.replicas,
      })
      this.#open = { client, connection, js: client.jetstream(connection), objects }
      return this.#open
    } catch (cause) {
      await connection.close().catch(() => {})
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new EngineUnavailableError(
        `${this.name} answers, but its JetStream can't be used: ${why}. Start the server with -js, and let this user use it.`,
        { cause },
      )
    }
  }

  async #ensureStream(client: NatsClient, connection: NatsConnection): Promise<void> {
    const { streams } = await client.manager(connection)
    const name = this.#named('tasks')
    try {
      await streams.info(name)
    } catch {
      await streams.add({
        name,
        subjects: [`${this.#root}.t.>`],
        retention: 'workqueue',
        storage: 'file',
        discard: 'new',
        num_replicas: this.#options.replicas,
        duplicate_window: idempotenceMs * 1e6,
      })
    }
  }

  get #root(): string {
    return `ao.${this.#options.namespace}`
  }

  #named(what: string): string {
    return `AO_${this.#options.namespace}_${what}`
  }

  // ── tasks ──

  async submit({ queue, id, bytes, priority, delayMs }: Entry): Promise<void> {
    if (bytes.length > maxMessageBytes) throw new PayloadTooLargeError(bytes.length, maxMessageBytes)
    const open = await this.#opened()
    await this.#ensureQueue(queue)
    const frame = await this.#frame(bytes)
    const lane: Lane = delayMs > 0 ? 'later' : priority > 0 ? 'p0' : priority < 0 ? 'p2' : 'p1'
    const headers = open.client.headers()
    if (delayMs > 0) headers.set(dueHeader, String(Math.round(wallMs() + delayMs)))
    const subject = `${this.#root}.t.${queue}.${lane}.${id}`
    for (let tries = 1; ; tries += 1)
      try {
        await open.js.publish(subject, frame, { msgID: id, headers, timeout: 3_000 })
        open.connection.publish(`${this.#root}.ready.${queue}`)
        return
      } catch (error) {
        if (/maximum (messages|bytes)/i.test((error as Error).message)) throw new QueueFullError(this.name, 0)
        if (tries === submitTries || this.#closed) throw new SubmitUnknownError(id, { cause: error })
        await pause(50 * 2 ** tries)
      }
  }

  consume(taking: Taking): Consumer {
    let puller: Puller | undefined
    let stopped = false
    const begin = async (): Promise<void> => {
      while (!stopped)
        try {
          const { client, connection } = await this.#opened()
          for (const queue of taking.queues) await this.#ensureQueue(queue)
          if (stopped) return
          puller = new Puller(
            {
              connection,
              stream: this.#named('tasks'),
              leaseMs: this.leaseMs,
              inbox: () => client.createInbox(),
              consumerOf: (queue, lane) => `${queue}-${lane}`,
              readySubject: queue => `${this.#root}.ready.${queue}`,
              dueInMs: ({ headers }) => Number(headers?.get(dueHeader) || 0) - wallMs(),
              unframe: frame => this.#unframe(frame),
            },
            taking,
          )
          return
        } catch {
          await pause(1_000)
        }
    }
    void begin()
    return {
      wake: () => puller?.wake(),
      stop: async () => {
        stopped = true
        await puller?.stop()
      },
    }
  }

  /**
   * The consumers of a queue; they are the same for all nodes, so that each task goes to one of
   * them.
   */
  #ensureQueue(queue: string): Promise<void> {
    const known = this.#queues.get(queue)
    if (known !== undefined) return known
    const making = this.#makeConsumers(queue)
    this.#queues.set(queue, making)
    making.catch(() => this.#queues.delete(queue))
    return making
  }

  async #makeConsumers(queue: string): Promise<void> {
    const { client, connection } = await this.#opened()
    const { consumers } = await client.manager(connection)
    for (const lane of lanes) {
      const name = `${queue}-${lane}`
      await consumers.info(this.#named('tasks'), name).catch(() =>
        consumers.add(this.#named('tasks'), {
          durable_name: name,
          ack_policy: 'explicit',
          ack_wait: this.leaseMs * 1e6,
          filter_subject: `${this.#root}.t.${queue}.${lane}.>`,
          max_ack_pending: lane === 'later' ? 1_000_000 : 20_000,
          max_deliver: -1,
        }),
      )
    }
  }

  async depth(queue: string): Promise<Depth> {
    await this.#ensureQueue(queue)
    const { client, connection } = await this.#opened()
    const { consumers } = await client.manager(connection)
    let waiting = 0
    let taken = 0
    for (const lane of lanes) {
      const info = await consumers.info(this.#named('tasks'), `${queue}-${lane}`)
      waiting += info.num_pending + (lane === 'later' ? info.num_ack_pending : 0)
      taken += lane === 'later' ? 0 : info.num_ack_pending
    }
    return { waiting, taken }
  }

  // ── records ──

  records(bucket: Bucket): Records {
    return new NatsRecords(() => this.#bucket(bucket), {
      frame: bytes => this.#frame(bytes),
      unframe: frame => this.#unframe(frame),
    })
  }

  #bucket(bucket: Bucket): Promise<Kv> {
    const known = this.#buckets.get(bucket)
    if (known !== undefined) return known
    const opening = this.#opened().then(({ client, connection }) =>
      client.bucket(connection, this.#named(bucket), {
        ttl: keptMs[bucket],
        history: 1,
        replicas: this.#options.replicas,
      }),
    )
    this.#buckets.set(bucket, opening)
    opening.catch(() => this.#buckets.delete(bucket))
    return opening
  }

  #frame(bytes: Uint8Array): Uint8Array | Promise<Uint8Array> {
    return inlined(bytes) ?? this.#opened().then(({ objects }) => stored(bytes, objects))
  }

  async #unframe(frame: Uint8Array): Promise<Uint8Array> {
    if (frame[0] === 0) return frame.subarray(1)
    return unframed(frame, (await this.#opened()).objects)
  }

  // ── hints ──

  publish(to: string, bytes: Uint8Array): void {
    const frame = inlined(bytes)
    const subject = `${this.#root}.h.${to}`
    const open = this.#open
    if (open !== undefined && frame !== undefined) {
      if (!open.connection.isClosed()) open.connection.publish(subject, frame)
      return
    }
    void (async () => {
      const { connection } = await this.#opened()
      const made = frame ?? (await this.#frame(bytes))
      if (!connection.isClosed()) connection.publish(subject, made)
    })().catch(() => {}) // A hint: whoever waits for it looks into the store.
  }

  listen(at: string, hear: (bytes: Uint8Array) => void): () => void {
    let stop: (() => void) | undefined
    let stopped = false
    const begin = async (): Promise<void> => {
      while (!stopped)
        try {
          const { connection } = await this.#opened()
          if (stopped) return
          const subscription = connection.subscribe(`${this.#root}.h.${at}`, {
            callback: (error, { data }) => {
              if (error !== null) return
              if (data[0] === 0) hear(data.subarray(1))
              else void this.#unframe(data).then(hear, () => {})
            },
          })
          stop = () => subscription.unsubscribe()
          return
        } catch {
          await pause(1_000)
        }
    }
    void begin()
    return () => {
      stopped = true
      stop?.()
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    const opening = this.#opening
    if (opening === undefined) return
    const open = await opening.catch(() => undefined)
    await open?.connection.drain().catch(() => {})
  }
}

/** Anything up to so many milliseconds; lets the program end. */
function pause(mostMs: number): Promise<void> {
  return new Promise(resolve => void runtime().setTimer(mostMs * (0.5 + runtime().random() / 2), resolve))
}
