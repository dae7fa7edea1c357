/**
 * Streams, buckets and consumers on the server: looked up, and made where this user may make them.
 *
 * A server ignores options that it does not know, in silence. Nothing is asked for here that 2.9
 * lacks.
 */
import { runtime } from '../../runtime/runtime.ts'
import { EngineUnavailableError, StoreVersionError } from '../errors.ts'
import { type Requests, Unanswered } from './requests.ts'

/**
 * Of all that lies in the store: subjects, consumers, frames, messages. Another number belongs here
 * when programs of the version before would misread it. The stream of tasks says it, in its
 * description; layout 1 said nothing.
 */
export const layout = 3
const layoutWords = 'atonce, layout '

const dedupeMs = 2 * 60_000
const noMessageFound = 10_037
const subjectsInOnePage = 100_000

/** What a consumer is asked to be, in the server's own words. */
export interface ConsumerConfig {
  readonly durable_name: string
  /** In nanoseconds. */
  readonly ack_wait: number
  readonly [option: string]: unknown
}

/** What the server says of a consumer. */
export interface ConsumerInfo {
  readonly num_pending: number
  readonly num_ack_pending: number
  readonly num_redelivered: number
  readonly num_waiting: number
  readonly created: string
  readonly delivered: { readonly consumer_seq: number; readonly stream_seq: number }
  /** Everything up to there is acknowledged. */
  readonly ack_floor: { readonly consumer_seq: number; readonly stream_seq: number }
  readonly config: ConsumerConfig
}

/** A message in a stream: its number there, and when it was stored, in milliseconds since 1970. */
export interface StoredMessage {
  readonly seq: number
  readonly subject: string
  readonly storedMs: number
  /** Both in base64. */
  readonly data: string
  readonly headers: string
}

/** What the server says of a stream. */
export interface StreamInfo {
  readonly config: {
    readonly description?: string
    readonly num_replicas: number
    readonly max_age: number
    readonly storage: string
  }
  readonly state: {
    readonly messages: number
    readonly bytes: number
    readonly last_seq: number
    readonly first_ts?: string
    readonly consumer_count: number
    readonly subjects?: Readonly<Record<string, number>>
  }
}

interface Refusal {
  readonly error?: { readonly code: number; readonly err_code?: number; readonly description?: string }
}

export class Streams {
  readonly #requests: Requests
  readonly #replicas: number

  constructor(requests: Requests, replicas: number) {
    this.#requests = requests
    this.#replicas = replicas
  }

