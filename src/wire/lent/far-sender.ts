/**
 * The sending end of a channel that is elsewhere: each send takes a permit, and there are as many
 * as may be on their way.
 */
import { Channel } from '../../channel/channel.ts'
import { checkSyncWait, type Sender, type SyncWaitOptions, type WaitOptions } from '../../channel/ends.ts'
import type { SelectCase } from '../../channel/select.ts'
import { ChannelClosedError, OptionError, SyncUseError } from '../../errors.ts'
import { load } from '../../runtime/atomics.ts'
import { runtime } from '../../runtime/runtime.ts'
import { isError } from '../../thrown.ts'
import { errorOf, sendFailure } from './failures.ts'
import type { Link } from './link.ts'
import { takenWord } from './link-words.ts'
import type { OfLoan } from './messages.ts'
import { Outbox } from './outbox.ts'
import { standUntil } from './standing.ts'

const sent = Promise.resolve()

export class FarSender<T> implements Sender<T> {
  readonly capacity: number
  readonly #name: string
  readonly #link: Link
  readonly #outbox: Outbox
  readonly #permits: Channel<undefined>
  readonly #window: number
  /** How many items the channel is known to have taken, by the shared word. */
  #taken = 0
  /** Permits that nobody gets before what was sent has left. */
  #held = 0
  /** Sends that wait for a permit, or have one and have not gone on yet. */
  #later = 0
  readonly #draining = new Map<number, Channel<undefined>>()
  #drains = 0
  #closed: { readonly error: ChannelClosedError } | undefined

  constructor(name: string, capacity: number, window: number, link: Link) {
    this.capacity = capacity
    this.#name = name
    this.#window = window
    this.#link = link
    this.#outbox = new Outbox(link)
    this.#permits = new Channel<undefined>(window, { name: `room in ${name}` })
    link.open({
      message: message => this.#receive(message),
      looked: () => this.#learnTaken(),
      closed: () => this.#end(undefined, 'its thread has ended'),
      congested: () => this.#rest(),
      cleared: () => void this.#goOn(),
    })
  }

  /** Items that this side has sent and the channel has not taken in yet, as far as it was told. */
  get size(): number {
    return this.#window - this.#permits.size - this.#held
  }

  get closed(): boolean {
    return this.#closed !== undefined
  }

  send(value: T, options?: WaitOptions): Promise<void> {
    if (options?.signal?.aborted) return Promise.reject(options.signal.reason)
    try {
      return this.trySend(value) ? sent : this.#sendLater(value, options)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  trySend(value: T): boolean {
    if (this.#closed !== undefined) throw this.#closed.error
    if (this.#permits.tryReceive() === undefined) return false
    this.#carry(value)
    return true
  }

  sendSync(value: T, options?: SyncWaitOptions): void {
    const timeoutMs = checkSyncWait('sendSync(…)', options)
    standUntil(this.#link, 'sendSync(…)', this.#name, timeoutMs, () => this.#trySendSync(value))
    this.#outbox.flush()
  }

  sending<const V extends T, R = void>(value: V, then?: () => R): SelectCase<R> {
    return this.#permits.receiving(() => {
      this.#carry(value)
      return then?.() as R
    })
  }

  close(error?: Error): void {
    if (error !== undefined && !isError(error))
      throw new OptionError(
        `close(error) takes an Error, as new Error('…'), or nothing; it got ${typeof error}.`,
      )
    if (this.#closed !== undefined) return
    this.#outbox.flush()
    if (error === undefined) this.#link.send({ kind: 'end', failure: undefined })
    else sendFailure(this.#link, error, failure => ({ kind: 'end', failure }))
    this.#end(error, 'it was closed')
  }

  /**
   * The call that had the end on loan is over: what was sent is on its way, and the channel stays
   * open.
   */
  end(): void {
    this.#outbox.flush()
    this.#end(undefined, 'its sender was lent for one call, which has ended')
    this.#link.close()
  }

  async drained(options?: WaitOptions): Promise<void> {
    if (this.#closed !== undefined) throw this.#closed.error
    const answer = new Channel<undefined>(1, { name: `all items of ${this.#name} to be received` })
    const id = this.#drains
    this.#drains += 1
    this.#draining.set(id, answer)
    this.#outbox.flush()
    this.#link.send({ kind: 'drain', id })
    try {
      await answer.receive(options)
    } finally {
      this.#draining.delete(id)
    }
  }

  /** Those who wait by `await` come first, and can't go on while the thread stands. */
  #trySendSync(value: T): true | undefined {
    if (this.trySend(value)) return true
    if (this.#later === 0 && this.#permits.receiversWaiting === 0) return undefined
    throw new SyncUseError(
      `sendSync(…) of ${this.#name} while other sends of this thread wait for room: they come first, and can't go on while the thread stands. Await them before.`,
    )
  }

  async #sendLater(value: T, options: WaitOptions | undefined): Promise<void> {
    this.#later += 1
    try {
      await this.#permits.receive(options)
      this.#carry(value)
    } finally {
      this.#later -= 1
    }
  }

  /** A permit was taken for it; one that is not used goes to the next. */
  #carry(value: T): void {
    if (this.#closed !== undefined) throw this.#closed.error
    try {
      this.#outbox.add(value)
    } catch (error) {
      this.#permits.putBack([undefined])
      throw error
    }
  }

  #receive(message: OfLoan): void {
    if (message.kind === 'taken' && this.#link.words !== undefined) this.#learnTaken()
    else if (message.kind === 'open' || message.kind === 'taken') {
      if (this.#link.clear) this.#permit(message.count)
      else this.#held += message.count
    } else if (message.kind === 'drained') this.#draining.get(message.id)?.trySend(undefined)
    else if (message.kind === 'closed')
      this.#end(message.failure && errorOf(message.failure), 'its other side was closed')
  }

  #permit(count: number): void {
    for (let left = count; left > 0 && this.#closed === undefined; left -= 1) this.#permits.trySend(undefined)
  }

  /** What the shared word says counts, though a message may have told of a part of it. */
  #learnTaken(): boolean {
    const { words } = this.#link
    if (words === undefined) return false
    const more = (load(words, takenWord) - this.#taken) | 0 // Pairs with the store in link-words.ts.
    if (more <= 0) return false
    this.#taken = (this.#taken + more) | 0
    this.#permit(more)
    return true
  }

  /** Nobody sends while something waits to leave. */
  #rest(): void {
    if (this.#closed !== undefined) return
    while (this.#permits.tryReceive() !== undefined) this.#held += 1
  }

  /** After a turn, in which those who receive here can: what is sent may make them wait again. */
  async #goOn(): Promise<void> {
    await runtime().yieldToLoop()
    if (!this.#link.clear) return
    const count = this.#held
    this.#held = 0
    this.#permit(count)
  }

  #end(cause: Error | undefined, why: string): void {
    if (this.#closed !== undefined) return
    const error = new ChannelClosedError(
      `${this.#name} takes no more items here: ${why}.`,
      cause === undefined ? undefined : { cause },
    )
    this.#closed = { error }
    this.#permits.close(error) // Those who wait for a permit get it.
    for (const answer of this.#draining.values()) answer.close(error)
  }
}
