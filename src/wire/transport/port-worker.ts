/**
 * A worker's end of a connection between two threads: port.ts. It reads at its own pace: by `poll`,
 * or when it is `awake`.
 */
import { pause } from '../../runtime/atomics.ts'
import { runtime } from '../../runtime/runtime.ts'
import type { CompactReader } from '../compact/reader.ts'
import type { PlainStores } from '../propagation.ts'
import { clocked } from './clocked-port.ts'
import { isMemoryLesson, LearntMemories } from './memories.ts'
import { bell, farewell, hear, type Port, receiveOn, recordsPerTurn, type SharedRings } from './port.ts'
import { inline, inlineWithStores, marked, readRing, readValue, writeDone } from './port-records.ts'
import { callOf, isBell, isPostedCall, type PostedCall } from './posted-call.ts'
import { NoRecord, RingReader, RingWriter } from './ring.ts'
import type { Transfer, WorkerEar, WorkerEnd } from './transport.ts'

/**
 * While it spins, it looks so often into the ring for each time it looks at the clock: about a
 * microsecond.
 */
const looksPerClock = 16

export interface PortWorkerEar extends WorkerEar {
  /** Something waits to be read. */
  awake(): void
}

export class PortWorker implements WorkerEnd {
  readonly #port: Port
  readonly #ear: PortWorkerEar
  readonly #writer: RingWriter
  readonly #reader: RingReader
  /** Nothing travels in the ring: what does has no clock. */
  readonly #withoutLane: boolean
  /** Calls that came on the port before their marker was read. */
  readonly #early: PostedCall[] = []
  /** Memory that calls from the other side name by its number. */
  readonly #learnt = new LearntMemories()
  /** The ring holds what no record is; nothing of it is read any more. */
  #broken = false
  /** This side has said that it sleeps, and has heard no bell since. */
  #sleeps = false
  /** How many calls have come as a bell. */
  #bells = 0
  /** Results were written for which the other side may not have been woken. */
  #unrung = false

  constructor(port: Port, ear: PortWorkerEar, { toWorker, fromWorker }: SharedRings) {
    this.#port = clocked(port)
    this.#withoutLane = this.#port !== port
    this.#ear = ear
    this.#writer = new RingWriter(fromWorker)
    this.#reader = new RingReader(toWorker, { get: number => this.#memory(number) })
    hear(this.#port, 'message', message => this.#take(message))
    hear(this.#port, 'messageerror', error => ear.garbled(`a message that can't be read (${error.message})`))
    hear(this.#port, 'close', () => ear.closed())
  }

  send(message: unknown, transfer: Transfer = []): void {
    this.#port.postMessage(message, transfer)
  }

  tryDone(seq: number, workMs: number, value: unknown, more: boolean): boolean {
    if (this.#withoutLane || !this.#writer.tryWrite(writeDone, 0, seq, workMs, value)) return false
    this.#unrung = more
    this.#ring(more)
    return true
  }

  flush(): void {
    if (!this.#unrung) return
    this.#unrung = false
    this.#ring(false)
  }

  readMessages(): void {
    for (let next = receiveOn(this.#port); next !== undefined; next = receiveOn(this.#port))
      this.#take(next.message)
  }

  /**
   * Reads what the ring holds now. Returns how many records there were, and calls that came as a
   * bell.
   */
  poll(): number {
    const before = this.#bells
    return this.#isAwake() ? this.#readRing() + this.#bells - before : 0
  }

  /**
   * Looks for records for up to `spinMs`, at the cost of a core meanwhile; returns how many were
   * read.
   */
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
    if (this.#broken || this.#sleeps) return true
    this.#sleeps = this.#reader.trySleep()
    return this.#sleeps
  }

  close(): void {
    this.#port.close()
  }

  #ring(more: boolean): void {
    if (this.#writer.mustRing(more)) this.#port.postMessage(bell)
  }

  /**
   * Whether this side may read. If it wakes by itself though a bell was rung for it, it first hears
   * the bell, and only then reads what was written after that: the bell may be a call.
   */
  #isAwake(): boolean {
    if (!this.#sleeps) return true
    if (this.#reader.tryWake()) this.#sleeps = false
    while (this.#sleeps) {
      const next = receiveOn(this.#port)
      if (next === undefined) return false
      this.#take(next.message)
    }
    return true
  }

  #take(message: unknown): void {
    if (message === bell) {
      this.#sleeps = false
      this.#ear.awake()
    } else if (message === farewell) this.#ear.closed()
    else if (isPostedCall(message)) this.#takeCall(message)
    else if (isMemoryLesson(message)) this.#learnt.learn(message)
    else this.#ear.message(message)
  }

  #takeCall(call: PostedCall): void {
    if (!isBell(call)) return void this.#early.push(call)
    this.#sleeps = false
    this.#bells += 1
    this.#ear.message(callOf(call))
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

  #readRing(): number {
    return this.#broken ? 0 : readRing(this.#reader, this.#read, recordsPerTurn, this.#break)
  }

  readonly #read = (from: CompactReader): true => {
    const kind = from.byte()
    const seq = from.int32()
    if (kind === inline) this.#ear.run(seq, from.int32(), readValue(from) as unknown[])
    else if (kind === marked) this.#deliverMarked(seq)
    else if (kind === inlineWithStores) this.#runWithStores(seq, from.int32(), readValue(from) as unknown[])
    else throw new NoRecord(`its kind is ${kind}`)
    return true
  }

  readonly #break = (what: string): void => {
    this.#broken = true
    this.#ear.garbled(what)
  }

  #runWithStores(seq: number, ref: number, [stores, ...args]: unknown[]): void {
    this.#ear.run(seq, ref, args, stores as PlainStores)
  }

  /**
   * Delivers the call that the marker stands for: it was posted before the marker was written, so
   * it is here.
   */
  #deliverMarked(seq: number): void {
    for (;;) {
      const at = this.#early.findIndex(early => early[1] === seq)
      if (at >= 0) return this.#ear.message(callOf(this.#early.splice(at, 1)[0] as PostedCall))
      const next = receiveOn(this.#port)
      if (next === undefined) throw new NoRecord('a marker without its call')
      this.#take(next.message)
    }
  }
}
