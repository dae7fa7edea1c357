/**
 * Items on their way to the other side: those that are sent close to each other travel in one
 * message.
 */
import { beforeStop } from '../../runtime/park-sync.ts'
import { runtime } from '../../runtime/runtime.ts'
import { YieldWriter } from '../yields.ts'
import type { Link } from './link.ts'

/** The most items that travel together, so that the other side begins while this one goes on. */
const mostTogether = 256

/** Those of this thread whose items have not left yet. */
const unsent = new Set<Outbox>()

/** Sends at once what this thread has gathered, for it will stand still: for a channel, a lock. */
export function flushAll(): void {
  for (const outbox of unsent) outbox.flush()
}
beforeStop(flushAll)

export class Outbox {
  readonly #writer: YieldWriter
  #gathered = 0
  #seen = 0
  #flushing = false

  constructor(link: Link) {
    this.#writer = new YieldWriter(0, link.crossing, (message, moved) => link.send(message, moved), 'item')
  }

  /**
   * Copies an item into the next message, which leaves before the event loop goes on.
   * @throws SerializationError, PayloadTooLargeError; the item was not sent
   */
  add(item: unknown): void {
    this.#writer.add(item, 1)
    this.#gathered += 1
    if (this.#gathered >= mostTogether) this.flush()
    else if (!this.#flushing) {
      this.#flushing = true
      unsent.add(this)
      this.#seen = 0
      runtime().soon(this.#flushSoon)
    }
  }

  flush(): void {
    this.#gathered = 0
    this.#writer.flush()
  }

  /** As long as more come, each within the microtask after the last one's, they are waited for. */
  readonly #flushSoon = (): void => {
    if (this.#gathered > this.#seen) {
      this.#seen = this.#gathered
      return runtime().soon(this.#flushSoon)
    }
    this.#flushing = false
    unsent.delete(this)
    this.flush()
  }
}
