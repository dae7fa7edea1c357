/**
 * What a model gives the pool for each worker: a connection to it, and the means to end it.
 */
import type { Lent } from '../wire/lent/link.ts'
import type { LentMessage } from '../wire/lent/messages.ts'
import type { RunMessage, ToWorker } from '../wire/messages.ts'
import type { PlainStores } from '../wire/propagation.ts'
import type { Transfer } from '../wire/transport/transport.ts'

/** How a worker ended. */
export type Exit =
  /** By itself, or by `process.exit(code)`. */
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: string; readonly lastWords: string }
  | { readonly kind: 'memory'; readonly limitMb: number | undefined }
  /** An error that the worker could not report itself. */
  | { readonly kind: 'error'; readonly error: unknown }
  /** The system refused to start it. */
  | { readonly kind: 'refused'; readonly error: unknown }
  | { readonly kind: 'lost'; readonly why: string }
  | { readonly kind: 'garbled'; readonly what: string }

/** The far worker's owner. */
export interface FarWorkerOwner {
  message(message: unknown): void
  /**
   * A small plain result came on the fast lane; with `more`, another one has arrived and follows at
   * once.
   */
  done(seq: number, workMs: number, value: unknown, more: boolean): void
  /** How many results may be delivered together; 0 for each at once. */
  patience(): number
  /** The worker has ended. Its last messages follow, then `exited`. It is given nothing more. */
  ending(): void
  /** Called once, after the last message, when the worker is gone. */
  exited(exit: Exit): void
}

export interface FarWorker {
  /** As `thread 2` or `process 3 (pid 4711)`. */
  readonly name: string
  readonly pid: number | undefined
  /** Of a thread that runs, by Node's count. */
  readonly threadId?: number | undefined
  /** The most calls that may be in the worker's hand. */
  readonly capacity: number
  /**
   * Sends a message that is no call of the hand.
   * @throws whatever the platform throws when it can't copy; nothing was sent then
   */
  send(message: ToWorker | LentMessage, transfer?: Transfer): void
  /**
   * Puts a small plain call into the worker's hand, behind those it has; false if it does not fit
   * into the fast lane. It leaves with `flush`.
   */
  tryGive(seq: number, ref: number, args: readonly unknown[], stores?: PlainStores): boolean
  /**
   * Whether the fast lane was full, so that more calls had better wait. Undefined if there is no
   * such lane.
   */
  readonly congested?: boolean
  /**
   * Sends the calls that were put on the fast lane, where they are kept until then.
   */
  flush?(): void
  /**
   * Writes at once what was sent, where writing would otherwise wait for the end of the turn.
   */
  flushNow?(): void
  /**
   * Puts a call into the worker's hand, behind those it has. It has the channel ends in `loans`
   * until it is answered. It leaves with `flush` at the latest.
   * @throws whatever the platform throws when it can't copy; nothing was sent then
   */
  give(message: RunMessage, transfer: Transfer, loans?: readonly Lent[]): void
  /**
   * Takes back a call that the worker has not begun; false if it has begun it, or if that can't be
   * known.
   */
  recall(seq: number): boolean
  /**
   * Whether the worker had begun the call before it ended; `first` says that it is the first one
   * without an answer.
   */
  hadBegun(seq: number, first: boolean): boolean
  /** Sets the flag that a synchronous loop polls; the `cancel` message follows by `send`. */
  flagCancelled(seq: number): void
  /** Asks the worker to end by itself; one without work does so at once. */
  stop(): void
  /** Ends the worker by force. */
  kill(): void
  /** While a worker is held, it keeps the program alive. */
  hold(): void
  release(): void
}

/**
 * Starts worker number `index`. Never throws: it tells the owner, after it has returned.
 */
export type StartWorker = (index: number, owner: FarWorkerOwner) => FarWorker
