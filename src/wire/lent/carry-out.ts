/**
 * Takes items out of a channel for a receiver on another side, as far as that has given credit, and
 * puts back those that it did not take.
 */
import type { Channel } from '../../channel/channel.ts'
import { end, Waiter } from '../../channel/line.ts'
import { Ring } from '../../channel/ring.ts'
import { load } from '../../runtime/atomics.ts'
import { errorOf, sendFailure } from './failures.ts'
import type { Link } from './link.ts'
import { type LinkWords, takenWord } from './link-words.ts'
import type { OfLoan } from './messages.ts'
import { Outbox } from './outbox.ts'

export class CarryOut<T> {
  readonly #channel: Channel<T>
  readonly #link: Link
  readonly #window: number
  readonly #outbox: Outbox
  readonly #waiter: Waiter<T> = new Waiter<T>(
    {
      unpark: value => {
        if (value === end) this.#ended(undefined)
        else {
          this.#channel.away.left()
          if (this.#carry(value as T)) this.#draw()
        }
        return true
      },
      fail: error => {
        this.#ended(error)
        return true
      },
    },
    undefined,
  )
  /** The items that were sent and are not known to be taken, oldest first. */
  readonly #unread = new Ring<T>()
  readonly #unwatch: () => void
  readonly #leaveAccount: () => void
  #sent = 0
  /** Of those, how many are known to be taken. */
  #taken = 0
  /** The far side tells once all that has come there was taken. */
  #asked = false
  #opened = false
  #over = false

  /** The other side may let `window` items be on their way. */
  constructor(channel: Channel<T>, link: Link, window: number) {
    this.#channel = channel
    this.#link = link
    this.#window = window
    this.#outbox = new Outbox(link)
    this.#unwatch = channel.watch({
      arriving: () => [],
      closed: (error, dropped) => {
        if (dropped) this.#cancelled(error)
        else this.#considerEnd()
      },
    })
    this.#leaveAccount = channel.away.carriedBy(() => this.#learnTaken())
    link.open({
      message: message => this.#receive(message),
      looked: () => this.#looked(),
      closed: () => this.#returned(),
      congested() {},
      cleared() {},
    })
  }

  #receive(message: OfLoan): void {
    switch (message.kind) {
      case 'open':
        if (this.#opened || message.count !== this.#window)
          return this.#link.garbled(`open, for ${message.count} items`)
        this.#opened = true
        return this.#draw()
      case 'taken':
        return this.#noteTaken(message.count)
      case 'cancel':
        return this.#channel.cancel(errorOf(message.failure))
      default:
        this.#link.garbled(`${message.kind} to the side that items come from`)
    }
  }

  /** How many items may be sent now. */
  get #credit(): number {
    return this.#opened ? this.#window - this.#unread.size : 0
  }

  /** The shared word tells the same, and may tell of more. */
  #noteTaken(count: number): void {
    if (this.#link.words !== undefined) this.#areTaken(this.#takenByWord(this.#link.words))
    else if (this.#taken + count > this.#sent) return this.#link.garbled('that more was taken than was sent')
    else this.#areTaken(this.#taken + count)
    this.#drawOn()
  }

  #looked(): boolean {
    const { words } = this.#link
    if (words === undefined) return false
    const isNews = this.#areTaken(this.#takenByWord(words))
    this.#drawOn() // It may have been learnt meanwhile, and nothing been drawn for it.
    return isNews
  }

  /**
   * Many items travel together, though they were told of one by one; half a window is still over
   * there.
   */
  #drawOn(): void {
    if (this.#credit * 2 >= this.#window - 1) this.#draw()
  }

  #takenByWord(words: LinkWords): number {
    // Pairs with the store in carry-in.ts.
    return this.#sent - ((this.#sent - load(words, takenWord)) | 0)
  }

  /** So many of those that were sent are taken; says whether that was news. */
  #areTaken(taken: number): boolean {
    const more = Math.min(taken, this.#sent) - this.#taken
    if (more <= 0) return false
    this.#taken += more
    const kept = Math.min(more, this.#unread.size) // After a cancel, sent items are not kept.
    for (let left = kept; left > 0; left -= 1) this.#unread.shift()
    this.#channel.away.settled(kept)
    return true
  }

  /**
   * Looks how many are taken, where that can be seen, and sees to it that it learns of the others.
   */
  #learnTaken(): void {
    const { words } = this.#link
    if (words === undefined || this.#unread.size === 0) return
    this.#areTaken(this.#takenByWord(words))
    if (this.#asked || this.#over) return
    this.#asked = true
    this.#outbox.flush()
    this.#link.send({ kind: 'ask' })
  }

  /** Sends what is there, then waits for more, as far as there is credit. */
  #draw(): void {
    const channel = this.#channel
    while (this.#credit > 0 && !this.#over && this.#waiter.line === undefined) {
      let found: { readonly value: T } | undefined
      try {
        if (channel.size > 0 || channel.sendersWaiting > 0) channel.away.left()
        found = channel.tryReceive()
      } catch (error) {
        return this.#ended(channel.failure === undefined ? undefined : error)
      }
      if (found === undefined) {
        channel.standToReceive(this.#waiter)
        break
      }
      if (!this.#carry(found.value)) return
    }
    if (channel.closed) this.#considerEnd()
    else if (channel.away.awaited) this.#learnTaken()
  }

  /**
   * The channel is closed. If only items of this link are away, none can come that this one is not
   * told of: it may end now. Else it waits until nothing is away.
   */
  #considerEnd(): void {
    if (this.#over || this.#waiter.line === undefined) return this.#learnTaken()
    if (this.#channel.away.count > this.#unread.size) return this.#learnTaken()
    this.#waiter.line.remove(this.#waiter)
    this.#ended(this.#channel.failure)
  }

  /** False if the item can't cross: it stays in the channel, and the receiver is told why. */
  #carry(item: T): boolean {
    try {
      this.#outbox.add(item)
    } catch (error) {
      this.#ended(error)
      this.#putBack([item])
      return false
    }
    this.#unread.push(item)
    this.#sent += 1
    return true
  }

  #ended(error: unknown): void {
    if (this.#over) return
    this.#over = true
    this.#outbox.flush()
    if (error === undefined) this.#link.send({ kind: 'end', failure: undefined })
    else sendFailure(this.#link, error, failure => ({ kind: 'end', failure }))
  }

  #cancelled(error: Error | undefined): void {
    this.#over = true
    this.#unread.clear()
    sendFailure(this.#link, error?.cause, failure => ({ kind: 'cancelled', failure }))
  }

  /** The receiver is gone: its call has ended, or what it ran on. */
  #returned(): void {
    this.#over = true
    this.#unwatch()
    this.#leaveAccount()
    this.#waiter.line?.remove(this.#waiter)
    this.#learnTaken()
    const items: T[] = []
    while (this.#unread.size > 0) items.push(this.#unread.shift())
    if (items.length > 0) this.#putBack(items)
  }

  /** They are back in the channel before anybody is told that nothing is away. */
  #putBack(items: readonly T[]): void {
    this.#channel.putBack(items)
    this.#channel.away.settled(items.length)
  }
}
