/**
 * A transport between two threads: a MessagePort, and beside it a ring on shared memory for each direction.
 *
 *     small and plain ─▶ record in the ring ────────────────────────────┐
 *     other calls     ─▶ message on the port, and a marker in the ring, ┴▶ the other side reads the ring in order,
 *                        so that calls keep their order                     and takes a marked call from the port
 *     shared memory   ─▶ its number in a record; posted with it when it goes with a call for the second time (memories.ts)
 *     anything else   ─▶ message on the port
 *     the reader sleeps ─▶ the bell: an empty message on the port
 *
 * A record can be seen by the other side as soon as it is written, whatever this thread does next. That is what makes it
 * safe to have several calls in one worker's hands: what it has answered before it died or froze is never lost.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { patienceMs } from '../../policy.ts'
import { pause } from '../../runtime/atomics.ts'
import { runtime, type Timer } from '../../runtime/runtime.ts'
import type { CompactReader } from '../compact/reader.ts'
import type { CompactWriter } from '../compact/writer.ts'
import type { RunMessage } from '../messages.ts'
import type { PlainStores } from '../propagation.ts'
import { withBulkCopied } from './bulk.ts'
import { forgetting, isMemoryLesson, LearntMemories, TaughtMemories } from './memories.ts'
import { callOf, isPostedCall, type PostedCall, postedCall } from './posted-call.ts'
import { NoRecord, type RingMemory, RingReader, RingWriter, ringMemory } from './ring.ts'
import type { Receiver, Transfer, Transport } from './transport.ts'

/** The memory that both sides of a connection share. */
export interface SharedRings {
  readonly toWorker: RingMemory
  readonly fromWorker: RingMemory
}

const ringBytes = 65_536
/** Kept free for markers: most find room though the ring is full. */
const markerReserveBytes = 16_384
/** After so many records the loop gets its turn, so that a busy worker does not starve this thread's timers. */
const recordsPerTurn = 2_048
/** The size of a result that is a small number. */
const resultBytes = 24
/** How long a number of memory that is gone is kept at least while the other side may still read it. */
const unreadMs = 100
/** While it spins, a side looks so often into the ring for each time it looks at the clock: about a microsecond. */
const looksPerClock = 16

const bell = 0
const inline = 1
const marked = 2
const result = 3
const inlineWithStores = 4

export function sharedRings(): SharedRings {
  return { toWorker: ringMemory(ringBytes), fromWorker: ringMemory(ringBytes) }
}

/** What is needed of a MessagePort; one end of a loopback (loopback.ts) has it too. */
export interface Port {
  postMessage(message: unknown, transfer?: Transfer): void
  on(event: 'message', heard: (message: unknown) => void): unknown
  on(event: 'messageerror', heard: (error: Error) => void): unknown
  on(event: 'close', heard: () => void): unknown
  ref(): void
  unref(): void
  close(): void
  /** Takes the next message out, ahead of its event; only of a port that is not the platform's. */
  receive?(): { readonly message: unknown } | undefined
}

/** Wraps one end of a MessageChannel; `outgoing` and `incoming` are swapped on the other end. */
export function portTransport(
  port: Port,
  receiver: Receiver,
  outgoing: RingMemory,
  incoming: RingMemory,
): PortTransport {
  return new PortTransport(port, receiver, outgoing, incoming)
}

export class PortTransport implements Transport {
  readonly #port: Port
  readonly #receiver: Receiver
  readonly #writer: RingWriter
  readonly #reader: RingReader
  /** Calls that came on the port before their marker was read. */
  readonly #early: PostedCall[] = []
  /** Memory that calls from the other side name by its number. */
  readonly #learnt = new LearntMemories()
  #closed = false
  /** The ring holds what no record is; nothing of it is read any more. */
  #broken = false
  /** A call of the fast lane found no room. */
  #full = false
  /** Calls were written that the other side does not see yet. */
  #unpublished = false
  /** Results were written for which the other side may not have been woken. */
  #unrung = false
  #impatience: Timer | undefined
  /** Calls that were posted and whose markers found no room; what comes after them must be posted too. */
  readonly #owed: number[] = []
  #paying: Timer | undefined

