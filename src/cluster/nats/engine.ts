/**
 * The engine on NATS: tasks in a work queue of JetStream, records in its key-value buckets, large
 * values in pieces in others, hints by plain subjects.
 *
 *     ao.<ns>.t.<queue>.<lane>.task  tasks that are ready, or delayed (lane `later`)       stream AO_<ns>_tasks
 *     ao.<ns>.ready.<queue>          hint: there is something, in that lane                plain
 *     ao.<ns>.h.<caller or node>     hints                                                 plain
 *     AO_<ns>_<bucket>               records                                               key-value buckets
 *
 * It is tempting to end the subject of a task with its id. But the server keeps an index of all
 * subjects, and goes through it whenever it counts what waits or finds a lane empty: with 20,000
 * tasks waiting, each such question took 2 to 9 ms. Filters end in a wildcard all the same: for a
 * plain subject 2.9.10 counts nothing any more once its first block of messages is done.
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
  buckets,
  type Consumer,
  type Depth,
  type Engine,
  type Entry,
  keptMs,
  type Records,
  type Taking,
} from '../engine.ts'
import {
  EngineUnavailableError,
  StoreRefusesError,
  StoreVersionError,
  SubmitUnknownError,
} from '../errors.ts'
import { maxMessageBytes, smallerMessage } from '../messages.ts'
import { parting } from '../parting.ts'
import { traceHeader } from '../trace-context.ts'
import { Blobs } from './blobs.ts'
import { checkAccess, connectTo, inboxFor, type NatsAccess } from './connection.ts'
import { Frames, labelFor, mostInlineBytes } from './frames.ts'
import { type Health, healthOf } from './health.ts'
import { isOpen, loadNats, type NatsClient, type NatsConnection } from './load.ts'
import { type Lane, lanes, Puller, type PullParts } from './pull.ts'
import { Queues } from './queues.ts'
import { ReadyHints } from './ready-hints.ts'
import { NatsRecords } from './records.ts'
import { asSeen, Denied, encodedHeaders, Requests, TooLong, Unanswered } from './requests.ts'
import { type Shelf, shelfNumbers, shelves } from './shelves.ts'
import { consumerOf, Streams } from './streams.ts'
import { Sweeper, taskIn } from './sweep.ts'

export interface NatsOptions extends NatsAccess {
  readonly namespace: string
  readonly leaseMs: number
  /** On how many servers everything is kept. */
  readonly replicas: number
}

/** What there is once it is connected. */
interface Open {
  readonly client: NatsClient
  readonly connection: NatsConnection
  readonly requests: Requests
  readonly streams: Streams
  readonly frames: Frames
}

const dueHeader = 'Ao-Due'
/** Its large arguments must be there when a task begins. */
const mostLongDelayMs = shelves[3].keptMs - 24 * 3_600_000
const sooner =
  'Larger arguments are kept for two weeks, so a task with them is delayed by that at most: keep the data elsewhere, and submit where it is.'

export class NatsEngine implements Engine {
  readonly name: string
  readonly isLocal = false
  readonly wallMs = wallMs
  readonly #options: NatsOptions
  /** What is there, by its name; a promise while it is made. */
  readonly #there = new Map<string, true | Promise<void>>()
  readonly #records = new Map<Bucket, Records>()
  readonly #ready: ReadyHints
  readonly #queues: Queues
  #opening: Promise<Open> | undefined
  #open: Open | undefined
  #madeAgainMs = Number.NEGATIVE_INFINITY
  #closed = false

