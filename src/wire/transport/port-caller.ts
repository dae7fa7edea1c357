/** The caller's end of a connection between two threads: port.ts. */
import { patienceMs } from '../../policy.ts'
import { runtime, type Timer } from '../../runtime/runtime.ts'
import type { CompactReader } from '../compact/reader.ts'
import type { RunMessage } from '../messages.ts'
import type { PlainStores } from '../propagation.ts'
import { withBulkCopied } from './bulk.ts'
import { clocked } from './clocked-port.ts'
import { forgetting, TaughtMemories } from './memories.ts'
import {
  bell,
  farewell,
  hear,
  type Port,
  receiveOn,
  recordsPerTurn,
  ringBytes,
  type SharedRings,
} from './port.ts'
import {
  readRing,
  readValue,
  result,
  resultBytes,
  writeMarker,
  writeRun,
  writeRunWithStores,
} from './port-records.ts'
import { postedCall } from './posted-call.ts'
import { NoRecord, RingReader, RingWriter } from './ring.ts'
import type { CallerEar, CallerEnd, Transfer } from './transport.ts'

/** Kept free for markers: most find room though the ring is full. */
const markerReserveBytes = 16_384
/**
 * How long a number of memory that is gone is kept at least while the other side may still read it.
 */
const unreadMs = 100

export interface PortCallerEar extends CallerEar {
  /** How many results are worth being woken for once; 0 for the first that comes. */
  patience(): number
}

export class PortCaller implements CallerEnd {
  readonly #port: Port
  readonly #ear: PortCallerEar
  readonly #writer: RingWriter
  readonly #reader: RingReader
  /** Nothing travels in the ring but markers: what does has no clock. */
  readonly #withoutLane: boolean
  #closed = false
  /** The ring holds what no record is; nothing of it is read any more. */
  #broken = false
  /** A call of the fast lane found no room. */
  #full = false
  /** Calls were written that the other side does not see yet. */
  #unpublished = false
  #impatience: Timer | undefined
  /**
   * Calls that were posted and whose markers found no room; what comes after them must be posted
   * too.
   */
  readonly #owed: number[] = []
  #paying: Timer | undefined

