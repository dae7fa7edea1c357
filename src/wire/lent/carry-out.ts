/** Takes items out of a channel for a receiver on another thread, as far as that has credit, and puts back what it did not take. */
import type { MessagePort } from 'node:worker_threads'
import type { Channel } from '../../channel/channel.ts'
import { end, Waiter } from '../../channel/line.ts'
import { Ring } from '../../channel/ring.ts'
import { load } from '../../runtime/atomics.ts'
import { decode, encode } from '../codec.ts'
import type { Crossing } from '../crossing.ts'
import { decodeFailure, encodeFailure } from '../failure.ts'
import type { WithCredit } from './messages.ts'
import { Outbox } from './outbox.ts'

export class CarryOut<T> {
  readonly #channel: Channel<T>
  readonly #port: MessagePort
  readonly #crossing: Crossing
  readonly #outbox: Outbox
  readonly #taken: Int32Array
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
  #over = false

  /** `taken` is the word in which the other side counts what its receivers took. */
  constructor(channel: Channel<T>, port: MessagePort, taken: Int32Array, crossing: Crossing) {
    this.#channel = channel
    this.#port = port
    this.#taken = taken
    this.#crossing = crossing
    this.#outbox = new Outbox(port, crossing)
    this.#unwatch = channel.watch({
      arriving: () => [],
      closed: (error, dropped) => {
        if (dropped) this.#cancelled(error)
      },
    })
    port.on('message', (message: WithCredit) => this.#receive(message))
    port.on('close', () => this.#returned())
    port.unref()
  }

  #receive(message: WithCredit): void {
    if (message.kind === 'open') this.#credit += message.count
    else if (message.kind === 'taken') {
      this.#credit += message.count
      for (let left = message.count; left > 0 && this.#unread.size > 0; left -= 1) this.#unread.shift()
    } else if (message.kind === 'cancel') {
      this.#unread.clear()
      return this.#channel.cancel(decodeFailure(message.failure, decode))
    }
    this.#draw()
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
    this.#port.postMessage({
      kind: 'end',
      failure: error === undefined ? undefined : this.#failure(error),
    })
  }

  #cancelled(error: Error | undefined): void {
    this.#over = true
    this.#unread.clear()
    this.#port.postMessage({ kind: 'cancelled', failure: this.#failure(error?.cause) })
  }

  /** The receiver is gone: its call has ended, or its thread. */
  #returned(): void {
    this.#over = true
    this.#unwatch()
    this.#waiter.line?.remove(this.#waiter)
    const unread = (this.#sent - load(this.#taken, 0)) | 0 // Pairs with the store in carry-in.ts.
    while (this.#unread.size > Math.max(0, unread)) this.#unread.shift()
    const items: T[] = []
    while (this.#unread.size > 0) items.push(this.#unread.shift())
    if (items.length > 0) this.#channel.putBack(items)
  }

  #failure(error: unknown): ReturnType<typeof encodeFailure> {
    return encodeFailure(error, (part, path) => encode(part, path, this.#crossing))
  }
}
