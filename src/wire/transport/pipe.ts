/**
 * A transport on a byte stream: to a process of this machine.
 *
 * Frames, and how the stream is cut into them: frame.ts.
 *
 * V8's serializer copies what structured clone copies; a plain `v8.serialize` would treat buffers
 * in its own way. V8 does not promise safety for hostile bytes, so this transport is for own
 * children only, never for the network.
 *
 * The caller's side lets all frames of one turn leave in one write. A worker's side writes each
 * frame at once (`prompt`): when it begins the next call, the answer to the last one is out of its
 * hands, however it dies. So the first call without an answer is the one that it died of, and those
 * after it have not begun.
 *
 * Each direction has a socket of its own: a write to a process that has died breaks the socket that
 * it was made on, and what lay there unread would be lost.
 */
import type { Socket } from 'node:net'
import { PayloadTooLargeError } from '../../errors.ts'
import { sleepSync } from '../../runtime/atomics.ts'
import { runtime } from '../../runtime/runtime.ts'
import { CompactWriter } from '../compact/writer.ts'
import type { PlainStores } from '../propagation.ts'
import { type FrameEar, FrameReader, headBytes, kinds, serialization, writeHead } from './frame.ts'
import type { CallerEar, CallerEnd, WorkerEar, WorkerEnd } from './transport.ts'

const { writeSync } = process.getBuiltinModule('node:fs')

/** The longest frame in the compact format. */
const largestCompactBytes = 2_048
/**
 * What a message may have beside its payload: a batch of small values, each of them within the
 * limit.
 */
const besidePayloadBytes = 131_072
/** How long a write rests that must leave at once, while the system's buffer is full. */
const fullMs = 0.2

/** The longest frame, where so much may be in one payload. */
export function longestFrame(maxPayloadBytes: number): number {
  return maxPayloadBytes * 2 + besidePayloadBytes
}

export interface PipeOptions {
  /** Bounds what is sent and what is believed of the other side. */
  readonly maxFrameBytes: number
  /** Where messages go. Default: where they come from. */
  readonly to?: Socket
}

/** What both ends do: read frames, and make them. */
abstract class PipeEnd {
  readonly #from: Socket
  protected readonly to: Socket
  readonly #maxFrameBytes: number
  readonly #frames: FrameReader
  readonly #scratch = Buffer.allocUnsafeSlow(largestCompactBytes)
  readonly #compact = new CompactWriter(this.#scratch)

