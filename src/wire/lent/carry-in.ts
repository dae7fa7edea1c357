/** Puts items that come from another thread into a channel, one after the other as it has room, and gives credit for more. */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import type { Channel } from '../../channel/channel.ts'
import { Waiter } from '../../channel/line.ts'
import { Ring } from '../../channel/ring.ts'
import { ChannelClosedError } from '../../errors.ts'
import { store } from '../../runtime/atomics.ts'
import { withStrand } from '../../runtime/strand.ts'
import { decode, encode } from '../codec.ts'
import type { Crossing } from '../crossing.ts'
import { decodeFailure, encodeFailure } from '../failure.ts'
import { yieldedValues } from '../yields.ts'
import type { WithItems } from './messages.ts'

export class CarryIn<T> {
  readonly #channel: Channel<T>
  readonly #port: MessagePort
  readonly #crossing: Crossing
  readonly #taken: Int32Array | undefined
  readonly #reportAfter: number
  readonly #arrived = new Ring<T>()
  readonly #waiter: Waiter<T> = new Waiter<T>(
    {
      unpark: () => {
        this.#accepted()
        this.#feed()
        return true
      },
      fail: () => true, // The watcher is told too.
    },
    undefined,
  )
  readonly #unwatch: () => void
  #accepts = 0
  #unreported = 0
  #end: { readonly error: Error | undefined } | undefined
  #closing = false
  #over = false

  /**
   * Lets `window` items be on their way. With `taken`, what the channel accepts is counted there, and what it has not accepted
   * when this ends stays with the other side.
   */
  constructor(
    channel: Channel<T>,
    port: MessagePort,
    window: number,
    crossing: Crossing,
    taken?: Int32Array,
  ) {
    this.#channel = channel
    this.#port = port
    this.#crossing = crossing
    this.#taken = taken
    this.#reportAfter = Math.max(1, window >> 1)
    this.#unwatch = channel.watch({
      arriving: () => this.#lastOnes(),
      closed: (error, dropped) => this.#closed(error, dropped),
    })
    port.on('message', (message: WithItems) => this.#receive(message))
    port.on('close', () => this.#gone())
    port.unref()
    port.postMessage({ kind: 'open', count: window })
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

  #receive(message: WithItems): void {
    if (this.#over) return
    switch (message.kind) {
      case 'yielded':
        for (const item of yieldedValues(message)) this.#arrived.push(item as T)
        return this.#feed()
      case 'yieldedOne':
        this.#arrived.push(decode(message.value, message.special, 'item') as T)
        return this.#feed()
      case 'end':
        this.#end = {
          error: message.failure === undefined ? undefined : decodeFailure(message.failure, decode),
        }
        return this.#feed()
      case 'cancelled':
        this.#finish()
        return this.#channel.cancel(decodeFailure(message.failure, decode))
      case 'drain':
        return void this.#tellDrained(message.id)
    }
  }

  #feed(): void {
    if (this.#closing || this.#over) return
    while (this.#waiter.line === undefined && this.#arrived.size > 0) {
      const item = this.#arrived.shift()
      if (this.#channel.trySend(item)) this.#accepted()
      else {
        this.#waiter.item = item
        this.#channel.standToSend(this.#waiter)
      }
    }
    if (this.#end === undefined || this.#waiter.line !== undefined) return
    this.#finish()
    this.#channel.close(this.#end.error)
  }

  #accepted(): void {
    this.#accepts += 1
    // Pairs with the load in carry-out.ts.
    if (this.#taken !== undefined) store(this.#taken, 0, this.#accepts | 0)
    this.#unreported += 1
    if (this.#unreported < this.#reportAfter || this.#over) return
    this.#port.postMessage({ kind: 'taken', count: this.#unreported })
    this.#unreported = 0
  }

  /** What was sent before the channel is closed belongs to it, though nobody has read it from the port yet. */
  #lastOnes(): readonly T[] {
    if (this.#taken !== undefined || this.#over) return []
    this.#closing = true
    for (
      let next = receiveMessageOnPort(this.#port);
      next !== undefined;
      next = receiveMessageOnPort(this.#port)
    )
      this.#receive(next.message as WithItems)
    const items: T[] = []
    if (this.#waiter.line !== undefined) {
      this.#waiter.line.remove(this.#waiter)
      items.push(this.#waiter.item as T)
    }
    while (this.#arrived.size > 0) items.push(this.#arrived.shift())
    return items
  }

  /** Somebody on this side has closed the channel, or wants no more. */
  #closed(error: Error | undefined, dropped: boolean): void {
    if (this.#over) return
    const told = dropped ? error?.cause : error
    const failure =
      told === undefined ? undefined : encodeFailure(told, (part, path) => encode(part, path, this.#crossing))
    if (this.#taken === undefined) {
      // Its end may not have left yet, and could not be sent with a port that is closed; so the far side closes.
      this.#port.postMessage({ kind: 'closed', failure })
      return this.#leave()
    }
    this.#port.postMessage({ kind: 'cancel', failure: failure ?? encodeFailure(undefined, asItIs) })
    this.#finish()
  }

  async #tellDrained(id: number): Promise<void> {
    await withStrand(undefined, () => this.#channel.drained())
    this.#port.postMessage({ kind: 'drained', id })
  }

  /** The other side is gone. What has come from it before goes on into the channel. */
  #gone(): void {
    if (this.#over || this.#taken === undefined) return
    this.#finish()
    this.#channel.close(
      new ChannelClosedError('The thread that holds the channel has ended, and its items with it.'),
    )
  }

  #finish(): void {
    this.#leave()
    this.#port.close()
  }

  #leave(): void {
    this.#over = true
    this.#unwatch()
    this.#waiter.line?.remove(this.#waiter)
  }
}

const asItIs = (value: unknown) => ({ value, special: false, transfer: [] })
