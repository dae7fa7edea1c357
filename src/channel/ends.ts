/**
 * The two ends of a channel, each to be given away alone: who holds one can do nothing at the
 * other.
 */
import { checkMs, checkOptions, checkSignal, type OptionNames, optionNames } from '../checks.ts'
import type { SelectCase } from './select.ts'

/** How long an operation may wait. A cancelled scope or task around it ends the wait too. */
export interface WaitOptions {
  /**
   * Ends the wait when it aborts, with its reason; one that has aborted already ends it before
   * anything is done. Default: none.
   */
  readonly signal?: AbortSignal | undefined
  /** Ends the wait after so many milliseconds, with a TimeoutError. Default: no limit. */
  readonly timeoutMs?: number | undefined
}

/** How long an operation may stop its thread. */
export type SyncWaitOptions = Pick<WaitOptions, 'timeoutMs'>

const waitOptionNames: OptionNames<WaitOptions> = optionNames<WaitOptions>({
  signal: true,
  timeoutMs: true,
})
const syncWaitOptionNames = optionNames<SyncWaitOptions>({ timeoutMs: true })

/** @throws OptionError */
export function checkWait(what: string, options: WaitOptions): WaitOptions {
  options = checkOptions(what, options, waitOptionNames)
  const { signal, timeoutMs } = options
  checkSignal(`${what} with { signal }`, signal)
  if (timeoutMs !== undefined) checkMs(`${what} with { timeoutMs }`, timeoutMs)
  return options
}

/**
 * Returns how long the thread may stand.
 * @throws OptionError
 */
export function checkSyncWait(what: string, options: SyncWaitOptions | undefined): number {
  if (options === undefined) return Number.POSITIVE_INFINITY
  const { timeoutMs } = checkOptions(what, options, syncWaitOptionNames)
  if (timeoutMs === undefined) return Number.POSITIVE_INFINITY
  checkMs(`${what} with { timeoutMs }`, timeoutMs)
  return timeoutMs
}

/** The end that items go in at. */
export interface Sender<in T> {
  readonly capacity: number
  /** Items that were accepted and not received yet. */
  readonly size: number
  /** Whether it takes no more items. */
  readonly closed: boolean
  send(value: T, options?: WaitOptions): Promise<void>
  trySend(value: T): boolean
  /**
   * Sends one item; the thread stops until there is room. For an end that was lent to a task on a
   * thread. When it returns, the item has left this thread.
   * @throws SyncUseError on the main thread, and where the channel itself lives
   * @throws ChannelClosedError, TimeoutError, OptionError; AbortError if the call was cancelled
   */
  sendSync(value: T, options?: SyncWaitOptions): void
  sending<const V extends T, R = void>(value: V, then?: () => R): SelectCase<R>
  close(error?: Error): void
  drained(options?: WaitOptions): Promise<void>
}

/** The end that items come out at. */
export interface Receiver<out T> extends AsyncIterable<T> {
  readonly capacity: number
  readonly size: number
  readonly closed: boolean
  receive(options?: WaitOptions): Promise<T>
  tryReceive(): { readonly value: T } | undefined
  /**
   * Receives one item; the thread stops until there is one. For an end that was lent to a task on a
   * thread.
   * @throws SyncUseError on the main thread, and where the channel itself lives
   * @throws ChannelClosedError or the error that the channel was closed with, TimeoutError,
   *   OptionError; AbortError if the call was cancelled
   */
  receiveSync(options?: SyncWaitOptions): T
  values(options?: WaitOptions): AsyncIterableIterator<T, undefined>
  receiving<R = T, E = never>(then?: (value: T) => R, ended?: () => E): SelectCase<R | E>
  cancel(reason?: unknown): void
}

export class SenderEnd<T> implements Sender<T> {
  readonly #channel: Sender<T>

  constructor(channel: Sender<T>) {
    this.#channel = channel
  }

  /** What it is the end of; for whoever carries its items. */
  static channelOf(end: SenderEnd<unknown>): Sender<unknown> {
    return end.#channel
  }

  get capacity(): number {
    return this.#channel.capacity
  }

  get size(): number {
    return this.#channel.size
  }

  get closed(): boolean {
    return this.#channel.closed
  }

  send(value: T, options?: WaitOptions): Promise<void> {
    return this.#channel.send(value, options)
  }

  trySend(value: T): boolean {
    return this.#channel.trySend(value)
  }

  sendSync(value: T, options?: SyncWaitOptions): void {
    this.#channel.sendSync(value, options)
  }

  sending<const V extends T, R = void>(value: V, then?: () => R): SelectCase<R> {
    return this.#channel.sending(value, then)
  }

  close(error?: Error): void {
    this.#channel.close(error)
  }

  drained(options?: WaitOptions): Promise<void> {
    return this.#channel.drained(options)
  }
}

export class ReceiverEnd<T> implements Receiver<T> {
  readonly #channel: Receiver<T>

  constructor(channel: Receiver<T>) {
    this.#channel = channel
  }

  /** What it is the end of; for whoever carries its items. */
  static channelOf(end: ReceiverEnd<unknown>): Receiver<unknown> {
    return end.#channel
  }

  get capacity(): number {
    return this.#channel.capacity
  }

  get size(): number {
    return this.#channel.size
  }

  get closed(): boolean {
    return this.#channel.closed
  }

  receive(options?: WaitOptions): Promise<T> {
    return this.#channel.receive(options)
  }

  tryReceive(): { readonly value: T } | undefined {
    return this.#channel.tryReceive()
  }

  receiveSync(options?: SyncWaitOptions): T {
    return this.#channel.receiveSync(options)
  }

  values(options?: WaitOptions): AsyncIterableIterator<T, undefined> {
    return this.#channel.values(options)
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return this.#channel.values()
  }

  receiving<R = T, E = never>(then?: (value: T) => R, ended?: () => E): SelectCase<R | E> {
    return this.#channel.receiving(then, ended)
  }

  cancel(reason?: unknown): void {
    this.#channel.cancel(reason)
  }
}
