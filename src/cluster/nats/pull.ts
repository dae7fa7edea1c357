/**
 * Taking tasks from a work queue of JetStream: asked for when there is a place, never ahead.
 *
 *     wake · ready hint · every second ─▶ for each lane, the urgent one first: pull as many as there are places ─▶ take
 *
 * A pull asks for what is there and does not wait: a task that was fetched ahead of a long one
 * would wait behind it, on its lease. Every eighth round begins with the least urgent lane, so that
 * it is not starved.
 */
import { runtime, type Timer } from '../../runtime/runtime.ts'
import type { Consumer, Delivery, Taking } from '../engine.ts'
import { ValueGoneError } from '../errors.ts'
import { labelOf } from './frames.ts'
import { isOpen, type NatsConnection, type NatsMessage, type NatsSubscription } from './load.ts'

/** The lanes of a queue, the most urgent first; `later` has what is delayed. */
export const lanes = ['p0', 'p1', 'p2', 'later'] as const
export type Lane = (typeof lanes)[number]

/**
 * How often lanes are looked at when no hint comes; and in parts of a lease, as nobody tells of one
 * that has lapsed.
 */
const lookEveryMs = 1_000
const looksInLease = 4
/** A lane that was empty is left alone so long, unless a hint comes. */
const emptyForMs = 200
/** How long the server may take to say that there is no more. */
const answerMs = 2_000
const fairnessRound = 8
/** So many pulls without an answer are more than bad luck. */
const mostSilent = 3
/** The server's own answer where nobody else answers. */
const nobodyListens = 503
/** There is something, and others are to have it who asked before. */
const othersWait = 408

/** How many came of a pull; or that none did, and why. */
type Pulled = number | 'no answer' | 'others wait' | 'no lane'

export interface PullParts {
  readonly connection: NatsConnection
  readonly stream: string
  readonly leaseMs: number
  inbox(): string
  /** The name of the consumer of a lane. */
  consumerOf(queue: string, lane: Lane): string
  /** Where it is said that something is ready. */
  readySubject(queue: string): string
  /** When a delayed task is due, by its message; undefined if it is now. */
  dueInMs(message: NatsMessage): number
  bytesIn(frame: Uint8Array): Promise<Uint8Array> | Uint8Array
  /** A pull had no answer, while there is a connection. */
  unanswered(): void
  /** This lane gives nothing, several times in a row, and not even that there is nothing. */
  stuck(queue: string, lane: Lane): void
  /** Nobody at the server knows this lane. */
  gone(queue: string): void
}

export class Puller implements Consumer {
  readonly #parts: PullParts
  readonly #taking: Taking
  readonly #subscriptions: NatsSubscription[] = []
  readonly #emptySince = new Map<string, number>()
  /** Lanes of which a hint came since they were asked. */
  readonly #told = new Set<string>()
  /** How many pulls of a lane had no answer since the last one that had. */
  readonly #unanswered = new Map<string, number>()
  readonly #silent = new Set<string>()
  /** Of the pull that is under way. */
  #heard: ((message: NatsMessage | 'a task') => void) | undefined
  readonly #inbox: string
  #timer: Timer | undefined
  #pulling = false
  #again = false
  #stopped = false
  #round = 0
  #asked = 0
  /** Fetched, and not yet taken: its large value is on its way. */
  #onTheWay = 0

