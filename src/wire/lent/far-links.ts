/** The links of a worker process: numbers on its one connection. */
import { ProtocolError } from '../../errors.ts'
import type { Crossing } from '../crossing.ts'
import type { Link, LinkListener } from './link.ts'
import type { LentMessage, OfLoan } from './messages.ts'

/** The connection, as the links see it. */
export interface Connection {
  /** What an item may be. */
  readonly crossing: Crossing
  /** Whether what is sent now leaves at once. */
  readonly clear: boolean
  send(message: LentMessage): void
  /** If the connection is clear, this has left when it returns, or there is nobody to read it. */
  sendTaken(link: number, count: number): void
}

export class FarLinks {
  readonly connection: Connection
  readonly #open = new Map<number, LinkListener>()

  constructor(connection: Connection) {
    this.connection = connection
  }

  /** The end that has this number has arrived. */
  link(number: number): Link {
    return new FarLink(number, this.connection, this.#open)
  }

  /** The link was closed here while the message was on its way. */
  receive({ link, message }: LentMessage): void {
    this.#open.get(link)?.message(message as OfLoan)
  }

  congested(): void {
    for (const listener of this.#open.values()) listener.congested()
  }

  cleared(): void {
    for (const listener of [...this.#open.values()]) listener.cleared()
  }
}

class FarLink implements Link {
  readonly crossing: Crossing
  readonly words = undefined
  readonly #number: number
  readonly #connection: Connection
  readonly #open: Map<number, LinkListener>

  constructor(number: number, connection: Connection, open: Map<number, LinkListener>) {
    this.crossing = connection.crossing
    this.#number = number
    this.#connection = connection
    this.#open = open
  }

  get clear(): boolean {
    return this.#connection.clear
  }

  open(listener: LinkListener): void {
    this.#open.set(this.#number, listener)
    this.#connection.send({ kind: 'lent', link: this.#number, message: { kind: 'here' } })
  }

  send(message: OfLoan): void {
    if (this.#open.has(this.#number)) this.#connection.send({ kind: 'lent', link: this.#number, message })
  }

  tellTaken(count: number): void {
    if (this.#open.has(this.#number)) this.#connection.sendTaken(this.#number, count)
  }

  drain(): void {} // A stream delivers by itself.

  gone(): void {} // No thread can block on it and notice that.

  close(): void {
    if (this.#open.delete(this.#number))
      this.#connection.send({ kind: 'lent', link: this.#number, message: { kind: 'gone' } })
  }

  garbled(what: string): void {
    throw new ProtocolError(what, { worker: 'The owner of a channel', task: undefined })
  }
}
