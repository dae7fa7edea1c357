/**
 * Questions to the server, many at a time on one subscription; and writes into its streams, which
 * are certain in the end.
 *
 *     ask ─▶ answered │ Unanswered: in time, or at once when the connection breaks
 *     write ─▶ stored, with its number │ refused │ asked again, until somebody's patience ends
 *
 * The client's own requests wait for their full time when a connection breaks, and cost several
 * times as much CPU: each makes a timer, its headers anew, and two promises.
 */
import { runtime, type Timer } from '../../runtime/runtime.ts'
import { DeniedError, EngineUnavailableError } from '../errors.ts'
import { isOpen, type NatsConnection, type NatsMessage } from './load.ts'

/** Headers that were encoded before; all that the client asks of headers. */
export interface EncodedHeaders {
  encode(): Uint8Array
}

/** @param lines without line ends */
export function encodedHeaders(...lines: readonly string[]): EncodedHeaders {
  const bytes = Buffer.from(['NATS/1.0', ...lines, '', ''].join('\r\n'))
  return { encode: () => bytes }
}

/** Nobody knows whether the server has heard the question. */
export class Unanswered extends Error {}

/** The server takes no message that long; it was not sent. */
export class TooLong extends Error {}

/** Of a message with its headers, as the server says that it is connected to now. */
export function mostBytesOf({ info }: NatsConnection): number {
  return info?.max_payload ?? Number.POSITIVE_INFINITY
}

/** The error as users see it; `name` is the engine's. */
export function asSeen(error: unknown, name: string): unknown {
  if (error instanceof Denied)
    return new DeniedError(
      `${name} does not let this user do that: ${error.message}. ${/STREAM\.CREATE/.test(error.message) ? 'The store is not made yet: an admin makes it, by npx atonce cluster up or a worker of its own. Or connect' : 'Connect'} with the credentials of a role that may: client submits, worker runs, admin makes queues (npx atonce cluster init).`,
      { cause: error },
    )
  if (error instanceof TooLong)
    return new EngineUnavailableError(
      `${name} can't be used: ${error.message}. Set max_payload: 1MB in its configuration.`,
      { cause: error },
    )
  if (error instanceof Unanswered)
    return new EngineUnavailableError(`${name} does not answer: ${error.message}.`, { cause: error })
  return error
}

/** How long an answer may take; and all tries together, of what is asked again. */
const answerMs = 3_000
const patienceMs = 30_000
const sweepMs = 250

/** This user may not ask that. */
export class Denied extends Error {}

const none = new Uint8Array()

interface Waiting {
  readonly subject: string
  readonly resolve: (message: NatsMessage) => void
  readonly reject: (error: Unanswered | Denied) => void
  readonly untilMs: number
}

/** Where a write stands; or the server's code and words for why it does not. */
export type Written = { readonly seq: number } | { readonly code: number; readonly why: string }

export class Requests {
  readonly #connection: NatsConnection
  readonly #inbox: string
  /** By number, the oldest first. */
  readonly #waiting = new Map<number, Waiting>()
  readonly #onReconnect = new Set<() => void>()
  #asked = 0
  #sweeper: Timer | undefined

