/**
 * The links to one worker process, on the side of the pool. Its messages are checked before they
 * are delivered.
 */
import type { Crossing } from '../crossing.ts'
import type { Lent, Link, LinkListener, NumberedEnd } from './link.ts'
import { isForLink, isLentMessage, type LentMessage, type OfLoan } from './messages.ts'

/** The connection, as the links see it. */
export interface WorkerConnection {
  /** What an item may be. */
  readonly crossing: Crossing
  send(message: LentMessage): void
  /** The worker forges: it must be ended. */
  garbled(what: string): void
}

export class NearLinks {
  readonly #connection: WorkerConnection
  readonly #links = new Map<number, NearLink>()
  /** The numbers of a call's links, by that of the call. */
  readonly #ofCalls = new Map<number, readonly number[]>()

  constructor(connection: WorkerConnection) {
    this.#connection = connection
  }

  /** These ends went along with the call. */
  lend(call: number, ends: readonly Lent[]): void {
    const numbered = ends.filter(end => 'number' in end)
    this.#ofCalls.set(
      call,
      numbered.map(({ number }) => number),
    )
    for (const end of numbered) this.#links.set(end.number, new NearLink(end, this.#connection))
  }

  /** Takes a message of the worker, if it is one for a link. */
  receive(message: unknown): boolean {
    if (!isForLink(message)) return false
    if (!isLentMessage(message)) this.#connection.garbled('a message that no link knows')
    else this.#linkOf(message.link)?.receive(message.message)
    return true
  }

  /** The worker's receivers took so much. */
  taken(link: number, count: number): void {
    if (count > 0) this.#linkOf(link)?.receive({ kind: 'taken', count })
    else this.#connection.garbled('that fewer items than one were taken')
  }

  /** The call was answered: its worker has none of its ends any more. */
  over(call: number): void {
    const numbers = this.#ofCalls.get(call)
    if (numbers === undefined) return
    this.#ofCalls.delete(call)
    for (const number of numbers) {
      this.#links.get(number)?.end()
      this.#links.delete(number)
    }
  }

  /** The worker has ended, and all its messages were read. */
  end(): void {
    for (const call of [...this.#ofCalls.keys()]) this.over(call)
  }

  #linkOf(number: number): NearLink | undefined {
    const link = this.#links.get(number)
    if (link === undefined) this.#connection.garbled('a message for a link that it does not have')
    return link
  }
}

class NearLink implements Link {
  readonly crossing: Crossing
  readonly words = undefined
  readonly clear = true
  readonly #lent: NumberedEnd
  readonly #connection: WorkerConnection
  #listener: LinkListener | undefined
  #state: 'lent' | 'open' | 'gone' = 'lent'
  #closed = false

  constructor(lent: NumberedEnd, connection: WorkerConnection) {
    this.crossing = connection.crossing
    this.#lent = lent
    this.#connection = connection
  }

  open(listener: LinkListener): void {
    this.#listener = listener
  }

  receive(message: LentMessage['message']): void {
    if (message.kind === 'here' && this.#state === 'lent') {
      this.#state = 'open'
      return this.#lent.begin(this)
    }
    if (this.#state !== 'open' || message.kind === 'here')
      return this.garbled(`${message.kind} for an end that is ${this.#state}`)
    if (message.kind === 'gone') return this.end()
    if (!this.#closed) this.#listener?.message(message)
  }

  send(message: OfLoan): void {
    if (this.#state === 'open' && !this.#closed)
      this.#connection.send({ kind: 'lent', link: this.#lent.number, message })
  }

  tellTaken(count: number): void {
    this.send({ kind: 'taken', count })
  }

  drain(): void {} // A stream delivers by itself what it holds.

  gone(): void {} // Nobody can stand still for it, and so find that.

  close(): void {
    this.#closed = true
  }

  garbled(what: string): void {
    this.#connection.garbled(what)
  }

  /** Nothing more comes from the far side. */
  end(): void {
    if (this.#state === 'gone') return
    this.#state = 'gone'
    this.#listener?.closed()
  }
}