  constructor(from: Socket, ear: FrameEar & { closed(): void }, { maxFrameBytes, to = from }: PipeOptions) {
    this.#from = from
    this.to = to
    this.#maxFrameBytes = maxFrameBytes
    this.#frames = new FrameReader(maxFrameBytes, ear)
    from.on('data', chunk => this.#frames.push(chunk))
    // A broken pipe is followed by 'close', which says all there is to say.
    for (const socket of this.#sockets) socket.on('error', () => {})
    from.on('close', () => ear.closed())
  }

  send(value: unknown): void {
    this.write(encodeMessage(value, this.#maxFrameBytes))
  }

  /**
   * The other side says that it has no part of a frame left to send: one that lies here in part
   * will never be whole.
   */
  expectWhole(): void {
    this.#frames.expectWhole()
  }

  ref(): void {
    for (const socket of this.#sockets) socket.ref()
  }

  unref(): void {
    for (const socket of this.#sockets) socket.unref()
  }

  close(): void {
    this.#frames.stop()
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Lets a frame leave. */
  protected abstract write(frame: Buffer): void

  /** Begins a compact frame with the number of what it is about. */
  protected begin(number: number): CompactWriter {
    this.#compact.begin(headBytes, largestCompactBytes)
    this.#compact.int32(number)
    return this.#compact
  }

  /** The frame that was begun, until the next one is. */
  protected framed(kind: number): Buffer {
    const { at } = this.#compact
    this.#compact.release()
    writeHead(this.#scratch, kind, at - headBytes)
    return this.#scratch.subarray(0, at)
  }

  /** Forgets the frame that was begun: it does not fit. */
  protected refuse(): false {
    this.#compact.release()
    return false
  }

  get #sockets(): readonly Socket[] {
    return this.to === this.#from ? [this.#from] : [this.#from, this.to]
  }
}

export interface PipeCallerEar extends CallerEar {
  /** Items were taken from a receiver on loan. */
  taken(link: number, count: number): void
  /** The other side is gone. */
  closed(): void
}

/** The caller's end: all frames of a turn leave in one write. */
export class PipeCaller extends PipeEnd implements CallerEnd {
  #flushing = false

  /** Messages come from `from`. */
  constructor(from: Socket, ear: PipeCallerEar, options: PipeOptions) {
    super(from, ear, options)
  }

  tryRun(seq: number, ref: number, args: readonly unknown[], stores?: PlainStores): boolean {
    const frame = this.begin(seq)
    frame.int32(ref)
    const isWritten = frame.list(stores === undefined ? args : [stores, ...args])
    if (!isWritten) return this.refuse()
    this.write(Buffer.from(this.framed(stores === undefined ? kinds.run : kinds.runWithStores)))
    return true
  }

  /** Writes what was sent in this turn. All of it waits for the turn's end, to be one write. */
  flush(): void {
    if (!this.#flushing) return
    this.#flushing = false
    this.to.uncork()
  }

  protected write(frame: Buffer): void {
    if (!this.#flushing) {
      this.#flushing = true
      this.to.cork()
      runtime().soon(() => {
        this.flush()
      })
    }
    this.to.write(frame)
  }
}

export interface PipeWorkerEar extends WorkerEar {
  /**
   * True: from now on a part of a frame may have left without its rest. False: all has left. It is
   * told before the first byte leaves, so a rest that takes long is not taken for lost.
   */
  unfinished(whether: boolean): void
  /** What is sent from now on waits in this process behind earlier frames … */
  congested(): void
  /** … and no longer does. */
  cleared(): void
}

export interface PipeWorkerOptions extends PipeOptions {
  /** The descriptor of `to`, which is written to at once. */
  readonly fd: number
}

/** A worker's end: each frame leaves at once. */
export class PipeWorker extends PipeEnd implements WorkerEnd {
  readonly #ear: PipeWorkerEar
  readonly #fd: number
  #leaving: Promise<void> | undefined

  /** Messages come from `from`. */
  constructor(from: Socket, ear: PipeWorkerEar, options: PipeWorkerOptions) {
    super(from, ear, options)
    this.#ear = ear
    this.#fd = options.fd
  }

  /** At once, whatever is to follow. */
  tryDone(seq: number, workMs: number, value: unknown): boolean {
    const frame = this.begin(seq)
    frame.float64(workMs)
    if (!frame.value(value)) return this.refuse()
    this.write(this.framed(kinds.done))
    return true
  }

  /**
   * Tells how many items of a lent receiver were taken. If all that was sent before has left, this
   * has left too when it returns, or there is nobody any more who would read it: it waits for a
   * reader that is behind.
   */
  sendTaken(link: number, count: number): void {
    this.begin(link).int32(count)
    const frame = this.framed(kinds.taken)
    if (this.leaving !== undefined) return this.write(frame)
    this.#ear.unfinished(true)
    for (let at = 0; at < frame.length; ) {
      const written = tryWriteSync(this.#fd, frame.subarray(at))
      if (written === undefined) return
      at += written
      if (at < frame.length) sleepSync(fullMs)
    }
    this.#ear.unfinished(false)
  }

  /** Resolves when all that was sent has left this process; undefined if it has. */
  get leaving(): Promise<void> | undefined {
    return this.to.writableLength === 0 ? undefined : this.#leaving
  }

  /**
   * What the system does not take at once waits in the socket, behind nothing or behind what waits
   * there already.
   */
  protected write(frame: Buffer): void {
    this.#ear.unfinished(true)
    const written = this.to.writableLength === 0 ? (tryWriteSync(this.#fd, frame) ?? 0) : 0
    if (written === frame.length) return this.#ear.unfinished(false)
    this.#leaving = new Promise(resolve =>
      this.to.write(Buffer.from(frame.subarray(written)), () => {
        resolve()
        if (this.to.writableLength > 0) return
        this.#ear.unfinished(false)
        this.#ear.cleared()
      }),
    )
    this.#ear.congested()
  }
}

/**
 * Bytes that the system took: 0 when its buffer is full, undefined when nobody reads any more; the
 * socket finds that out too.
 */
function tryWriteSync(fd: number, frame: Buffer): number | undefined {
  try {
    return writeSync(fd, frame)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? 0 : undefined
  }
}

function encodeMessage(value: unknown, maxFrameBytes: number): Buffer {
  const serializer = new (serialization().Serializer)()
  serializer.writeRawBytes(emptyHead)
  serializer.writeHeader()
  serializer.writeValue(value)
  const frame = serializer.releaseBuffer()
  const bodyBytes = frame.length - headBytes
  if (bodyBytes > maxFrameBytes) throw new PayloadTooLargeError(bodyBytes, maxFrameBytes)
  writeHead(frame, kinds.message, bodyBytes)
  return frame
}

const emptyHead = Buffer.alloc(headBytes)
