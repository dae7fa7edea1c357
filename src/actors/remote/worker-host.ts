/** One worker that actors live in, as the near side sees it: its life, and the link to it. */

import { AbortError } from '../../errors.ts'
import { messageOf } from '../../thrown.ts'
import { MessageDecoding } from '../../wire/codec.ts'
import { decodeFailure } from '../../wire/failure.ts'
import type { Transfer } from '../../wire/transport/transport.ts'
import { type EndOfLife, Life, type LifeOwner } from '../../worker/life.ts'
import type { WorkerPlace } from '../../worker/place.ts'
import { InvalidActorError } from '../errors.ts'
import { guestName } from './host.ts'
import { Link } from './link.ts'

/** Who is told how full a worker is. */
export interface HostOwner {
  /** One actor fewer lives there. */
  left(host: WorkerHost): void
  /** No other one can live there any more; told once or more often. */
  closed(host: WorkerHost): void
}

export class WorkerHost implements LifeOwner {
  readonly at = undefined
  readonly link: Link
  readonly #life: Life
  readonly #owner: HostOwner
  /**
   * The module that the actors there are of; any one will do, as each brings the same part of
   * atonce.
   */
  readonly module: string
  /** Actors that live there, or are being started there. */
  actors = 0
  #waiting = false
  /** What was sent before it could work. */
  #early: (() => void)[] | undefined = []

  constructor(index: number, place: WorkerPlace, module: string, owner: HostOwner) {
    this.module = module
    this.#owner = owner
    this.#life = new Life(index, place.start, this, { ...place, initialize: undefined })
    this.link = new Link(
      {
        crossing: place.crossing,
        name: this.#life.worker.name,
        isElsewhere: place.isElsewhere === true,
        send: (batch, transfer) => this.#send(batch, transfer),
        waiting: some => this.#hold(some),
        kill: () => this.#kill(),
      },
      () => {
        throw new InvalidActorError('Only a supervisor can ask for that.')
      },
    )
    this.#life.hears
      .on('guest', ({ body }) => this.#receive(body))
      .on('guestFailed', ({ failure }) =>
        this.#life.end(decodeFailure(failure, new MessageDecoding()) as Error),
      )
  }

  /** As `thread 2`. */
  get name(): string {
    return this.#life.worker.name
  }

  get pid(): number | undefined {
    return this.#life.worker.pid
  }

  get threadId(): number | undefined {
    return this.#life.worker.threadId
  }

  /** Ends the worker, if nothing lives there any more. */
  leave(): void {
    this.actors -= 1
    this.#owner.left(this)
    if (this.actors === 0) this.stop()
  }

  /** Ends the worker, however far it has come. */
  stop(): void {
    this.#owner.closed(this)
    if (this.#life.state === 'ready') this.#life.stop()
    else this.#life.worker.kill()
  }

  #kill(): void {
    const why = new AbortError('An actor there did not stop in time, and its worker did not react')
    // At once: what is sent from now on is for the next worker.
    this.#owner.closed(this)
    this.link.break(why)
    this.#life.end(why)
  }

  #send(batch: readonly unknown[], transfer: Transfer): void {
    const send = () => {
      this.#life.worker.send({ kind: 'guest', guest: guestName, module: this.module, body: batch }, transfer)
      this.link.holding.silence.expect()
    }
    if (this.#early === undefined) send()
    else this.#early.push(send)
  }

  /** Whatever it says that is not an item ends it, and nothing else. */
  #receive(body: unknown): void {
    try {
      this.link.receive(body)
    } catch (error) {
      this.#life.forged(`a message between actors that can't be read: ${messageOf(error)}`)
    }
  }

  /** While asks are under way, the program must not end. */
  #hold(some: boolean): void {
    this.#waiting = some
    if (some) this.#life.hold()
    else if (this.#life.state === 'ready') this.#life.release()
  }

  // ── its life ──

  ready(): void {
    const early = this.#early ?? []
    this.#early = undefined
    for (const send of early) send()
    if (!this.#waiting) this.#life.release()
  }

  done(): void {
    this.#life.forged('an answer to a call, though it has none')
  }

  patience(): number {
    return 0
  }

  ended(why: Error, _details: EndOfLife): void {
    this.#owner.closed(this)
    this.link.break(why)
  }
}
