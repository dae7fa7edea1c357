/**
 * Puts items from another side into a channel, one after the other as it has room, and gives credit
 * for more.
 */
import type { Channel } from '../../channel/channel.ts'
import { Waiter } from '../../channel/line.ts'
import { Ring } from '../../channel/ring.ts'
import { AtonceError, ChannelClosedError } from '../../errors.ts'
import { store } from '../../runtime/atomics.ts'
import { withStrand } from '../../runtime/strand.ts'
import { decode } from '../codec.ts'
import { PlainEncoding } from '../encoding.ts'
import { encodeFailure } from '../failure.ts'
import { yieldedValues } from '../yields.ts'
import { errorOf, sendFailure } from './failures.ts'
import type { Link } from './link.ts'
import { takenWord } from './link-words.ts'
import type { OfLoan, WithItems } from './messages.ts'

export class CarryIn<T> {
  readonly #channel: Channel<T>
  readonly #link: Link
  readonly #borrowed: boolean
  readonly #reportAfter: number
  readonly #arrived = new Ring<T>()
  readonly #waiter: Waiter<T> = new Waiter<T>(
    {
      unpark: () => {
        this.#accepted()
        this.#report() // Before the receiver of the item goes on.
        this.#feed()
        return true
      },
      fail: () => true, // The watcher is told too.
    },
    undefined,
  )
  readonly #unwatch: () => void
  /** How many more items the other side may send. */
  #room: number
  /** The owner's side waits until the items here are taken. */
  #asked = false
  #accepts = 0
  #unreported = 0
  #end: { readonly error: Error | undefined } | undefined
  /** The other side has left. */
  #alone = false
  #closing = false
  #over = false

  /**
   * Lets `window` items be on their way. If it is `borrowed`, the channel is that of a receiver on
   * loan: what it accepts is told at once, or counted where the owner can see it, and what it has
   * not accepted when this ends stays with the owner.
   */
  constructor(channel: Channel<T>, link: Link, window: number, { borrowed }: { readonly borrowed: boolean }) {
    this.#channel = channel
    this.#link = link
    this.#borrowed = borrowed
    this.#room = window
    this.#reportAfter = borrowed && link.words === undefined ? 1 : Math.max(1, window >> 1)
    this.#unwatch = channel.watch({
      arriving: () => this.#lastOnes(),
      closed: (error, dropped) => this.#closed(error, dropped),
    })
    link.open({
      message: message => this.#receive(message),
      closed: () => this.#gone(),
      congested: () => this.#withdraw(),
      cleared: () => this.#feed(),
    })
    link.send({ kind: 'open', count: window })
    if (channel.closed) this.#closed(channel.failure, false)
  }

  /** The call that had the end on loan is over. */
  end(): void {
    if (this.#over) return
    this.#finish()
    this.#channel.close(
      new ChannelClosedError(
        'The receiver was lent for one call, which has ended; what it had not received went back. Pass it to the next call again.',
      ),
    )
  }

  #receive(message: OfLoan): void {
    if (this.#over) return
    switch (message.kind) {
      case 'yielded':
      case 'yieldedOne':
        return this.#arrive(message)
      case 'end':
        this.#end = { error: message.failure && errorOf(message.failure) }
        return this.#feed()
      case 'cancelled':
        this.#finish()
        return this.#channel.cancel(errorOf(message.failure))
      case 'ask':
        if (!this.#borrowed) return this.#link.garbled('a question of the side that items come from')
        this.#asked = true
        return this.#report()
      case 'drain':
        return void this.#tellDrained(message.id)
      default:
        this.#link.garbled(`${message.kind} to the side that items come to`)
    }
  }

  #arrive(message: Extract<WithItems, { kind: 'yielded' | 'yieldedOne' }>): void {
    if (this.#end !== undefined) return
    this.#room -= message.kind === 'yielded' ? message.count : 1
    if (this.#room < 0) return this.#link.garbled('more items than may be on their way')
    let items: readonly unknown[]
    try {
      items =
        message.kind === 'yielded' ? yieldedValues(message) : [decode(message.value, message.special, 'item')]
    } catch (error) {
      return this.#unreadable(error)
    }
    for (const item of items) this.#arrived.push(item as T)
    this.#feed()
  }

  /**
   * An item can't be made here. A receiver on loan gives it back, with those that came after it. An
   * owner can't do that, and must not lose it silently.
   */
  #unreadable(error: unknown): void {
    if (!(error instanceof AtonceError))
      return this.#link.garbled(`items that can't be read (${String(error)})`)
    if (!this.#borrowed) {
      this.#end = { error }
      sendFailure(this.#link, error, failure => ({ kind: 'closed', failure }))
      return this.#feed()
    }
    this.#finish()
    this.#channel.close(error)
  }

  #feed(): void {
    if (this.#closing || this.#over) return
    while (this.#waiter.line === undefined && this.#arrived.size > 0 && this.#link.clear) {
      const item = this.#arrived.shift()
      if (this.#channel.trySend(item)) this.#accepted()
      else {
        this.#waiter.item = item
        this.#channel.standToSend(this.#waiter)
      }
    }
    this.#report() // Before whoever has got an item goes on.
    if (!this.#allTaken) return
    if (this.#end !== undefined) {
      this.#finish()
      this.#channel.close(this.#end.error)
    } else if (this.#alone) this.#leave()
  }

  #accepted(): void {
    this.#accepts += 1
    this.#room += 1
    // Pairs with the load in carry-out.ts.
    if (this.#borrowed && this.#link.words !== undefined)
      store(this.#link.words, takenWord, this.#accepts | 0)
    this.#unreported += 1
  }

  #report(): void {
    if (this.#unreported === 0 || this.#over) return
    if (this.#unreported < this.#reportAfter && !(this.#asked && this.#allTaken)) return
    this.#link.tellTaken(this.#unreported, this.#accepts | 0)
    this.#unreported = 0
  }

  get #allTaken(): boolean {
    return this.#arrived.size === 0 && this.#waiter.line === undefined
  }

  /**
   * The item at the head is not handed over now: the other side could not be told at once that it
   * was taken.
   */
  #withdraw(): void {
    if (this.#waiter.line === undefined) return
    this.#waiter.line.remove(this.#waiter)
    this.#arrived.unshift(this.#waiter.item as T)
  }

  /**
   * Items that were sent before the channel was closed belong to it, even if they were not read
   * from the link yet.
   */
  #lastOnes(): readonly T[] {
    if (this.#borrowed || this.#over) return []
    this.#closing = true
    this.#link.drain()
    this.#withdraw()
    const items: T[] = []
    while (this.#arrived.size > 0) items.push(this.#arrived.shift())
    return items
  }

  /** The channel was closed on this side, or its receiver wants no more. */
  #closed(error: Error | undefined, dropped: boolean): void {
    if (this.#over) return
    const told = dropped ? error?.cause : error
    if (this.#borrowed) {
      if (told === undefined)
        this.#link.send({ kind: 'cancel', failure: encodeFailure(undefined, new PlainEncoding()) })
      else sendFailure(this.#link, told, failure => ({ kind: 'cancel', failure }))
      return this.#finish()
    }
    // Its end may not have left yet, and could not be sent on a link that is closed; so the far
    // side closes.
    if (told === undefined) this.#link.send({ kind: 'closed', failure: undefined })
    else sendFailure(this.#link, told, failure => ({ kind: 'closed', failure }))
    this.#leave()
  }

  async #tellDrained(id: number): Promise<void> {
    await withStrand(undefined, () => this.#channel.drained())
    this.#link.send({ kind: 'drained', id })
  }

  /** The other side is gone. Items that it has sent before still go into the channel. */
  #gone(): void {
    if (this.#over) return
    if (!this.#borrowed) {
      this.#alone = true
      return this.#feed()
    }
    this.#finish()
    this.#channel.close(
      new ChannelClosedError('The thread that holds the channel has ended, and its items with it.'),
    )
  }

  #finish(): void {
    this.#leave()
    this.#link.close()
  }

  #leave(): void {
    this.#over = true
    this.#unwatch()
    this.#waiter.line?.remove(this.#waiter)
  }
}
