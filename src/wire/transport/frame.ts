/**
 * Frames on a byte stream.
 *
 *     frame = 0xa7 · kind (1 byte) · length of the body (4 bytes, big-endian) · check of these two (2 bytes) · body
 *     body  = a message in V8's serialization, or a call, result or count in the compact format
 *
 * The stream is a descriptor of the worker, and a task may write to it, as to any other. Bytes that
 * are not a head are noticed at the first wrong one, and never taken for the length of a frame that
 * does not come. Half a frame is noticed when the other side says that it has nothing left to send
 * (`expectWhole`).
 */
import { CompactReader } from '../compact/reader.ts'
import type { PlainStores } from '../propagation.ts'

export const kinds = { message: 0, run: 1, done: 2, taken: 3, runWithStores: 4 } as const

export const headBytes = 8
const kindAt = 1
const lengthAt = 2
const checkAt = 6
const mark = 0xa7

/** Writes the head of a frame, whose body has so many bytes, to the beginning of `frame`. */
export function writeHead(frame: Uint8Array, kind: number, bodyBytes: number): void {
  const check = checkOf(kind, bodyBytes)
  frame[0] = mark
  frame[kindAt] = kind
  frame[lengthAt] = bodyBytes >>> 24
  frame[lengthAt + 1] = bodyBytes >>> 16
  frame[lengthAt + 2] = bodyBytes >>> 8
  frame[lengthAt + 3] = bodyBytes
  frame[checkAt] = check >>> 8
  frame[checkAt + 1] = check
}

function checkOf(kind: number, bodyBytes: number): number {
  return (
    (Math.imul(bodyBytes ^ (bodyBytes >>> 15), 0x9e3779b1) >>> 16) ^ (Math.imul(kind + 1, 0x5bd1) & 0xffff)
  )
}

let v8: typeof import('node:v8') | undefined

/** Fetched with the first message: a program without pipes has no need of it. */
export function serialization(): typeof import('node:v8') {
  v8 ??= process.getBuiltinModule('node:v8')
  return v8
}

/** Handles the contents of frames. A kind without a handler does not belong to that stream. */
export interface FrameEar {
  message(message: unknown): void
  run?(seq: number, ref: number, args: unknown[], stores?: PlainStores): void
  done?(seq: number, workMs: number, value: unknown, more: boolean): void
  taken?(link: number, count: number): void
  garbled(what: string): void
}

/**
 * Cuts the stream into frames and reads each; a length beyond the limit is refused before anything
 * is allocated.
 */
export class FrameReader {
  readonly #maxFrameBytes: number
  readonly #ear: FrameEar
  /** The bytes that have arrived and were not read yet: the beginning of one frame. */
  #parts: Buffer[] = []
  #held = 0
  /** How many bytes the frame that has begun needs, as far as that is known. */
  #needed = 1
  /** How many bytes have ever arrived, and how many had when half a frame was waited for. */
  #arrived = 0
  #waitedAt = -1
  #stopped = false

  constructor(maxFrameBytes: number, ear: FrameEar) {
    this.#maxFrameBytes = maxFrameBytes
    this.#ear = ear
  }

