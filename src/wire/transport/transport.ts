/**
 * The contract of all transports: an ordered stream in both directions, which can be cut. Its two
 * ends are not alike: a caller sends calls and hears answers, a worker hears calls and answers.
 *
 *     CallerEnd ── tryRun, send ──▶  WorkerEar
 *     CallerEar  ◀── tryDone, send ── WorkerEnd
 *
 * What is small and plain travels on a fast lane (`tryRun`, `tryDone`): no serializer, no message
 * of the platform for each. Everything else is a message. Lanes are tried in order: one that can't
 * take something says so, and it goes by message.
 */
import type { Moved } from '../../task/transfer.ts'
import type { PlainStores } from '../propagation.ts'

/** What moves instead of being copied. */
export type Transfer = readonly Moved[]

/**
 * What both ends can do. What is sent arrives once and in order, or not at all once the connection
 * is cut.
 */
interface End {
  /**
   * Sends a copy of the message; buffers and ports in `transfer` move.
   * @throws whatever the platform throws when it can't copy; nothing was sent then
   */
  send(message: unknown, transfer?: Transfer): void
}

/** The end of whoever calls. */
export interface CallerEnd extends End {
  /** Puts a call on the fast lane; false if it does not fit there. */
  tryRun(seq: number, ref: number, args: readonly unknown[], stores?: PlainStores): boolean
  /** Keeps the program alive while answers are awaited, or lets it end. */
  ref(): void
  unref(): void
  close(): void
}

/** What a caller's end tells its owner. */
export interface CallerEar {
  message(message: unknown): void
  /**
   * A result came on the fast lane; with `more`, another one is here already, and follows at once.
   */
  done(seq: number, workMs: number, value: unknown, more: boolean): void
  /** What arrived is not a message of this transport. */
  garbled(what: string): void
}

/** The end of a worker. */
export interface WorkerEnd extends End {
  /**
   * Sends a result on the fast lane; false if it does not fit there. With `more`, others are to
   * follow soon: it may be kept back until one of these comes, or `flush`.
   */
  tryDone(seq: number, workMs: number, value: unknown, more: boolean): boolean
  /** Where results are kept back: lets them leave, before this side waits for anything. */
  flush?(): void
  /** Where there are several lanes: reads what has come as a message. */
  readMessages?(): void
}

/** What a worker's end tells its owner. */
export interface WorkerEar {
  message(message: unknown): void
  /** A call came on the fast lane. */
  run(seq: number, ref: number, args: unknown[], stores?: PlainStores): void
  /** What arrived is not a message of this transport. */
  garbled(what: string): void
  /** The other side is gone, or wants this one to end. */
  closed(): void
}
