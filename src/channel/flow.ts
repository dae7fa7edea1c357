/**
 * How items pass through a channel: from the sender, by the buffer, to the receiver. It knows
 * nothing of closing.
 *
 *     accept(item) ─▶ a receiver that waits, or room in the buffer
 *     take() ◀─ the buffer, or the sender that waits longest; that one gets the room
 */
import { Line } from './line.ts'
import { Ring } from './ring.ts'

export class Flow<T> {
  /** Who waits for room, each with its item. */
  readonly senders = new Line<T>()
  /** Who waits for an item. */
  readonly receivers = new Line<T>()
  readonly #buffer = new Ring<T>()
  readonly #capacity: number

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** How many items lie in the buffer. */
  get size(): number {
    return this.#buffer.size
  }

  /** Whether there is an item to take. */
  get ready(): boolean {
    return this.#buffer.size > 0 || this.senders.head !== undefined
  }

  /** Takes an item in, if there is a receiver or room for it. */
  accept(item: T): boolean {
    const receiver = this.receivers.head
    if (receiver !== undefined) receiver.wake(item)
    else if (this.#buffer.size < this.#capacity) this.#buffer.push(item)
    else return false
    return true
  }

  /** The oldest item; there must be one. */
  take(): T {
    const sender = this.senders.head
    let item: T
    if (this.#buffer.size === 0) item = sender?.item as T
    else {
      item = this.#buffer.shift()
      if (sender !== undefined && this.#buffer.size < this.#capacity) this.#buffer.push(sender.item as T)
      else if (sender !== undefined) return item // Items that were put back take the room of those who wait.
    }
    sender?.wake(undefined)
    return item
  }

  /** Takes items in, whatever the capacity: those that were accepted before the channel closed. */
  append(items: readonly T[]): void {
    for (const item of items) this.#buffer.push(item)
    this.#serve()
  }

  /** Takes items in before all others, whatever the capacity: they could not be delivered. */
  putBack(items: readonly T[]): void {
    for (const item of items.toReversed()) this.#buffer.unshift(item)
    this.#serve()
  }

  /** Gives what lies in the buffer to those who wait. */
  #serve(): void {
    while (this.receivers.head !== undefined && this.#buffer.size > 0)
      this.receivers.head.wake(this.#buffer.shift())
  }

  /** Drops what lies in the buffer. */
  clear(): void {
    this.#buffer.clear()
  }
}