  constructor(parts: PullParts, taking: Taking) {
    this.#parts = parts
    this.#taking = taking
    this.#inbox = parts.inbox()
    const { connection } = parts
    this.#subscriptions.push(
      connection.subscribe(`${this.#inbox}.*`, {
        callback: (error, message) => {
          if (error === null) this.#hear(message)
        },
      }),
      ...taking.queues.map(queue =>
        connection.subscribe(parts.readySubject(queue), {
          callback: (error, { data }) => {
            if (error !== null) return // This user may not listen; the next look finds what is there.
            this.#toldOf(queue, Buffer.from(data).toString('latin1'))
            this.wake()
          },
        }),
      ),
    )
    this.#look()
  }

  get silent(): readonly string[] {
    return [...this.#silent]
  }

  wake(): void {
    if (this.#stopped) return
    if (this.#pulling) {
      this.#again = true
      return
    }
    this.#pulling = true
    void this.#pullAll().finally(() => {
      this.#pulling = false
      if (!this.#again) return
      this.#again = false
      this.wake()
    })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    for (const subscription of this.#subscriptions) subscription.unsubscribe()
  }

  #look(): void {
    this.wake()
    const everyMs = Math.min(lookEveryMs, this.#parts.leaseMs / looksInLease)
    this.#timer = runtime().setTimer(everyMs * (0.75 + runtime().random() / 2), () => this.#look())
  }

  #places(queue: string): number {
    return this.#taking.places(queue) - this.#onTheWay
  }

  async #pullAll(): Promise<void> {
    this.#round += 1
    const order = this.#round % fairnessRound === 0 ? [...lanes].reverse() : lanes
    for (const queue of this.#taking.queues)
      for (const lane of order) {
        if (this.#stopped) return
        const places = this.#places(queue)
        if (places <= 0) break
        const name = this.#parts.consumerOf(queue, lane)
        const emptySinceMs = this.#emptySince.get(name)
        if (emptySinceMs !== undefined && runtime().now() - emptySinceMs < emptyForMs) continue
        this.#told.delete(name)
        const got = await this.#pull(name, places)
        if (typeof got === 'string') {
          this.#noTask(queue, lane, got)
          continue
        }
        this.#unanswered.delete(name)
        this.#silent.delete(name)
        if (got < places) this.#empty(name)
        else this.#emptySince.delete(name)
      }
  }

  /** The hint may have come between the server's answer and this. */
  #empty(name: string): void {
    if (!this.#told.has(name)) this.#emptySince.set(name, runtime().now())
  }

  #toldOf(queue: string, said: string): void {
    for (const lane of lanes)
      if (said === lane) {
        const name = this.#parts.consumerOf(queue, lane)
        this.#told.add(name)
        this.#emptySince.delete(name)
      }
  }

  /**
   * Who asked before may be a pull of this node that was never answered: no sign that all is well.
   */
  #noTask(queue: string, lane: Lane, why: Exclude<Pulled, number>): void {
    const name = this.#parts.consumerOf(queue, lane)
    if (why !== 'no answer') this.#empty(name)
    if (why === 'no lane') return this.#parts.gone(queue)
    if (why === 'no answer') this.#parts.unanswered()
    const unanswered = (this.#unanswered.get(name) ?? 0) + 1
    const isStuck = unanswered >= mostSilent
    this.#unanswered.set(name, unanswered % mostSilent)
    if (isStuck) this.#silent.add(name)
    if (isStuck) this.#parts.stuck(queue, lane)
  }

  /** Asks one lane for as many as there are places; resolves with how many came. */
  #pull(name: string, places: number): Promise<Pulled> {
    const { connection, stream } = this.#parts
    if (!isOpen(connection)) return Promise.resolve(0)
    this.#asked += 1
    const reply = `${this.#inbox}.${this.#asked}`
    return new Promise(resolve => {
      let got = 0
      const end = (came: Pulled) => {
        timer.cancel()
        this.#heard = undefined
        resolve(came)
      }
      const timer = runtime().setTimer(answerMs, () => end(got === 0 ? 'no answer' : got))
      this.#heard = message => {
        if (message === 'a task') got += 1
        else if (message.subject !== reply) return // The end of an earlier pull.
        if (message !== 'a task') end(got === 0 ? nothingIn(message) : got)
        else if (got === places) end(got)
      }
      const request = { batch: places, no_wait: true }
      connection.publish(
        `$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`,
        Buffer.from(JSON.stringify(request)),
        { reply },
      )
    })
  }

  /**
   * A task has the subject that it was published under; a status, that there are no more, the one
   * of its pull.
   */
  #hear(message: NatsMessage): void {
    const { reply, subject } = message
    if (reply === undefined || reply === '') return this.#heard?.(message)
    const [queue, lane] = subject.split('.').slice(3) as [string, Lane]
    this.#took(queue, lane, message, reply)
    this.#heard?.('a task')
  }

  #took(queue: string, lane: Lane, message: NatsMessage, reply: string): void {
    const { connection } = this.#parts
    const dueInMs = lane === 'later' ? this.#parts.dueInMs(message) : 0
    if (dueInMs > 0) return this.#nak(reply, dueInMs)
    const { id, frame } = labelOf(message.data)
    const take = (bytes: Uint8Array) => this.#taking.take(this.#delivery(queue, lane, id, reply, bytes))
    const inside = this.#parts.bytesIn(frame)
    if (inside instanceof Uint8Array) return take(inside)
    this.#onTheWay += 1
    inside
      .then(take, (error: unknown) =>
        error instanceof ValueGoneError ? this.#gone(id, reply) : this.#nak(reply, 1_000),
      )
      .finally(() => {
        this.#onTheWay -= 1
        if (!isOpen(connection)) return
        this.wake()
      })
  }

  #delivery(queue: string, lane: Lane, id: string, reply: string, bytes: Uint8Array): Delivery {
    const { connection, leaseMs } = this.#parts
    const say = (what: string) => {
      if (isOpen(connection)) connection.publish(reply, Buffer.from(what))
    }
    // The first delivery of what was delayed only told when it is due.
    const attempt = Math.max(1, deliveriesIn(reply) - (lane === 'later' ? 1 : 0))
    let untilMs = runtime().now() + leaseMs
    return {
      id,
      queue,
      bytes,
      attempt,
      extend: async () => {
        // The server accepts a late sign of life as if it were one in time: this side's own clock
        // tells.
        if (runtime().now() > untilMs) return false
        const saidMs = runtime().now()
        say('+WPI')
        await connection.flush()
        untilMs = saidMs + leaseMs
        return true
      },
      done: () => say('+ACK'),
      back: delayMs => {
        if (runtime().now() <= untilMs) this.#nak(reply, delayMs)
      },
    }
  }

  /** It can't be run by anybody. */
  async #gone(id: string, reply: string): Promise<void> {
    const { connection } = this.#parts
    try {
      await this.#taking.gone(id)
      if (isOpen(connection)) connection.publish(reply, Buffer.from('+ACK'))
    } catch {
      this.#nak(reply, 1_000)
    }
  }

  #nak(reply: string, delayMs: number): void {
    const { connection } = this.#parts
    if (!isOpen(connection)) return
    const what = delayMs <= 0 ? '-NAK' : `-NAK ${JSON.stringify({ delay: Math.round(delayMs * 1e6) })}`
    connection.publish(reply, Buffer.from(what))
  }
}

/**
 * How often a message was delivered, as the subject of its acknowledgement says:
 * `$JS.ACK.[domain.account.]stream.consumer.n.…`
 */
function deliveriesIn(reply: string): number {
  const parts = reply.split('.')
  return Number(parts[parts.length >= 11 ? 6 : 4])
}

/** Why a pull got nothing: most times there is nothing. */
function nothingIn({ headers }: NatsMessage): Pulled {
  if (headers?.code === nobodyListens) return 'no lane'
  return headers?.code === othersWait ? 'others wait' : 0
}