  constructor(port: Port, receiver: Receiver, outgoing: RingMemory, incoming: RingMemory) {
    this.#port = port
    this.#receiver = receiver
    const sendsCalls = receiver.awake === undefined
    const taught = new TaughtMemories(
      lesson => port.postMessage(lesson),
      number => this.#forget(number),
    )
    this.#writer = new RingWriter(outgoing, sendsCalls ? taught : undefined)
    this.#reader = new RingReader(incoming, { get: number => this.#memory(number) })
    port.on('message', message => this.#arrived(message))
    port.on('messageerror', error => receiver.garbled(`a message that can't be read (${error.message})`))
    port.on('close', () => {
      this.#closed = true
      receiver.closed()
    })
  }

  send(message: unknown, transfer: Transfer = []): void {
    const bulk = transfer.length === 0 ? withBulkCopied(message) : undefined
    this.#port.postMessage(bulk?.message ?? message, bulk?.transfer ?? transfer)
  }

  /**
   * Sends a call that the fast lane does not take. The other side looks for it with `deliver`. In a message of its own: in one
   * message, two calls with the same object would be given one copy of it.
   */
  sendCall(call: RunMessage, transfer: Transfer = []): void {
    const bulk = transfer.length === 0 ? withBulkCopied(call) : undefined
    this.#port.postMessage(
      postedCall((bulk?.message as RunMessage | undefined) ?? call),
      bulk?.transfer ?? transfer,
    )
    // It is tempting to let the message be its own bell: but that is no faster, whatever its size.
    if (this.#owed.length === 0 && this.#tryMark(call.seq)) return
    this.#owed.push(call.seq)
    this.#payMarkers()
  }

  tryRun(seq: number, ref: number, args: readonly unknown[], stores?: PlainStores): boolean {
    if (this.#owed.length > 0) return false
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

  /** Whether a call has found no room on the fast lane, and more had better wait until half of it is free again. */
  get congested(): boolean {
    if (this.#full) this.#full = !this.#writer.hasRoom(ringBytes / 2)
    return this.#full
  }

  deliver(): void {
    if (this.#owed.length > 0) this.#payMarkers()
    if (this.#unpublished) this.#writer.publish()
    else if (!this.#unrung) return
    this.#unpublished = false
    this.#unrung = false
    this.#ring()
  }

  tryDone(seq: number, workMs: number, value: unknown, more: boolean): boolean {
    if (!this.#writer.tryWrite(writeDone, 0, seq, workMs, value)) return false
    this.#unrung = more
    this.#ring(more)
    return true
  }

  drain(): void {
    this.#readRing(Number.POSITIVE_INFINITY)
    for (let next = receiveOn(this.#port); next !== undefined; next = receiveOn(this.#port))
      this.#take(next.message)
    this.#readRing(Number.POSITIVE_INFINITY)
  }

  /** Reads what the ring holds, then says that this side sleeps; the bell wakes it, or the end of its patience. */
  listen(patient = true): void {
    this.#impatience?.cancel()
    this.#impatience = undefined
    let patience: number
    do {
      if (this.#readRing(recordsPerTurn) === recordsPerTurn)
        return void runtime()
          .yieldToLoop()
          .then(() => this.#closed || this.listen())
      patience = (patient && this.#receiver.patience?.()) || 0
    } while (!this.#broken && !this.#reader.trySleep(patience * resultBytes))
    if (patience === 0) return
    this.#impatience = runtime().setTimer(patienceMs, () => this.listen(false))
    this.#impatience.unref()
  }

  /** Reads what the ring holds now; for a side that works the records off by itself. Returns how many there were. */
  poll(): number {
    return this.#readRing(recordsPerTurn)
  }

  /** Looks for records for up to `spinMs`, at the cost of a core meanwhile; returns how many were read. */
  spin(spinMs: number): number {
    if (spinMs === 0 || this.#broken) return 0
    const untilMs = runtime().now() + spinMs
    do {
      for (let look = 0; look < looksPerClock; look += 1) {
        if (this.#reader.waiting) return this.poll()
        pause()
      }
    } while (runtime().now() < untilMs)
    return 0
  }

  /** Says that this side sleeps; false if something has come meanwhile. */
  trySleep(): boolean {
    return this.#broken || this.#reader.trySleep()
  }

  ref(): void {
    this.#port.ref()
  }

  unref(): void {
    this.#port.unref()
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

  /** Writes the markers that are owed, as far as the ring has room; the rest soon: nobody may tell when there is some again. */
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

  #ring(more = false): void {
    if (this.#writer.mustRing(more)) this.#port.postMessage(bell)
  }

  #arrived(message: unknown): void {
    if (message === bell) return this.#receiver.awake === undefined ? this.listen() : this.#receiver.awake()
    // Results that were written before it come before it.
    if (this.#receiver.awake === undefined) this.#readRing(recordsPerTurn)
    this.#take(message)
  }

  #take(message: unknown): void {
    if (message === bell) return
    if (this.#receiver.awake === undefined) this.#receiver.message(message)
    else if (isPostedCall(message)) this.#early.push(message)
    else if (isMemoryLesson(message)) this.#learnt.learn(message)
    else this.#receiver.message(message)
  }

  /** The memory that a record names: it was posted before the record was written, so it is here. */
  #memory(number: number): SharedArrayBuffer {
    for (;;) {
      const memory = this.#learnt.get(number)
      if (memory !== undefined) return memory
      const next = receiveOn(this.#port)
      if (next === undefined) throw new RangeError(`There is no shared memory ${number}.`)
      this.#take(next.message)
    }
  }

  /** Records that name it may be left of calls that were taken back. */
  #forget(number: number): void {
    if (this.#closed) return
    if (this.#writer.isRead) this.#port.postMessage(forgetting(number))
    else
      runtime()
        .setTimer(unreadMs, () => this.#forget(number))
        .unref()
  }

  #readRing(most: number): number {
    let count = 0
    try {
      while (count < most && !this.#broken && this.#reader.next(this.#readRecord) === true) count += 1
    } catch (error) {
      if (!(error instanceof NoRecord)) throw error
      this.#broken = true
      this.#receiver.garbled(`a record that can't be read (${error.message})`)
    }
    return count
  }

  readonly #readRecord = (from: CompactReader): true => {
    const kind = from.byte()
    const seq = from.int32()
    if (kind === inline) this.#receiver.run(seq, from.int32(), readValue(from) as unknown[])
    else if (kind === result) this.#receiver.done(seq, from.float64(), readValue(from), this.#reader.more)
    else if (kind === inlineWithStores) this.#runWithStores(seq, from.int32(), readValue(from) as unknown[])
    else if (kind === marked) this.#deliverMarked(seq)
    else throw new NoRecord(`its kind is ${kind}`)
    return true
  }

  #runWithStores(seq: number, ref: number, [stores, ...args]: unknown[]): void {
    this.#receiver.run(seq, ref, args, stores as PlainStores)
  }

  /** Delivers the call that the marker stands for: it was posted before the marker was written, so it is here. */
  #deliverMarked(seq: number): void {
    for (;;) {
      const at = this.#early.findIndex(early => early[1] === seq)
      if (at >= 0) return this.#receiver.message(callOf(this.#early.splice(at, 1)[0] as PostedCall))
      const next = receiveOn(this.#port)
      if (next === undefined) throw new NoRecord('a marker without its call')
      this.#take(next.message)
    }
  }
}

function receiveOn(port: Port): { readonly message: unknown } | undefined {
  return port.receive === undefined ? receiveMessageOnPort(port as MessagePort) : port.receive()
}

function readValue(from: CompactReader): unknown {
  try {
    return from.value()
  } catch (error) {
    throw new NoRecord((error as Error).message)
  }
}

function writeRun(to: CompactWriter, seq: number, ref: number, args: readonly unknown[]): boolean {
  return writeCall(to, inline, seq, ref, args)
}

/** The stores are the first of the arguments. */
function writeRunWithStores(to: CompactWriter, seq: number, ref: number, all: readonly unknown[]): boolean {
  return writeCall(to, inlineWithStores, seq, ref, all)
}

function writeCall(
  to: CompactWriter,
  kind: number,
  seq: number,
  ref: number,
  args: readonly unknown[],
): boolean {
  to.byte(kind)
  to.int32(seq)
  to.int32(ref)
  return to.list(args)
}

function writeMarker(to: CompactWriter, seq: number): boolean {
  to.byte(marked)
  to.int32(seq)
  return true
}

function writeDone(to: CompactWriter, seq: number, workMs: number, value: unknown): boolean {
  to.byte(result)
  to.int32(seq)
  to.float64(workMs)
  return to.value(value)
}
