/**
 * A transport on a byte stream: to a process of this machine.
 *
 *     frame = length (4 bytes, big-endian) + V8's serialization of the message
 *
 * V8's serializer copies what structured clone copies; a plain `v8.serialize` would treat buffers in its own way.
 * V8 does not promise safety for hostile bytes, so this transport is for own children only, never for the network.
 */
import type { Socket } from 'node:net'
import { Deserializer, Serializer } from 'node:v8'
import { PayloadTooLargeError } from '../../errors.ts'
import { runtime } from '../../runtime/runtime.ts'
import type { Receiver, Transport } from './transport.ts'

const headBytes = 4

/** Wraps one end of a socket pair. `maxFrameBytes` bounds what is sent and what is believed of the other side. */
export function pipeTransport(socket: Socket, receiver: Receiver, maxFrameBytes: number): Transport {
  const frames = new FrameReader(maxFrameBytes, receiver)
  let flushing = false
  socket.on('data', chunk => frames.push(chunk))
  socket.on('error', () => {}) // A broken pipe is followed by 'close', which says all there is to say.
  socket.on('close', () => receiver.closed())
  return {
    send(message) {
      const frame = encodeFrame(message, maxFrameBytes)
      // All frames of one turn of the loop leave in one write.
      if (!flushing) {
        flushing = true
        socket.cork()
        runtime().soon(() => {
          flushing = false
          socket.uncork()
        })
      }
      socket.write(frame)
    },
    drain() {}, // A stream delivers what it holds before it closes.
    ref: () => void socket.ref(),
    unref: () => void socket.unref(),
    close() {
      frames.stop()
      socket.destroy()
    },
  }
}

function encodeFrame(message: unknown, maxFrameBytes: number): Buffer {
  const serializer = new Serializer()
  serializer.writeRawBytes(emptyHead)
  serializer.writeHeader()
  serializer.writeValue(message)
  const frame = serializer.releaseBuffer()
  const bodyBytes = frame.length - headBytes
  if (bodyBytes > maxFrameBytes) throw new PayloadTooLargeError(bodyBytes, maxFrameBytes)
  frame.writeUInt32BE(bodyBytes)
  return frame
}

const emptyHead = Buffer.alloc(headBytes)

/** Cuts the stream into frames and reads each; a length beyond the limit is refused before anything is allocated. */
class FrameReader {
  readonly #maxFrameBytes: number
  readonly #receiver: Receiver
  #parts: Buffer[] = []
  #held = 0
  #stopped = false

  constructor(maxFrameBytes: number, receiver: Receiver) {
    this.#maxFrameBytes = maxFrameBytes
    this.#receiver = receiver
  }

  push(part: Buffer): void {
    if (this.#stopped) return
    this.#parts.push(part)
    this.#held += part.length
    for (;;) {
      const bodyBytes = this.#nextLength()
      if (bodyBytes === undefined) return
      if (bodyBytes > this.#maxFrameBytes) return this.#break(`a frame of ${bodyBytes} bytes`)
      if (this.#held < headBytes + bodyBytes) return
      this.#deliver(this.#take(headBytes + bodyBytes).subarray(headBytes))
      if (this.#stopped) return
    }
  }

  /** Delivers nothing any more, not even what is here already. */
  stop(): void {
    this.#stopped = true
    this.#parts = []
  }

  #nextLength(): number | undefined {
    if (this.#held < headBytes) return undefined
    if ((this.#parts[0] as Buffer).length < headBytes) this.#parts = [Buffer.concat(this.#parts)]
    return (this.#parts[0] as Buffer).readUInt32BE()
  }

  #take(bytes: number): Buffer {
    const whole =
      this.#parts.length === 1 ? (this.#parts[0] as Buffer) : Buffer.concat(this.#parts, this.#held)
    this.#held -= bytes
    this.#parts = this.#held === 0 ? [] : [whole.subarray(bytes)]
    return whole.subarray(0, bytes)
  }

  #deliver(body: Buffer): void {
    let message: unknown
    try {
      const deserializer = new Deserializer(body)
      deserializer.readHeader()
      message = deserializer.readValue()
    } catch (error) {
      return this.#break(`${body.length} bytes that are no value (${(error as Error).message})`)
    }
    this.#receiver.message(message)
  }

  #break(what: string): void {
    this.stop()
    this.#receiver.garbled(what)
  }
}
