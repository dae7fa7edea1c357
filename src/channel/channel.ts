/**
 * A channel: items go in at one end and come out at the other, in order, each once, and no more
 * than `capacity` between.
 *
 *     send ─▶ somebody waits to receive? ─▶ handed over
 *              └▶ room? ─▶ buffer ─▶ receive
 *                  └▶ waits in `senders`, its item with it ─▶ a receive makes room ─▶ buffer
 *
 *     open ──close()──▶ closed: sends fail, what is there can be received ──all received──▶ ended: receives fail, loops end
 *       └───cancel()──▶ ended: what was there is dropped
 *
 * An item that is with a receiver on loan (wire/lent) and was not taken there is `away`: it may
 * come back, so nobody is told of the end before that is known.
 *
 * Receivers wait only while nothing is there, senders only while there is no room; so never both.
 * An item is in one place at any time: with the sender who waits, in the buffer, or with the
 * receiver; who is cancelled while it waits takes it along or never gets it.
 */
import { checkOptions, optionNames, shown } from '../checks.ts'
import { ChannelClosedError, OptionError } from '../errors.ts'
import { type Parked, park } from '../runtime/park.ts'
import { runtime } from '../runtime/runtime.ts'
import { stoppedStrand } from '../runtime/strand.ts'
import { isError } from '../thrown.ts'
import { Away, type ChannelWatcher } from './away.ts'
import { refuseHere } from './blocking.ts'
import { type Closed, endError, refusedError } from './closed.ts'
import {
  checkWait,
  type Receiver,
  ReceiverEnd,
  type Sender,
  SenderEnd,
  type SyncWaitOptions,
  type WaitOptions,
} from './ends.ts'
import { Flow } from './flow.ts'
import { done, Items, type Leaving } from './items.ts'
import { end, Line, type Selection, Waiter } from './line.ts'
import { listChannels } from './live.ts'
import type { SelectCase } from './select.ts'

/** What a channel may be made with. */
export interface ChannelOptions {
  /** Shown in errors, and by tools that list who waits for what. Default `a channel`. */
  readonly name?: string | undefined
}

const channelOptionNames = optionNames<ChannelOptions>({ name: true })

/** Shared by all sends that did not wait: a promise of its own costs as much as the send. */
const sent = Promise.resolve()
/** After this many sends without a wait the event loop turns once, so that timers and I/O run. */
const sendsPerTurn = 4_096

/**
 * A bounded queue between any number of senders and receivers on one event loop. Items come out in
 * the order in which they went in, each to one receiver; the longest waiting is served first.
 *
 * `capacity` is how many items the buffer holds; 0 means that a send waits for its receiver (a
 * rendezvous). Values are passed as they are, not copied. The ends can be arguments of tasks on
 * threads() and processes(); there they are copied. A promise as an item is awaited by `receive`.
 *
 * Costs some 100 ns an item, little more than the two awaits around it
 * (`npm run bench -- --only channel`).
 *
 * @throws OptionError
 * @example
 *     const jobs = new Channel<string>(10)
 *     const worker = async () => { for await (const job of jobs) console.log(job) }
 *     const working = worker()
 *     for (const job of ['one', 'two']) await jobs.send(job)
 *     jobs.close()
 *     await working
 */
export class Channel<T> implements Sender<T>, Receiver<T> {
  readonly capacity: number
  readonly name: string
  readonly #flow: Flow<T>
  readonly #drained = new Line<T>()
  #closed: Closed | undefined
  #away: Away | undefined
  #sends = 0
  #watchers: Set<ChannelWatcher<T>> | undefined
  #sender: Sender<T> | undefined
  #receiver: Receiver<T> | undefined