  constructor(connection: NatsConnection, inbox: string) {
    this.#connection = connection
    this.#inbox = `${inbox}.`
    connection.subscribe(`${inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.#hear(message)
      },
    })
    void this.#watch()
  }

  /**
   * Calls `hear` whenever the connection is back: the server may have begun anew. Returns the way
   * to stop.
   */
  onReconnect(hear: () => void): () => void {
    this.#onReconnect.add(hear)
    return () => void this.#onReconnect.delete(hear)
  }

  /** Asks once. Rejects with Unanswered, or TooLong. */
  ask(subject: string, bytes: Uint8Array, headers?: EncodedHeaders): Promise<NatsMessage> {
    if (!isOpen(this.#connection)) return Promise.reject(new Unanswered('the connection is closed'))
    const mostBytes = mostBytesOf(this.#connection)
    const length = bytes.length + (headers?.encode().length ?? 0)
    if (length > mostBytes)
      return Promise.reject(new TooLong(`it takes messages of up to ${mostBytes} bytes; one has ${length}`))
    this.#asked += 1
    const number = this.#asked
    const reply = this.#inbox + number.toString(36)
    const answer = new Promise<NatsMessage>((resolve, reject) => {
      this.#waiting.set(number, { subject, resolve, reject, untilMs: runtime().now() + answerMs })
    })
    this.#sweeper ??= runtime().setTimer(sweepMs, this.#sweep)
    try {
      this.#connection.publish(subject, bytes, headers === undefined ? { reply } : { reply, headers })
    } catch (error) {
      this.#take(number)?.reject(new Unanswered((error as Error).message))
    }
    return answer
  }

  /**
   * Asks until there is an answer. `again` is called before each further try: what was asked may
   * have been done. Rejects with Unanswered when patience ends.
   */
  async surely<T>(asking: () => Promise<T>): Promise<T> {
    const untilMs = runtime().now() + patienceMs
    for (let tries = 1; ; tries += 1)
      try {
        return await asking()
      } catch (error) {
        if (!(error instanceof Unanswered) || !isOpen(this.#connection)) throw error
        if (runtime().now() > untilMs) throw error
        const pauseMs = Math.min(1_000, 20 * 2 ** tries) * runtime().random()
        await new Promise<void>(resolve => void runtime().setTimer(pauseMs, resolve))
      }
  }

  /** Writes into a stream, once. Rejects with Unanswered. */
  async write(subject: string, bytes: Uint8Array, headers?: EncodedHeaders): Promise<Written> {
    const { data, headers: status } = await this.ask(subject, bytes, headers)
    if (data.length === 0) throw new Unanswered(`no answer from JetStream (${status?.code ?? 'empty'})`)
    return writtenIn(data)
  }

  /**
   * The last message of a subject in a bucket; undefined if there is none. Rejects with Unanswered.
   */
  async last(bucket: string, subject: string): Promise<NatsMessage | undefined> {
    const answer = await this.ask(`$JS.API.DIRECT.GET.KV_${bucket}.${subject}`, none)
    const code = answer.headers?.code
    if (code === 503) throw new Unanswered('no answer from JetStream')
    return answer.headers === undefined || code === 404 ? undefined : answer
  }

  #hear({ subject, data, headers }: NatsMessage): void {
    const number = Number.parseInt(subject.slice(this.#inbox.length), 36)
    this.#take(number)?.resolve({ subject, data, ...(headers === undefined ? {} : { headers }) })
  }

  #take(number: number): Waiting | undefined {
    const waiting = this.#waiting.get(number)
    this.#waiting.delete(number)
    return waiting
  }

  readonly #sweep = (): void => {
    this.#sweeper = undefined
    const nowMs = runtime().now()
    for (const [number, { untilMs, reject }] of this.#waiting) {
      if (untilMs > nowMs) break
      this.#waiting.delete(number)
      reject(new Unanswered(`no answer within ${answerMs} ms`))
    }
    if (this.#waiting.size > 0) this.#sweeper = runtime().setTimer(sweepMs, this.#sweep)
  }

  /** What is under way when a connection breaks will not be answered. */
  async #watch(): Promise<void> {
    for await (const { type, error } of this.#connection.status())
      if (type === 'disconnect') this.#fail('the connection broke')
      else if (type === 'reconnect') this.#isBack()
      else if (error?.name === 'PermissionViolationError') this.#deny(error.subject, error.message)
    this.#fail('the connection is closed')
  }

  #isBack(): void {
    for (const hear of this.#onReconnect) hear()
  }

  #deny(subject: string | undefined, why: string): void {
    for (const [number, waiting] of this.#waiting)
      if (waiting.subject === subject) this.#take(number)?.reject(new Denied(why))
  }

  #fail(why: string): void {
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const { reject } of waiting) reject(new Unanswered(why))
  }
}

/** Most answers are `{"stream":"AO_default_results","seq":17}`: read without a parser. */
function writtenIn(data: Uint8Array): Written {
  const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('latin1')
  const seq = /^\{"stream":"[\w-]+", ?"seq":(\d+)/.exec(text)
  if (seq !== null) return { seq: Number(seq[1]) }
  const answer = JSON.parse(text) as {
    readonly seq?: number
    readonly error?: { readonly err_code?: number; readonly description?: string }
  }
  if (answer.error === undefined) return { seq: answer.seq ?? 0 }
  const { err_code: code = 0, description: why = 'no reason' } = answer.error
  return { code, why }
}
