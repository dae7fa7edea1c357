/**
 * A transport on a byte stream: to a process of this machine.
 *
 * Frames, and how the stream is cut into them: frame.ts.
 *
 * V8's serializer copies what structured clone copies; a plain `v8.serialize` would treat buffers in its own way.
 * V8 does not promise safety for hostile bytes, so this transport is for own children only, never for the network.
 *
 * The caller's side lets all frames of one turn leave in one write. A worker's side writes each frame at once
 * (`prompt`): when it begins the next call, the answer to the last one is out of its hands, however it dies. So the first
 * call without an answer is the one that it died of, and those after it have not begun.
 *
 * Each direction has a socket of its own: a write to a process that has died breaks the socket that it was made on, and what
 * lay there unread would be lost.
 */
import type { Socket } from 'node:net'
import { PayloadTooLargeError } from '../../errors.ts'
import { sleepSync } from '../../runtime/atomics.ts'
import { runtime } from '../../runtime/runtime.ts'
import { CompactWriter } from '../compact/writer.ts'
import type { PlainStores } from '../propagation.ts'
import { FrameReader, headBytes, kinds, serialization, writeHead } from './frame.ts'
import type { Receiver, Transport } from './transport.ts'

const { writeSync } = process.getBuiltinModule('node:fs')

/** The longest frame in the compact format. */
const largestCompactBytes = 2_048
/** What a message may have beside its payload: a batch of small values, each of them within the limit. */
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
  /** The descriptor to write to at once; without it, frames leave together at the end of the turn. */
  readonly promptFd?: number
}

/** Wraps one end of a connection; messages come from `socket`. */
export function pipeTransport(socket: Socket, receiver: Receiver, options: PipeOptions): PipeTransport {
  return new PipeTransport(socket, receiver, options)
}

export class PipeTransport implements Transport {
  readonly #from: Socket
  readonly #to: Socket
  readonly #receiver: Receiver
  readonly #options: PipeOptions
  readonly #frames: FrameReader
  readonly #scratch = Buffer.allocUnsafeSlow(largestCompactBytes)
  readonly #compact = new CompactWriter(this.#scratch)
  #flushing = false
  #leaving: Promise<void> | undefined

  constructor(from: Socket, receiver: Receiver, options: PipeOptions) {
    this.#from = from
    this.#to = options.to ?? from
    this.#receiver = receiver
    this.#options = options
    this.#frames = new FrameReader(options.maxFrameBytes, receiver)
    from.on('data', chunk => this.#frames.push(chunk))
    // A broken pipe is followed by 'close', which says all there is to say.
    for (const socket of this.#sockets) socket.on('error', () => {})
    from.on('close', () => receiver.closed())
  }

  send(value: unknown): void {
    this.#write(encodeMessage(value, this.#options.maxFrameBytes))
  }

  /** Calls leave at the end of the turn anyway. */
  deliver(): void {}

  tryRun(seq: number, ref: number, args: readonly unknown[], stores?: PlainStores): boolean {
    this.#compact.begin(headBytes, largestCompactBytes)
    this.#compact.int32(seq)
    this.#compact.int32(ref)
    if (stores === undefined) return this.#leave(this.#compact.list(args), kinds.run)
    return this.#leave(this.#compact.list([stores, ...args]), kinds.runWithStores)
  }

  /** At once, whatever is to follow. */
  tryDone(seq: number, workMs: number, value: unknown): boolean {
    this.#compact.begin(headBytes, largestCompactBytes)
    this.#compact.int32(seq)
    this.#compact.float64(workMs)
    return this.#leave(this.#compact.value(value), kinds.done)
  }

  /**
   * Tells how many items of a lent receiver were taken. If all that was sent before has left, this has left too when it returns, or
   * there is nobody any more who would read it: it waits for a reader that is behind.
   */
  sendTaken(link: number, count: number): void {
    this.#compact.begin(headBytes, largestCompactBytes)
    this.#compact.int32(link)
    this.#compact.int32(count)
    const frame = this.#compactFrame(kinds.taken)
    const fd = this.#options.promptFd
    if (fd === undefined || this.leaving !== undefined) return this.#write(Buffer.from(frame))
    for (let at = 0; at < frame.length; ) {
      const written = tryWriteSync(fd, frame.subarray(at))
      if (written === undefined) return
      at += written
      if (at < frame.length) sleepSync(fullMs)
    }
  }

  /** Resolves when all that was sent has left this process; undefined if it has. */
  get leaving(): Promise<void> | undefined {
    return this.#to.writableLength === 0 ? undefined : this.#leaving
  }

  /** The other side says that it has no part of a frame left to send: one that lies here in part will never be whole. */
  expectWhole(): void {
    this.#frames.expectWhole()
  }

  drain(): void {} // A stream delivers what it holds before it closes.

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

  get #sockets(): readonly Socket[] {
    return this.#to === this.#from ? [this.#from] : [this.#from, this.#to]
  }

  /** Sends what was written in the compact format, if it was. */
  #leave(isWritten: boolean, kind: number): boolean {
    this.#compact.release()
    if (!isWritten) return false
    const frame = this.#compactFrame(kind)
    this.#write(this.#options.promptFd === undefined ? Buffer.from(frame) : frame)
    return true
  }

  /** What was written into the scratch, which the next one is written into too. */
  #compactFrame(kind: number): Buffer {
    const { at } = this.#compact
    writeHead(this.#scratch, kind, at - headBytes)
    return this.#scratch.subarray(0, at)
  }

  #write(frame: Buffer): void {
    if (this.#options.promptFd !== undefined) return this.#writeNow(frame, this.#options.promptFd)
    if (!this.#flushing) {
      this.#flushing = true
      this.#to.cork()
      runtime().soon(() => {
        this.#flushing = false
        this.#to.uncork()
      })
    }
    this.#to.write(frame)
  }

  /** What the system does not take at once waits in the socket, behind nothing or behind what waits there already. */
  #writeNow(frame: Buffer, fd: number): void {
    const written = this.#to.writableLength === 0 ? (tryWriteSync(fd, frame) ?? 0) : 0
    if (written === frame.length) return
    this.#leaving = new Promise(resolve =>
      this.#to.write(Buffer.from(frame.subarray(written)), () => {
        resolve()
        if (this.#to.writableLength === 0) this.#receiver.cleared?.()
      }),
    )
    this.#receiver.congested?.()
  }
}

/** Bytes that the system took: 0 when its buffer is full, undefined when nobody reads any more; the socket finds that out too. */
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