  constructor(capacity = 0, options: ChannelOptions = {}) {
    options = checkOptions('new Channel(capacity, …)', options, channelOptionNames)
    if (!(Number.isSafeInteger(capacity) && capacity >= 0)) {
      throw new OptionError(
        `new Channel(capacity) takes a whole number from 0 up (0: each send waits for its receiver); it got ${shown(capacity)}. A channel has a bound, so that a fast sender can't fill the memory: choose a large one instead of Infinity.`,
      )
    }
    this.capacity = capacity
    this.#flow = new Flow(capacity)
    this.name = options.name ?? 'a channel'
    listChannels(Channel)
  }

  /** The end to send at, to be given away alone. */
  get sender(): Sender<T> {
    this.#sender ??= new SenderEnd<T>(this)
    return this.#sender
  }

  /** The end to receive at, to be given away alone. */
  get receiver(): Receiver<T> {
    this.#receiver ??= new ReceiverEnd<T>(this)
    return this.#receiver
  }

  /**
   * Items that were accepted and not received yet, without those that are with a receiver on loan.
   */
  get size(): number {
    return this.#flow.size
  }

  /** For the far end: the account of its items. */
  get away(): Away {
    this.#away ??= new Away(() => this.#settle())
    return this.#away
  }

  /** The error that it was closed with. */
  get failure(): Error | undefined {
    return this.#closed?.error
  }

  /** How many wait for room. */
  get sendersWaiting(): number {
    return this.#flow.senders.size
  }

  /** How many wait for an item. */
  get receiversWaiting(): number {
    return this.#flow.receivers.size
  }

  /** Whether it takes no more items; some may still be there to be received. */
  get closed(): boolean {
    return this.#closed !== undefined
  }

