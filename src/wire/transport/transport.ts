/**
 * The contract of all transports: an ordered stream in both directions, which somebody can cut.
 *
 * What is small and plain travels on a fast lane (`tryRun`, `tryDone`): no serializer, no message of the platform for each.
 * Everything else is a message. A transport that can't take something on its fast lane says so, and the caller sends a
 * message instead.
 */
import type { Moved } from '../../task/transfer.ts'
import type { PlainStores } from '../propagation.ts'

/** What moves instead of being copied. */
export type Transfer = readonly Moved[]

/** One end of a connection. What is sent arrives once and in order, or not at all once the connection is cut. */
export interface Transport {
  /**
   * Sends a copy of the message; buffers and ports in `transfer` move.
   * @throws whatever the platform throws when it can't copy; nothing was sent then
   */
  send(message: unknown, transfer?: Transfer): void
  /** Puts a call on the fast lane, which leaves with `deliver`; false if it does not fit there. */
  tryRun(seq: number, ref: number, args: readonly unknown[], stores?: PlainStores): boolean
  /** Lets leave what was put on the fast lane: many together wake the other side once. */
  deliver(): void
  /**
   * Sends a result on the fast lane; false if it does not fit there. With `more`, others are to follow soon: the other side
   * may be woken with one of these, or with `deliver`, which must come before this side waits for anything.
   */
  tryDone(seq: number, workMs: number, value: unknown, more: boolean): boolean
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
  /** A call came on the fast lane. */
  run(seq: number, ref: number, args: unknown[], stores?: PlainStores): void
  /** A result came on the fast lane; with `more`, another one is here already, and follows at once. */
  done(seq: number, workMs: number, value: unknown, more: boolean): void
  /** So many items were taken of a lent receiver; only of a pipe. */
  taken?(link: number, count: number): void
  /** What is sent now waits in this process behind what was sent before; only of a pipe that writes at once. */
  congested?(): void
  /** It does not any more. */
  cleared?(): void
  /** Something waits to be read; only for an owner that reads by `poll`, at its own pace. */
  awake?(): void
  /** How many results are worth being woken for once; 0 for the first that comes. */
  patience?(): number
  /** What arrived is no message of this transport. */
  garbled(what: string): void
  /** The other side is gone. */
  closed(): void
}