  constructor(port: Port, ear: PortCallerEar, { toWorker, fromWorker }: SharedRings) {
    this.#port = clocked(port)
    this.#withoutLane = this.#port !== port
    this.#ear = ear
    const taught = new TaughtMemories(
      lesson => this.#port.postMessage(lesson),
      number => this.#forget(number),
    )
    this.#writer = new RingWriter(toWorker, taught)
    this.#reader = new RingReader(fromWorker)
    hear(this.#port, 'message', message => this.#arrived(message))
    hear(this.#port, 'messageerror', error => ear.garbled(`a message that can't be read (${error.message})`))
    hear(this.#port, 'close', () => {
      this.#closed = true
    })
  }

  send(message: unknown, transfer: Transfer = []): void {
    const bulk = transfer.length === 0 ? withBulkCopied(message) : undefined
    this.#port.postMessage(bulk?.message ?? message, bulk?.transfer ?? transfer)
  }

  /**
   * Sends a call that the fast lane does not take; the other side looks for it with `flush`, if
   * not before. In a message of its own: in one message, two calls with the same object would be
   * given one copy of it.
   */
  sendCall(call: RunMessage, transfer: Transfer = []): void {
    const bulk = transfer.length === 0 ? withBulkCopied(call) : undefined
    const sent = (bulk?.message as RunMessage | undefined) ?? call
    const moved = bulk?.transfer ?? transfer
    if (this.#owed.length === 0 && !this.#unpublished && this.#writer.mustRing())
      return this.#postAsBell(sent, moved)
    this.#port.postMessage(postedCall(sent, false), moved)
    if (this.#owed.length === 0 && this.#tryMark(call.seq)) return
    this.#owed.push(call.seq)
    this.#payMarkers()
  }

  /**
   * The other side sleeps and has read all: the call's own message wakes it, ahead of all that
   * follows.
   */
  #postAsBell(call: RunMessage, transfer: Transfer): void {
    try {
      this.#port.postMessage(postedCall(call, true), transfer)
    } catch (error) {
      this.#port.postMessage(bell) // It is taken to be awake.
      throw error
    }
  }

  tryRun(seq: number, ref: number, args: readonly unknown[], stores?: PlainStores): boolean {
    if (this.#owed.length > 0 || this.#withoutLane) return false
    const isWritten =
      stores === undefined
        ? this.#writer.tryAppend(writeRun, markerReserveBytes, seq, ref, args)
        : this.#writer.tryAppend(writeRunWithStores, markerReserveBytes, seq, ref, [stores, ...args])
    if (isWritten) {
      this.#unpublished = true
      return true
    }
    this.#full = !this.#writer.hasRoom(markerReserveBytes)
    return false
  }

  /**
   * Whether a call has found no room on the fast lane, and more had better wait until half of it is
   * free again.
   */
  get congested(): boolean {
    if (this.#full) this.#full = !this.#writer.hasRoom(ringBytes / 2)
    return this.#full
  }

  /** Lets the calls on the fast lane leave: many together wake the other side once. */
  flush(): void {
    if (this.#owed.length > 0) this.#payMarkers()
    if (!this.#unpublished) return
    this.#unpublished = false
    this.#writer.publish()
    this.#ring()
  }

  /**
   * Reads at once all that has arrived and was not delivered yet; used when the other side has
   * died.
   */
  drain(): void {
    this.#readRing(Number.POSITIVE_INFINITY)
    for (let next = receiveOn(this.#port); next !== undefined; next = receiveOn(this.#port))
      this.#take(next.message)
    this.#readRing(Number.POSITIVE_INFINITY)
  }

  /**
   * Reads what the ring holds, then says that this side sleeps; the bell wakes it, or the end of
   * its patience.
   */
  listen(patient = true): void {
    this.#impatience?.cancel()
    this.#impatience = undefined
    let patience: number
    do {
      if (this.#readRing(recordsPerTurn) === recordsPerTurn)
        return void runtime()
          .yieldToLoop()
          .then(() => this.#closed || this.listen())
      patience = (patient && this.#ear.patience()) || 0
    } while (!this.#broken && !this.#reader.trySleep(patience * resultBytes))
    if (patience === 0) return
    this.#impatience = runtime().setTimer(patienceMs, () => this.listen(false))
    this.#impatience.unref()
  }

  ref(): void {
    this.#port.ref()
  }

  unref(): void {
    this.#port.unref()
  }

  /** Asks the worker to end; what it says until it has is heard. */
  sayFarewell(): void {
    this.#port.postMessage(farewell)
  }

  close(): void {
    this.#closed = true
    this.#impatience?.cancel()
    this.#paying?.cancel()
    this.#port.close()
  }

  #tryMark(seq: number): boolean {
    if (!this.#writer.tryAppend(writeMarker, 0, seq, 0, 0)) return false
    this.#unpublished = true
    return true
  }

  /**
   * Writes the owed markers, as far as the ring has room, and the rest soon: nothing tells when
   * there is room again.
   */
  #payMarkers(): void {
    let paid = 0
    while (paid < this.#owed.length && this.#tryMark(this.#owed[paid] as number)) paid += 1
    this.#owed.splice(0, paid)
    if (paid > 0) {
      this.#writer.publish()
      this.#ring()
    }
    this.#paying?.cancel()
    this.#paying = undefined
    if (this.#owed.length === 0 || this.#closed) return
    this.#paying = runtime().setTimer(patienceMs, () => this.#payMarkers())
    this.#paying.unref()
  }

  #ring(): void {
    if (this.#writer.mustRing()) this.#port.postMessage(bell)
  }

  #arrived(message: unknown): void {
    if (message === bell) return this.listen()
    this.#readRing(recordsPerTurn) // Results that were written before it come before it.
    this.#take(message)
  }

  #take(message: unknown): void {
    if (message !== bell) this.#ear.message(message)
  }

  /** Records of calls that were taken back may still name it. */
  #forget(number: number): void {
    if (this.#closed) return
    if (this.#writer.isRead) this.#port.postMessage(forgetting(number))
    else
      runtime()
        .setTimer(unreadMs, () => this.#forget(number))
        .unref()
  }

  #readRing(most: number): number {
    return this.#broken ? 0 : readRing(this.#reader, this.#read, most, this.#break)
  }

  readonly #read = (from: CompactReader): true => {
    const kind = from.byte()
    if (kind !== result) throw new NoRecord(`its kind is ${kind}`)
    this.#ear.done(from.int32(), from.float64(), readValue(from), this.#reader.more)
    return true
  }

  readonly #break = (what: string): void => {
    this.#broken = true
    this.#ear.garbled(what)
  }
}