  /**
   * The stream of tasks: what is done leaves it, and what is full refuses.
   * @throws StoreVersionError
   */
  async ensureTasks(name: string, subjects: string): Promise<void> {
    const known = await this.#ensureStream(name, {
      description: layoutWords + layout,
      subjects: [subjects],
      retention: 'workqueue',
      discard: 'new',
      duplicate_window: dedupeMs * 1e6,
    })
    const found = known === undefined ? layout : layoutIn(known)
    if (found === layout) return
    throw new StoreVersionError(
      `The tasks in the stream ${name} are kept in layout ${found}, by ${found < layout ? 'an older' : 'a newer'} version of atonce; this one reads and writes layout ${layout}. ` +
        'Give the programs of one version a namespace of their own: cluster({ namespace }), npx atonce worker --namespace. ' +
        `Or let those of the other version finish what is there, end them all, and remove the stream: nats stream rm ${name}.`,
    )
  }

  /** A bucket as the key-value store of NATS lays it out, so that its own tools read it. */
  async ensureBucket(name: string, ttlMs: number, mayDelete = false): Promise<void> {
    await this.#ensureStream(`KV_${name}`, {
      subjects: [`$KV.${name}.>`],
      retention: 'limits',
      discard: 'new',
      max_msgs_per_subject: 1,
      max_age: Number.isFinite(ttlMs) ? ttlMs * 1e6 : 0,
      duplicate_window: Math.min(ttlMs, dedupeMs) * 1e6,
      allow_rollup_hdrs: true,
      deny_delete: !mayDelete,
      allow_direct: true,
    })
  }

  /** What it is told to be, if it is there already. */
  async ensureConsumer(stream: string, config: ConsumerConfig): Promise<ConsumerConfig> {
    const known = await this.#find<ConsumerInfo>(`CONSUMER.INFO.${stream}.${config.durable_name}`)
    if (known !== undefined) return known.config
    await this.makeConsumer(stream, config)
    return config
  }

  /** Makes it; of one that is there, changes what may be changed, as its `ack_wait`. */
  async makeConsumer(stream: string, config: ConsumerConfig): Promise<void> {
    const request = { stream_name: stream, config }
    await this.#api(`CONSUMER.DURABLE.CREATE.${stream}.${config.durable_name}`, request)
  }

  /**
   * Makes a consumer anew that gives nothing though it has something to give. A server that was
   * killed may leave one so: 2.9.10 does. What was given and not acknowledged is given again.
   * @returns whether it was stuck
   */
  async unstick(stream: string, name: string, watchMs: number): Promise<boolean> {
    const before = await this.consumer(stream, name)
    if (before.num_pending + before.num_ack_pending === 0) return false
    await new Promise<void>(resolve => runtime().setTimer(watchMs, resolve).unref())
    const after = await this.consumer(stream, name)
    const isSame = after.created === before.created
    const hasGiven = after.delivered.consumer_seq !== before.delivered.consumer_seq
    if (!isSame || hasGiven || after.num_pending + after.num_ack_pending === 0) return false
    await this.#find(`CONSUMER.DELETE.${stream}.${name}`)
    await this.ensureConsumer(stream, after.config)
    return true
  }

  async consumer(stream: string, name: string): Promise<ConsumerInfo> {
    return await this.#api(`CONSUMER.INFO.${stream}.${name}`, {})
  }

  async consumerNames(stream: string): Promise<readonly string[]> {
    const { consumers } = await this.#api<{ readonly consumers: readonly string[] | null }>(
      `CONSUMER.NAMES.${stream}`,
      { offset: 0 },
    )
    return consumers ?? []
  }

  /** Undefined if there is none of that name. */
  stream(name: string): Promise<StreamInfo | undefined> {
    return this.#find(`STREAM.INFO.${name}`)
  }

  /** The keys of a bucket; some may be of records that were removed. */
  async keys(bucket: string): Promise<string[]> {
    const prefix = `$KV.${bucket}.`
    return (await this.#subjects(`KV_${bucket}`, `${prefix}>`)).map(subject => subject.slice(prefix.length))
  }

  /** The subjects of all messages in a stream that match the filter. */
  async #subjects(stream: string, filter: string): Promise<string[]> {
    const found: string[] = []
    for (;;) {
      const request = { subjects_filter: filter, offset: found.length }
      const { state } = await this.#api<StreamInfo>(`STREAM.INFO.${stream}`, request)
      const page = Object.keys(state.subjects ?? {})
      found.push(...page)
      if (page.length < subjectsInOnePage) return found
    }
  }

  /** How many messages in a stream have subjects that match the filter, which are few. */
  async count(stream: string, filter: string): Promise<number> {
    const { state } = await this.#api<StreamInfo>(`STREAM.INFO.${stream}`, { subjects_filter: filter })
    return Object.values(state.subjects ?? {}).reduce((sum, messages) => sum + messages, 0)
  }

  /**
   * The first message whose number is `from` or higher; undefined if there is none. That is certain
   * for the messages of all subjects only.
   *
   * For those of some subjects, 2.9.10 may say that there is none, or name a later one: where a
   * block of its store has several of one subject, and the last one was removed before others, it
   * remembers too high a number for the first one, and begins its search there
   * (`removeSeqPerSubject` and `firstMatching` in its filestore.go). For all subjects it goes
   * through the messages themselves.
   */
  async next(stream: string, from: number, subjects = '>'): Promise<StoredMessage | undefined> {
    type Found = {
      readonly message: {
        readonly subject: string
        readonly seq: number
        readonly time: string
        readonly data?: string
        readonly hdrs?: string
      }
    }
    const what = `STREAM.MSG.GET.${stream}`
    const answer = await this.#ask<Found>(what, { seq: from, next_by_subj: subjects })
    if (answer.error?.err_code === noMessageFound) return undefined
    const { subject, seq, time, data = '', hdrs: headers = '' } = this.#checked(what, answer).message
    return { seq, subject, storedMs: Date.parse(time), data, headers }
  }

  async remove(stream: string): Promise<boolean> {
    return (await this.#find(`STREAM.DELETE.${stream}`)) !== undefined
  }

  /** What is there of that name; undefined if it was made now. */
  async #ensureStream(name: string, config: object): Promise<StreamInfo | undefined> {
    const known = await this.stream(name)
    if (known !== undefined) return known
    const request = { name, storage: 'file', num_replicas: this.#replicas, max_consumers: -1, ...config }
    await this.#api(`STREAM.CREATE.${name}`, request)
    return undefined
  }

  async #find<T>(what: string, request: object = {}): Promise<T | undefined> {
    const answer = await this.#ask<T>(what, request)
    if (answer.error?.code === 404) return undefined
    return this.#checked(what, answer)
  }

  async #api<T>(what: string, request: object): Promise<T> {
    return this.#checked(what, await this.#ask<T>(what, request))
  }

  #ask<T>(what: string, request: object): Promise<T & Refusal> {
    const bytes = Buffer.from(JSON.stringify(request))
    return this.#requests.surely(async () => {
      const { data, headers } = await this.#requests.ask(`$JS.API.${what}`, bytes)
      if (data.length === 0) throw new Unanswered(`no answer from JetStream (${headers?.code ?? 'empty'})`)
      return JSON.parse(Buffer.from(data).toString()) as T & Refusal
    })
  }

  #checked<T>(what: string, answer: T & Refusal): T {
    if (answer.error === undefined) return answer
    throw new EngineUnavailableError(
      `The server refuses ${what}: ${answer.error.description ?? `code ${answer.error.code}`}.`,
    )
  }
}

function layoutIn({ config: { description = '' } }: StreamInfo): number {
  return description.startsWith(layoutWords) ? Number(description.slice(layoutWords.length)) : 1
}

/**
 * The name of a lane's consumer. Programs of layout 1 ask for consumers only, not for the layout:
 * they find none of the names that they know, and the server refuses to make a second one for the
 * same tasks.
 */
export function consumerOf(queue: string, lane: string): string {
  return `${queue}-${lane}-${layout}`
}

/** The queue of a lane's consumer; undefined if it is none of this layout. */
export function queueOf(consumer: string): string | undefined {
  return new RegExp(`^(.+)-\\w+-${layout}$`).exec(consumer)?.[1]
}