  /** @throws OptionError, InsecureConnectionError */
  constructor(options: NatsOptions) {
    this.name = `NATS at ${checkAccess(options).join(', ')}`
    this.#options = options
    this.#queues = new Queues({
      stream: this.#named('tasks'),
      root: this.#root,
      leaseMs: options.leaseMs,
      opened: () => this.#opened(),
    })
    this.#ready = new ReadyHints((queue, lane) => {
      const connection = this.#open?.connection
      if (connection !== undefined && isOpen(connection))
        connection.publish(`${this.#root}.ready.${queue}`, Buffer.from(lane))
    })
  }

  get leaseMs(): number {
    return this.#queues.leaseMs
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
      const requests = new Requests(connection, client.createInbox(inboxFor(this.#options)))
      const streams = new Streams(requests, this.#options.replicas)
      await streams.ensureTasks(this.#named('tasks'), `${this.#root}.t.>`)
      const frames: Frames = new Frames(connection, {
        1: this.#blobs(1, requests, () => frames.mostBytes),
        2: this.#blobs(2, requests, () => frames.mostBytes),
        3: this.#blobs(3, requests, () => frames.mostBytes),
      })
      this.#open = { client, connection, requests, streams, frames }
      return this.#open
    } catch (cause) {
      await connection.close().catch(() => {})
      if (cause instanceof StoreVersionError) throw cause
      if (cause instanceof Denied || cause instanceof TooLong) throw asSeen(cause, this.name)
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new EngineUnavailableError(
        `${this.name} answers, but its JetStream can't be used: ${why}. Start the server with -js, and let this user use it.`,
        { cause },
      )
    }
  }

  #blobs(shelf: Shelf, requests: Requests, mostBytes: () => number): Blobs {
    const bucket = this.#named(shelves[shelf].bucket)
    return new Blobs({ shelf, requests, bucket, mostBytes, ensure: () => this.#ensureShelf(shelf) })
  }

  #ensureShelf(shelf: Shelf): Promise<void> | undefined {
    const { bucket, keptMs: ttlMs } = shelves[shelf]
    const name = this.#named(bucket)
    return this.#ensure(name, ({ streams }) => streams.ensureBucket(name, ttlMs, true))
  }

  get #root(): string {
    return `ao.${this.#options.namespace}`
  }

  #named(what: string): string {
    return `AO_${this.#options.namespace}_${what}`
  }

  // ── tasks ──

  async submit({ queue, id, bytes, priority, delayMs, outlives, traceparent }: Entry): Promise<void> {
    if (bytes.length > maxMessageBytes)
      throw new PayloadTooLargeError(bytes.length, maxMessageBytes, smallerMessage)
    const open = this.#open ?? (await this.#opened())
    const ensuring = this.#ensureQueue(queue)
    if (ensuring !== undefined) await ensuring
    if (delayMs > mostLongDelayMs && open.frames.isLong(bytes))
      throw new PayloadTooLargeError(bytes.length, mostInlineBytes, sooner)
    const made = open.frames.of(bytes, outlives ? 3 : 2, labelFor(id))
    const frame = made instanceof Uint8Array ? made : await made
    const lane: Lane = delayMs > 0 ? 'later' : priority > 0 ? 'p0' : priority < 0 ? 'p2' : 'p1'
    const due = delayMs > 0 ? [`${dueHeader}: ${Math.round(wallMs() + delayMs)}`] : []
    const traced = traceparent === undefined ? [] : [`${traceHeader}: ${traceparent}`]
    const headers = encodedHeaders(`Nats-Msg-Id: ${id}`, ...due, ...traced)
    const subject = `${this.#root}.t.${queue}.${lane}.task`
    try {
      const written = await open.requests.surely(() => open.requests.write(subject, frame, headers))
      if ('seq' in written) return this.#ready.say(queue, lane)
      if (/maximum (messages|bytes)/i.test(written.why)) throw new QueueFullError(this.name, 0)
      throw new StoreRefusesError(this.name, 'a task', written.why)
    } catch (error) {
      if (error instanceof Unanswered) throw new SubmitUnknownError(id, { cause: error })
      throw asSeen(error, this.name)
    }
  }

  consume(taking: Taking): Consumer {
    let puller: Puller | undefined
    let sweeper: Sweeper | undefined
    let deaf = () => {}
    let stopped = false
    const begin = async (): Promise<void> => {
      while (!stopped)
        try {
          const open = await this.#opened()
          for (const queue of taking.queues) {
            await this.#ensureQueue(queue)
            await this.#queues.agree(queue, () => taking.isAlone())
          }
          if (stopped) return
          const sweeping = this.#sweeperOf(open, taking)
          sweeper = sweeping
          sweeping.soon()
          deaf = open.requests.onReconnect(() => sweeping.soon())
          puller = this.#pullerOf(open, taking, sweeping)
          return
        } catch {
          await pause(1_000)
        }
    }
    void begin()
    return {
      get silent() {
        return puller?.silent ?? []
      },
      wake: () => puller?.wake(),
      stop: async () => {
        stopped = true
        deaf()
        sweeper?.stop()
        await puller?.stop()
      },
    }
  }

  #pullerOf({ client, connection, frames }: Open, taking: Taking, sweeper: Sweeper): Puller {
    const parts: PullParts = {
      connection,
      stream: this.#named('tasks'),
      leaseMs: this.leaseMs,
      inbox: () => client.createInbox(inboxFor(this.#options)),
      consumerOf,
      readySubject: queue => `${this.#root}.ready.${queue}`,
      dueInMs: ({ headers }) => Number(headers?.get(dueHeader) || 0) - wallMs(),
      bytesIn: frame => frames.bytesIn(frame),
      unanswered: () => sweeper.suspect(),
      stuck: (queue, lane) => this.#unstick(queue, lane),
      gone: queue => this.#makeAgain(queue),
    }
    return new Puller(parts, taking)
  }

  #sweeperOf({ requests, streams, frames }: Open, taking: Taking): Sweeper {
    return new Sweeper({
      requests,
      streams,
      stream: this.#named('tasks'),
      lanes: taking.queues.flatMap(queue =>
        lanes.map(lane => ({
          consumer: consumerOf(queue, lane),
          prefix: `${this.#root}.t.${queue}.${lane}.`,
        })),
      ),
      leaseMs: this.leaseMs,
      isOver: message => taking.isOver(taskIn(message).id),
      mayRunAgain: async message =>
        taking.mayRunAgain(await frames.bytesIn(taskIn(message).frame), wallMs() - message.storedMs),
    })
  }

  #ensureQueue(queue: string): Promise<void> | undefined {
    return this.#ensure(`queue ${queue}`, () => this.#queues.make(queue))
  }

  /** A user who may not make it anew leaves it to one who may: `cluster up`. */
  #unstick(queue: string, lane: Lane): void {
    const watchMs = this.leaseMs * (1 + runtime().random())
    const unsticking = this.#opened().then(({ streams }) =>
      streams.unstick(this.#named('tasks'), consumerOf(queue, lane), watchMs),
    )
    void unsticking.catch(() => {}) // The next pulls that have no answer try again.
  }

  /** A node may have died between the end of a consumer that gave nothing and its new beginning. */
  #makeAgain(queue: string): void {
    const nowMs = runtime().now()
    if (nowMs - this.#madeAgainMs < 1_000) return
    this.#madeAgainMs = nowMs
    this.#there.delete(`queue ${queue}`)
    void this.#ensureQueue(queue)?.catch(() => {}) // The next pull tells of it again.
  }

  /** Makes it once; nothing to wait for if it is there. Rejects with EngineUnavailableError. */
  #ensure(what: string, make: (open: Open) => Promise<void>): Promise<void> | undefined {
    const known = this.#there.get(what)
    if (known !== undefined) return known === true ? undefined : known
    const making = this.#opened()
      .then(make)
      .then(
        () => void this.#there.set(what, true),
        (error: unknown) => {
          this.#there.delete(what)
          throw asSeen(error, this.name)
        },
      )
    this.#there.set(what, making)
    return making
  }

  /** Makes all that there is to make, for users who may not. @throws DeniedError */
  async provision(queues: readonly string[]): Promise<void> {
    for (const queue of queues) await this.#ensureQueue(queue)
    for (const bucket of buckets) await this.records(bucket).keys()
    for (const shelf of shelfNumbers) await this.#ensureShelf(shelf)
  }

  async health(): Promise<Omit<Health, 'silent'>> {
    const { connection, requests, streams } = await this.#opened()
    const names = Object.values(shelves).map(({ bucket }) => this.#named(bucket))
    return healthOf({ connection, requests, streams }, this.#named('tasks'), names)
  }

  async depth(queue: string): Promise<Depth> {
    await this.#ensureQueue(queue)
    return await this.#queues.depth(queue).catch(error => {
      throw asSeen(error, this.name)
    })
  }

  /** How many tasks of a lane are in the store. */
  left(queue: string, lane: Lane): Promise<number> {
    return this.#queues.left(queue, lane)
  }

  async queues(): Promise<readonly string[]> {
    return await this.#queues.names().catch(error => {
      throw asSeen(error, this.name)
    })
  }

  // ── records ──

  records(bucket: Bucket): Records {
    const known = this.#records.get(bucket)
    if (known !== undefined) return known
    const name = this.#named(bucket)
    const ensure = () => this.#ensure(name, ({ streams }) => streams.ensureBucket(name, keptMs[bucket]))
    const made = new NatsRecords({
      bucket: name,
      name: this.name,
      opened: () => {
        const ensuring = ensure()
        return ensuring === undefined && this.#open !== undefined
          ? this.#open
          : Promise.resolve(ensuring).then(() => this.#opened())
      },
      shelf: shelfFor(bucket),
      keys: async () => {
        await ensure()
        return (await this.#opened()).streams.keys(name)
      },
    })
    this.#records.set(bucket, made)
    return made
  }

  // ── hints ──

  publish(to: string, bytes: Uint8Array): void {
    const tell = ({ connection }: Open, frame: Uint8Array) => {
      if (isOpen(connection)) connection.publish(`${this.#root}.h.${to}`, frame)
    }
    const open = this.#open
    const frame = open?.frames.of(bytes, 1)
    if (open !== undefined && frame instanceof Uint8Array) return tell(open, frame)
    void (async () => {
      const opened = await this.#opened()
      tell(opened, await (frame ?? opened.frames.of(bytes, 1)))
    })().catch(() => {}) // A hint: whoever waits for it looks into the store.
  }

  listen(at: string, hear: (bytes: Uint8Array) => void): () => void {
    let stop: (() => void) | undefined
    let stopped = false
    const begin = async (): Promise<void> => {
      while (!stopped)
        try {
          const { connection, frames } = await this.#opened()
          if (stopped) return
          const subscription = connection.subscribe(`${this.#root}.h.${at}`, {
            callback: (error, { data }) => {
              if (error !== null) return
              const inside = frames.bytesIn(data)
              if (inside instanceof Uint8Array) hear(inside)
              else void inside.then(hear, () => {})
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
    await parting(open?.connection.drain()) // It never ends while there is no server.
    await open?.connection.close().catch(() => {})
  }
}

/** Where large records lie; those without a shelf must be whole, as nothing is kept for as long. */
function shelfFor(bucket: Bucket): Shelf | undefined {
  const ms = keptMs[bucket]
  return shelfNumbers.find(shelf => ms < shelves[shelf].keptMs)
}

/** Anything up to so many milliseconds; lets the program end. */
function pause(mostMs: number): Promise<void> {
  return new Promise(resolve => void runtime().setTimer(mostMs * (0.5 + runtime().random() / 2), resolve))
}
