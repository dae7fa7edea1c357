/**
 * Takes items out of a channel for a receiver elsewhere, as far as that has credit, and puts back
 * what it did not take.
 */
import type { Channel } from '../../channel/channel.ts'
import { end, Waiter } from '../../channel/line.ts'
import { Ring } from '../../channel/ring.ts'
import { load } from '../../runtime/atomics.ts'
import { errorOf, sendFailure } from './failures.ts'
import type { Link } from './link.ts'
import { takenWord } from './link-words.ts'
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
        else if (this.#carry(value as T)) this.#draw()
        return true
      },
      fail: error => {
        this.#ended(error)
        return true
      },
    },
    undefined,
  )
  /** What was sent and is not known to be taken, oldest first. */
  readonly #unread = new Ring<T>()
  readonly #unwatch: () => void
  #sent = 0
  #credit = 0
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
      },
    })
    link.open({
      message: message => this.#receive(message),
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
        this.#credit = message.count
        return this.#draw()
      case 'taken':
        return this.#noteTaken(message.count)
      case 'cancel':
        this.#unread.clear()
        return this.#channel.cancel(errorOf(message.failure))
      default:
        this.#link.garbled(`${message.kind} to the side that items come from`)
    }
  }

  #noteTaken(count: number): void {
    // After a cancel nothing is kept of what was sent.
    if (count > this.#unread.size && !this.#over)
      return this.#link.garbled('that more was taken than was sent')
    for (let left = Math.min(count, this.#unread.size); left > 0; left -= 1) this.#unread.shift()
    this.#credit += count
    // Many items travel together, though they were told of one by one; half a window is still over
    // there.
    if (this.#credit * 2 >= this.#window - 1) this.#draw()
  }

  /** Sends what is there, then waits for more, as far as there is credit. */
  #draw(): void {
    while (this.#credit > 0 && !this.#over && this.#waiter.line === undefined) {
      let found: { readonly value: T } | undefined
      try {
        found = this.#channel.tryReceive()
      } catch (error) {
        return this.#ended(this.#channel.failure === undefined ? undefined : error)
      }
      if (found === undefined) return this.#channel.standToReceive(this.#waiter)
      if (!this.#carry(found.value)) return
    }
  }

  /** False if the item can't cross: it stays in the channel, and the receiver is told why. */
  #carry(item: T): boolean {
    try {
      this.#outbox.add(item)
    } catch (error) {
      this.#ended(error)
      this.#channel.putBack([item])
      return false
    }
    this.#unread.push(item)
    this.#sent += 1
    this.#credit -= 1
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
    this.#waiter.line?.remove(this.#waiter)
    const { words } = this.#link
    if (words !== undefined) {
      const unread = (this.#sent - load(words, takenWord)) | 0 // Pairs with the store in carry-in.ts.
      while (this.#unread.size > Math.max(0, unread)) this.#unread.shift()
    }
    const items: T[] = []
    while (this.#unread.size > 0) items.push(this.#unread.shift())
    if (items.length > 0) this.#channel.putBack(items)
  }
}