  push(part: Buffer): void {
    if (this.#stopped) return
    this.#parts.push(part)
    this.#held += part.length
    this.#arrived += part.length
    // A large frame comes in many parts; they are joined once, when it is whole.
    if (this.#held < this.#needed) return
    const bytes = this.#parts.length === 1 ? part : Buffer.concat(this.#parts, this.#held)
    const read = this.#readFrames(bytes)
    this.#parts = read === bytes.length || this.#stopped ? [] : [bytes.subarray(read)]
    this.#held = bytes.length - read
  }

  /**
   * The other side says that nothing more of a begun frame is on its way. That counts when it is
   * said twice and nothing has come in between: bytes that were sent before may be read after it.
   */
  expectWhole(): void {
    if (this.#stopped || this.#held === 0) return
    if (this.#waitedAt === this.#arrived) return this.#break('half a frame')
    this.#waitedAt = this.#arrived
  }

  /** Delivers nothing more, not even what has arrived. */
  stop(): void {
    this.#stopped = true
    this.#parts = []
  }

  /** Reads the whole frames at the head of `bytes`; returns how far it came. */
  #readFrames(bytes: Buffer): number {
    const compact = new CompactReader(bytes)
    let at = 0
    while (!this.#stopped) {
      this.#needed = this.#needs(bytes, at)
      if (this.#stopped || bytes.length - at < this.#needed) break
      this.#deliver(bytes, at, compact)
      at += this.#needed
    }
    return at
  }

  /**
   * How many bytes of the frame that begins at `at` must be here to go on: all of it, once its head
   * is here.
   */
  #needs(bytes: Buffer, at: number): number {
    const here = bytes.length - at
    if (here === 0) return 1
    if (here < headBytes && bytes[at] === mark) return headBytes
    const bodyBytes = here < headBytes ? 0 : bytes.readUInt32BE(at + lengthAt)
    if (
      bytes[at] !== mark ||
      bytes.readUInt16BE(at + checkAt) !== checkOf(bytes[at + kindAt] as number, bodyBytes)
    )
      this.#break('bytes that begin no frame')
    else if (bodyBytes > this.#maxFrameBytes) this.#break(`a frame of ${bodyBytes} bytes`)
    return headBytes + bodyBytes
  }

  #deliver(bytes: Buffer, at: number, compact: CompactReader): void {
    const body = at + headBytes
    const end = at + this.#needed
    const kind = bytes[at + kindAt]
    try {
      if (this.#hear(kind, compact, body, end, bytes)) return
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error
      return this.#break(`${end - body} bytes that are no value (${error.message})`)
    }
    this.#break(`a frame of kind ${kind}`)
  }

  /** False if nobody here hears that kind. */
  #hear(kind: number | undefined, compact: CompactReader, body: number, end: number, bytes: Buffer): boolean {
    const ear = this.#ear
    if (kind === kinds.message) ear.message(readMessage(bytes.subarray(body, end)))
    else if (kind === kinds.run && ear.run !== undefined) ear.run(...readCall(compact, body, end))
    else if (kind === kinds.runWithStores && ear.run !== undefined) {
      const [seq, ref, [stores, ...args]] = readCall(compact, body, end)
      ear.run(seq, ref, args, stores as PlainStores)
    } else if (kind === kinds.done && ear.done !== undefined) {
      const [seq, workMs, value] = readDone(compact, body, end)
      ear.done(seq, workMs, value, false)
    } else if (kind === kinds.taken && ear.taken !== undefined) ear.taken(...readTaken(compact, body, end))
    else return false
    return true
  }

  #break(what: string): void {
    this.stop()
    this.#ear.garbled(what)
  }
}

/** The bytes of a frame are not of its format. (Errors of the owner are not caught.) */
class Unreadable extends Error {}

function readCall(compact: CompactReader, body: number, end: number): [number, number, unknown[]] {
  const read = () => [compact.int32(), compact.int32(), compact.value()]
  return readCompact(compact, body, end, read) as [number, number, unknown[]]
}

function readDone(compact: CompactReader, body: number, end: number): [number, number, unknown] {
  const read = () => [compact.int32(), compact.float64(), compact.value()]
  return readCompact(compact, body, end, read) as [number, number, unknown]
}

function readTaken(compact: CompactReader, body: number, end: number): [number, number] {
  return readCompact(compact, body, end, () => [compact.int32(), compact.int32()]) as [number, number]
}

function readCompact(compact: CompactReader, body: number, end: number, read: () => unknown[]): unknown[] {
  try {
    compact.begin(body)
    const parts = read()
    if (compact.at !== end) throw new RangeError('They are more or fewer.')
    return parts
  } catch (error) {
    throw new Unreadable((error as Error).message)
  }
}

function readMessage(body: Buffer): unknown {
  try {
    const deserializer = new (serialization().Deserializer)(body)
    deserializer.readHeader()
    return deserializer.readValue()
  } catch (error) {
    throw new Unreadable((error as Error).message)
  }
}
