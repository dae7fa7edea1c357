/** The contract of all transports: an ordered stream of messages in both directions, which somebody can cut. */
import type { MessagePort } from 'node:worker_threads'

/** One end of a connection. Messages arrive in the order they were sent, or not at all once it is closed. */
export interface Transport {
  /**
   * Sends a copy of the message; buffers and ports in `transfer` move.
   * @throws whatever the platform throws when it can't copy; nothing was sent then
   */
  send(message: unknown, transfer?: readonly (ArrayBuffer | MessagePort)[]): void
  /** Reads at once all that has arrived and was not delivered yet; used when the other side has died. */
  drain(): void
  /** Keeps the program alive while somebody waits for a message, or lets it end. */
  ref(): void
  unref(): void
  close(): void
}

/** What an end tells its owner. */
export interface Receiver {
  message(message: unknown): void
  /** What arrived is no message of this transport. */
  garbled(what: string): void
  /** The other side is gone. */
  closed(): void
}
