/**
 * A queue of small records between two threads, on shared memory: one side writes, the other reads.
 *
 *     words: head (reader) · tail (writer) · asleep (reader)          bytes: [length | record …] [length | record …] …
 *
 *     writer                                              reader
 *     write the record                                    while head ≠ tail: read the record, advance head
 *     store tail             ── pairs with ──▶            load tail
 *     exchange asleep by 0   ◀── pairs with ──            store asleep 1, then look at tail once more
 *       was 1: ring the bell                                empty: wait for the bell
 *
 * The reader says that it sleeps before it looks for the last time, and the writer asks after it has written: one of them
 * sees the other, so no record is left lying. It must be an exchange: a load and a store would lose a bell.
 *
 * A full ring refuses (`tryWrite` returns false); the writer then takes its slow way, or keeps the record for later.
 */
import { exchange, load, store } from '../../runtime/atomics.ts'
import { CompactReader, CompactWriter } from '../compact.ts'

/** Memory of one ring; both sides are given the same. */
export interface RingMemory {
  readonly words: Int32Array
  readonly bytes: Uint8Array
}

const headAt = 0
const tailAt = 1
const asleepAt = 2
const lengthBytes = 4
/** In place of a length: the rest up to the end of the memory is not used. */
const skip = -1
/** The longest record, its length included. */
const largestRecordBytes = 2_048

/** Memory for a ring of `capacityBytes`, a power of two. */
export function ringMemory(capacityBytes: number): RingMemory {
  const memory = new SharedArrayBuffer(16 + capacityBytes)
  return { words: new Int32Array(memory, 0, 4), bytes: new Uint8Array(memory, 16) }
}

export class RingWriter {
  readonly #words: Int32Array
  readonly #view: DataView
  readonly #capacity: number
  readonly #writer: CompactWriter
  /** Runs on and on; the place in memory is the remainder. Written by this side only. */
  #tail: number

  constructor({ words, bytes }: RingMemory) {
    this.#words = words
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#capacity = bytes.length
    this.#writer = new CompactWriter(bytes)
    this.#tail = load(words, tailAt)
  }

  /** Lets `write` write one record and publishes it; false if less than `reserveBytes` would be left, or `write` returns false. */
  tryWrite<A, B, C>(
    write: (to: CompactWriter, a: A, b: B, c: C) => boolean,
    reserveBytes: number,
    a: A,
    b: B,
    c: C,
  ): boolean {
    const written = this.tryAppend(write, reserveBytes, a, b, c)
    this.publish()
    return written
  }

  /** Lets the reader see all that was appended. */
  publish(): void {
    store(this.#words, tailAt, this.#tail)
  }

  /** The same as `tryWrite`, but the reader sees the record only once it is published: many cost one access then. */
  tryAppend<A, B, C>(
    write: (to: CompactWriter, a: A, b: B, c: C) => boolean,
    reserveBytes: number,
    a: A,
    b: B,
    c: C,
  ): boolean {
    const mask = this.#capacity - 1
    let at = this.#tail & mask
    const free = this.#capacity - reserveBytes - ((this.#tail - load(this.#words, headAt)) | 0)
    const toEnd = this.#capacity - at
    if (toEnd < largestRecordBytes) {
      if (free < toEnd + largestRecordBytes) return false
      this.#view.setInt32(at, skip, true)
      this.#tail = (this.#tail + toEnd) | 0
      at = 0
    } else if (free < largestRecordBytes) return false
    this.#writer.begin(at + lengthBytes, at + largestRecordBytes)
    if (!write(this.#writer, a, b, c)) return false // An end that was skipped stays skipped.
    const recordBytes = (this.#writer.at - at + 3) & ~3
    this.#view.setInt32(at, recordBytes, true)
    this.#tail = (this.#tail + recordBytes) | 0
    return true
  }

  /** Whether the reader sleeps and must be woken; it is taken to be awake from then on. */
  mustRing(): boolean {
    return exchange(this.#words, asleepAt, 0) === 1
  }
}

/** What stands in the ring is no record. */
export class NoRecord extends RangeError {}

export class RingReader {
  readonly #words: Int32Array
  readonly #view: DataView
  readonly #capacity: number
  readonly #reader: CompactReader
  #head: number

  constructor({ words, bytes }: RingMemory) {
    this.#words = words
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#capacity = bytes.length
    this.#reader = new CompactReader(bytes)
    this.#head = load(words, headAt)
  }

  /**
   * Lets `read` read the next record, which is gone then; undefined if there is none.
   * @throws NoRecord if what is there is no record: somebody else has written into the memory
   */
  next<T>(read: (from: CompactReader) => T): T | undefined {
    const mask = this.#capacity - 1
    while (this.#head !== load(this.#words, tailAt)) {
      const at = this.#head & mask
      const recordBytes = this.#view.getInt32(at, true)
      if (recordBytes === skip) {
        this.#head = (this.#head + this.#capacity - at) | 0
        continue
      }
      if (recordBytes <= 0 || recordBytes > largestRecordBytes || (recordBytes & 3) !== 0) {
        throw new NoRecord(`a record of ${recordBytes} bytes`)
      }
      this.#reader.begin(at + lengthBytes)
      const value = read(this.#reader)
      this.#head = (this.#head + recordBytes) | 0
      store(this.#words, headAt, this.#head) // The writer may use the place again.
      return value
    }
    return undefined
  }

  /** Whether a record waits to be read. */
  get waiting(): boolean {
    return load(this.#words, tailAt) !== this.#head
  }

  /** Says that this side sleeps; true if it may, false if a record has come meanwhile. */
  trySleep(): boolean {
    store(this.#words, asleepAt, 1)
    if (load(this.#words, tailAt) === this.#head) return true
    store(this.#words, asleepAt, 0)
    return false
  }
}