  /**
   * Sends one item; waits while there is no room. When it resolves, the item was accepted: it lies
   * in the buffer or with its receiver. When it rejects, nobody gets the item. Every 4,096th send
   * lets the event loop go round.
   *
   * Rejects with ChannelClosedError if the channel is closed, before or while it waits; with the
   * signal's reason or TimeoutError if the wait was ended.
   * @throws OptionError
   */
  send(value: T, options?: WaitOptions): Promise<void> {
    if (options !== undefined) options = checkWait('send(value, …)', options)
    const over = givenUpBefore(options)
    if (over !== undefined) return Promise.reject(over.reason)
    if (this.#closed !== undefined) return Promise.reject(this.#closedFor('send'))
    if (!this.#flow.accept(value))
      return this.#enlist<void>(this.#flow.senders, `room in ${this.name}`, value, options).parked.promise
    this.#sends += 1
    return this.#sends % sendsPerTurn === 0 ? runtime().yieldToLoop() : sent
  }

  /**
   * Sends one item if that is possible without waiting; says whether it was.
   * @throws ChannelClosedError
   */
  trySend(value: T): boolean {
    if (this.#closed !== undefined) throw this.#closedFor('send')
    return this.#flow.accept(value)
  }

  /** Throws SyncUseError: this thread must not block. A sender lent to a thread may. */
  sendSync(_value: T, _options?: SyncWaitOptions): void {
    refuseHere('sendSync(…)', this.name)
  }

  /**
   * Receives one item; waits while there is none. When it rejects, no item was taken.
   *
   * Rejects with ChannelClosedError once the channel is closed and all was received, or with the
   * error that it was closed with; with the signal's reason or TimeoutError if the wait was ended.
   * @throws OptionError
   */
  receive(options?: WaitOptions): Promise<T> {
    if (options !== undefined) options = checkWait('receive(…)', options)
    const over = givenUpBefore(options)
    if (over !== undefined) return Promise.reject(over.reason)
    if (this.#flow.ready) return Promise.resolve(this.#take())
    if (this.#ended) return Promise.reject(endError(this.name, this.failure))
    const { parked } = this.#enlist<T | typeof end>(
      this.#flow.receivers,
      `an item of ${this.name}`,
      undefined,
      options,
    )
    return parked.promise.then(item => {
      if (item === end) throw endError(this.name, this.failure)
      return item
    })
  }

  /**
   * Receives one item if there is one; undefined if one would have to wait: for an item, or for
   * what is with a receiver on loan.
   * @throws ChannelClosedError, or the error that the channel was closed with, if no item will come
   */
  tryReceive(): { readonly value: T } | undefined {
    if (this.#flow.ready) return { value: this.#take() }
    if (this.#ended) throw endError(this.name, this.failure)
    return undefined
  }

  /** Throws SyncUseError: this thread must not block. A receiver lent to a thread may. */
  receiveSync(_options?: SyncWaitOptions): T {
    return refuseHere('receiveSync()', this.name)
  }

  /**
   * Yields items as they come, until the channel has ended; throws if it was closed with an error,
   * once all before it was received. Several loops share the items. Leaving the loop leaves the
   * channel as it is. `timeoutMs` is the longest wait for one item.
   * @throws OptionError
   */
  values(options?: WaitOptions): AsyncIterableIterator<T, undefined> {
    if (options !== undefined) options = checkWait('values(…)', options)
    return new Items<T>(leaving => this.#next(options, leaving))
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return this.values()
  }

  /** For `select`: sends `value` if it is chosen, then calls `then`. */
  sending<const V extends T, R = void>(value: V, then?: () => R): SelectCase<R> {
    return {
      attempt: () => (this.trySend(value) ? { value: undefined } : undefined),
      enlist: (selection: Selection, at: number) => selection.enlist(this.#flow.senders, value, at),
      conclude: () => then?.() as R,
    }
  }

  /** For `select`: receives an item and calls `then` with it; `ended` if the channel has ended. */
  receiving<R = T, E = never>(
    then: (value: T) => R = item => item as unknown as R,
    ended?: () => E,
  ): SelectCase<R | E> {
    return {
      attempt: () => {
        if (this.#flow.ready) return { value: this.#take() }
        if (!this.#ended) return undefined
        if (this.failure !== undefined) throw this.failure
        return { value: end }
      },
      enlist: (selection: Selection, at: number) => selection.enlist(this.#flow.receivers, undefined, at),
      conclude: value => {
        if (value !== end) return then(value as T)
        if (ended === undefined) throw endError(this.name, this.failure)
        return ended()
      },
    }
  }

  /**
   * Takes no more items. Waiting senders get a ChannelClosedError and keep their items. Accepted
   * items can still be received; after them, receivers learn of the end, or get `error` thrown.
   * Only the first close has an effect.
   */
  close(error?: Error): void {
    if (error !== undefined && !isError(error))
      throw new OptionError(
        `close(error) takes an Error, as new Error('…'), or nothing; it got ${typeof error}.`,
      )
    if (this.#closed === undefined) this.#end(error)
  }

  /**
   * Ends the channel at once and drops what was not received. Waiting and later calls get a
   * ChannelClosedError with `reason` as its cause.
   */
  cancel(reason?: unknown): void {
    if (this.#ended) return
    this.#flow.clear()
    this.#away?.drop()
    const error = new ChannelClosedError(
      `${this.name} was cancelled: its receivers want no more.`,
      reason === undefined ? undefined : { cause: reason },
    )
    this.#end(error, true)
  }

  /**
   * Waits until the buffer is empty, no sender waits, and receivers on loan have taken all that
   * they were sent.
   */
  async drained(options?: WaitOptions): Promise<void> {
    if (options !== undefined) options = checkWait('drained(…)', options)
    const over = givenUpBefore(options)
    if (over !== undefined) throw over.reason
    this.away.await()
    if (!this.#flow.ready && !this.#away?.some) return
    const reason = `the last item of ${this.name} to be received`
    await this.#enlist<void>(this.#drained, reason, undefined, options).parked.promise
  }

  /** Returns items that could not be delivered elsewhere: first in line, whatever the capacity. */
  putBack(items: readonly T[]): void {
    this.#flow.putBack(items)
  }

  /** For the far end: waits for the next item, or for `end`. There must be none now. */
  standToReceive(waiter: Waiter<T>): void {
    this.#flow.receivers.push(waiter)
  }

  /** For the far end: waits for room for its item. `trySend` must have refused it. */
  standToSend(waiter: Waiter<T>): void {
    this.#flow.senders.push(waiter)
  }

  /** Tells a carrier when the channel is closed, until the function that it returns is called. */
  watch(watcher: ChannelWatcher<T>): () => void {
    this.#watchers ??= new Set()
    this.#watchers.add(watcher)
    return () => void this.#watchers?.delete(watcher)
  }

  get [Symbol.toStringTag](): string {
    return 'Channel'
  }

  /** Whether no item will come any more. */
  get #ended(): boolean {
    return this.#closed !== undefined && !this.#away?.some && !this.#flow.ready
  }

  /** The oldest item; there must be one. The sender who waits longest gets the room. */
  #take(): T {
    const item = this.#flow.take()
    if (this.#drained.head !== undefined) this.#settle()
    return item
  }

  #next(options: WaitOptions | undefined, leaving: Leaving): Promise<IteratorResult<T, undefined>> {
    const over = givenUpBefore(options)
    if (over !== undefined) return Promise.reject(over.reason)
    if (this.#flow.ready) return Promise.resolve({ done: false, value: this.#take() })
    if (this.#ended) return this.failure === undefined ? Promise.resolve(done) : Promise.reject(this.failure)
    const waiting = this.#enlist<T | typeof end>(
      this.#flow.receivers,
      `an item of ${this.name}`,
      undefined,
      options,
    )
    const { waiter } = waiting
    if (waiter === undefined) return waiting.parked.promise as Promise<never> // Given up at once.
    leaving.add(waiter)
    return waiting.parked.promise.then(
      item => {
        leaving.delete(waiter)
        return item === end ? done : { done: false, value: item }
      },
      error => {
        leaving.delete(waiter)
        throw error
      },
    )
  }

  #enlist<W>(
    line: Line<T>,
    reason: string,
    item: T | undefined,
    options: WaitOptions | undefined,
  ): { readonly parked: Parked<W>; readonly waiter: Waiter<T> | undefined } {
    let waiter: Waiter<T> | undefined
    const parked = park<W>(reason, this, {
      signal: options?.signal,
      timeoutMs: options?.timeoutMs,
      onGivenUp: () => waiter?.line?.remove(waiter),
    })
    if (parked.state === 'waiting') {
      waiter = new Waiter<T>(parked, item)
      line.push(waiter)
    }
    return { parked, waiter }
  }

  #end(error: Error | undefined, dropped = false): void {
    const { senders } = this.#flow
    const arriving = [...(this.#watchers ?? [])].flatMap(watcher => watcher.arriving())
    if (!dropped) this.#flow.append(arriving)
    this.#closed = { error, dropped }
    while (senders.head !== undefined) senders.head.fail(this.#closedFor('send'))
    this.#settle()
    for (const watcher of [...(this.#watchers ?? [])]) watcher.closed(error, dropped)
  }

  /** Tells the end, and that nothing is left, to those who wait for it, once that is so. */
  #settle(): void {
    if (this.#away?.some || this.#flow.ready) return
    const { receivers } = this.#flow
    while (this.#ended && receivers.head !== undefined) {
      if (this.failure === undefined) receivers.head.wake(end)
      else receivers.head.fail(this.failure)
    }
    while (!this.#flow.ready && this.#drained.head !== undefined) this.#drained.head.wake(undefined)
  }

  #closedFor(what: string): ChannelClosedError {
    return refusedError(this.name, what, this.#closed)
  }
}

/** Why a wait is over before it begins: its signal has aborted, or its strand was cancelled. */
function givenUpBefore(options: WaitOptions | undefined): { readonly reason: unknown } | undefined {
  return options?.signal?.aborted ? options.signal : stoppedStrand()
}
