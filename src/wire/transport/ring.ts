/**
 * A queue of small records between two threads, on shared memory: one side writes, the other reads.
 *
 *     words: head (reader) · tail (writer) · asleep, wake at (reader)     bytes: [length | record …] [length | record …] …
 *
 *     writer                                              reader
 *     write the record                                    while head ≠ tail: read the record, advance head
 *     store tail             ── pairs with ──▶            load tail
 *     load asleep            ◀── pairs with ──            store asleep, then look at tail once more
 *       asleep: exchange it by awake, and ring the bell     empty: wait for the bell
 *
 * The reader says that it sleeps before it looks for the last time, and the writer asks after it
 * has written: one of them sees the other, so no record is left lying. Awake is written by an
 * exchange: by a store, a bell could be lost, or rung twice.
 *
 * A patient reader sleeps until the tail has come to `wake at`, or the writer has nothing more to
 * write for now. It must not rely on that alone: a writer can be held up between two records.
 *
 * A full ring refuses (`tryWrite` returns false); the writer then takes its slow way, or keeps the
 * record for later.
 */
import { exchange, load, store } from '../../runtime/atomics.ts'
import { CompactReader, type KnownMemories } from '../compact/reader.ts'
import { CompactWriter, type NumberedMemories } from '../compact/writer.ts'

/** Memory of one ring; both sides are given the same. */
export interface RingMemory {
  readonly words: Int32Array
  readonly bytes: Uint8Array
}

/**
 * Each word has a cache line of its own: a line that both sides write would travel with each
 * record.
 */
const cacheLineBytes = 64
const headAt = 0
const tailAt = cacheLineBytes / 4
const asleepAt = 2 * tailAt
const wakeAtAt = 3 * tailAt
const wordsBytes = 4 * cacheLineBytes
/** What stands in `asleep`. */
const awake = 0
const asleep = 1
const patient = 2
const lengthBytes = 4
/** In place of a length: the rest up to the end of the memory is not used. */
const skip = -1
/**
 * So much is read before the writer may use it again: each time costs the two threads a cache line.
 */
const givenBackBytes = 2_048
/** The longest record, its length included. */
const largestRecordBytes = 2_048

/**
 * Memory for a ring of `capacityBytes`, a power of two; `startAt` is for tests, which can't wait
 * until the counters overflow.
 */
export function ringMemory(capacityBytes: number, startAt = 0): RingMemory {
  const memory = new SharedArrayBuffer(wordsBytes + capacityBytes)
  const words = new Int32Array(memory, 0, wordsBytes / 4)
  words[headAt] = startAt
  words[tailAt] = startAt
  return { words, bytes: new Uint8Array(memory, wordsBytes) }
}

export class RingWriter {
  readonly #words: Int32Array
  readonly #view: DataView
  readonly #capacity: number
  readonly #writer: CompactWriter
  /** Runs on and on; the place in memory is the remainder. Written by this side only. */
  #tail: number

  constructor({ words, bytes }: RingMemory, memories?: NumberedMemories) {
    this.#words = words
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#capacity = bytes.length
    this.#writer = new CompactWriter(bytes, memories)
    this.#tail = load(words, tailAt)
  }

  /**
   * Lets `write` write one record and publishes it; false if less than `reserveBytes` would be
   * left, or `write` returns false.
   */
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

  /**
   * The same as `tryWrite`, but the reader sees the record only once it is published: many cost one
   * access then.
   */
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
    const isWritten = write(this.#writer, a, b, c)
    this.#writer.release()
    if (!isWritten) return false // An end that was skipped stays skipped.
    const recordBytes = (this.#writer.at - at + 3) & ~3
    this.#view.setInt32(at, recordBytes, true)
    this.#tail = (this.#tail + recordBytes) | 0
    return true
  }

  /** Whether the reader has read all that it was shown. */
  get isRead(): boolean {
    return load(this.#words, headAt) === load(this.#words, tailAt)
  }

  /** Whether records of any size would find room, and `reserveBytes` be left. */
  hasRoom(reserveBytes: number): boolean {
    const used = (this.#tail - load(this.#words, headAt)) | 0
    return this.#capacity - reserveBytes - used >= 2 * largestRecordBytes // The rest up to the end may be skipped.
  }

  /**
   * Whether the reader sleeps and must be woken; it is taken to be awake from then on. With `more`,
   * other records are to follow soon: then a patient reader is left asleep until it has as many as
   * it wants.
   */
  mustRing(more = false): boolean {
    const reader = load(this.#words, asleepAt)
    if (reader === awake) return false
    if (reader === patient && more && ((this.#tail - load(this.#words, wakeAtAt)) | 0) < 0) return false
    return exchange(this.#words, asleepAt, awake) !== awake
  }
}

/** What stands in the ring is not a record. */
export class NoRecord extends RangeError {}

export class RingReader {
  readonly #words: Int32Array
  readonly #view: DataView
  readonly #capacity: number
  readonly #reader: CompactReader
  #head: number
  /** What the writer was told of the head: a place is given back with its neighbours. */
  #givenBack: number
  /** The tail as it was last looked at: up to there are records. */
  #seen: number

  constructor({ words, bytes }: RingMemory, memories?: KnownMemories) {
    this.#words = words
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#capacity = bytes.length
    this.#reader = new CompactReader(bytes, memories)
    this.#head = load(words, headAt)
    this.#givenBack = this.#head
    this.#seen = this.#head
  }

  /** Whether more records are known to be here; there may be more than that. */
  get more(): boolean {
    return this.#seen !== this.#head
  }

  /**
   * Lets `read` read the next record, which is gone then; undefined if there is none.
   * @throws NoRecord if what is there is no record: somebody else has written into the memory
   */
  next<T>(read: (from: CompactReader) => T): T | undefined {
    const mask = this.#capacity - 1
    for (;;) {
      if (this.#head === this.#seen) {
        this.#seen = load(this.#words, tailAt)
        if (this.#head === this.#seen) break
      }
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
      this.#head = (this.#head + recordBytes) | 0
      const value = read(this.#reader)
      if (((this.#head - this.#givenBack) | 0) >= givenBackBytes) this.#giveBack()
      return value
    }
    this.#giveBack()
    return undefined
  }

  /** Lets the writer use the places again of what was read. */
  #giveBack(): void {
    if (this.#head === this.#givenBack) return
    this.#givenBack = this.#head
    store(this.#words, headAt, this.#head)
  }

  /** Whether a record waits to be read. */
  get waiting(): boolean {
    return load(this.#words, tailAt) !== this.#head
  }

  /** Says that this side is awake again, by itself; false if the writer has rung for it. */
  tryWake(): boolean {
    return exchange(this.#words, asleepAt, awake) !== awake
  }

  /**
   * Says that this side sleeps; true if it may, false if a record has come meanwhile. With
   * `patienceBytes`, it is not woken before so much is there, while the writer has more to write.
   */
  trySleep(patienceBytes = 0): boolean {
    if (patienceBytes > 0) store(this.#words, wakeAtAt, (this.#head + patienceBytes) | 0)
    store(this.#words, asleepAt, patienceBytes > 0 ? patient : asleep)
    if (load(this.#words, tailAt) === this.#head) return true
    store(this.#words, asleepAt, awake)
    return false
  }
}
