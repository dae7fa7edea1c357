/**
 * What goes into one message: the bytes themselves, or the address of bytes that lie elsewhere in
 * the store (blobs.ts), up to 256 KiB and what the server takes in one message.
 *
 *     first byte 0 · the bytes            those that begin with 3 or less, or have a label
 *     first byte 1, 2 or 3                an address
 *     first byte 4 or more                the bytes
 *
 * A task has its id before that: length (1 byte) · id · 0 or an address.
 */

import { PayloadTooLargeError } from '../../errors.ts'
import { type Blobs, shelfOf } from './blobs.ts'
import type { NatsConnection } from './load.ts'
import { mostBytesOf } from './requests.ts'
import type { Shelf } from './shelves.ts'

/** The most bytes that go in a message of their own, whatever the server takes. */
export const mostInlineBytes: number = 256 * 1024
/** Room for the label and the headers, which count as part of a message. */
const besideBytes = 512
const lastAddress = 3

const noLabel = new Uint8Array()

export class Frames {
  readonly #connection: NatsConnection
  readonly #shelves: Readonly<Record<Shelf, Blobs>>

  /**
   * Bytes that go to several places, as an ending and the hint at it, lie where they came first.
   */
  readonly #putting = new WeakMap<Uint8Array, Promise<Uint8Array>>()

  constructor(connection: NatsConnection, shelves: Readonly<Record<Shelf, Blobs>>) {
    this.#connection = connection
    this.#shelves = shelves
  }

  /** The most that one message of the server takes. */
  get mostBytes(): number {
    return mostBytesOf(this.#connection) - besideBytes
  }

  /** Whether they go on a shelf. */
  isLong(bytes: Uint8Array): boolean {
    return bytes.length > Math.min(mostInlineBytes, this.mostBytes)
  }

  /**
   * Frames bytes, which must not change, after what goes before. Those that are too long lie on a
   * shelf; without one, the message must take them.
   * @throws PayloadTooLargeError, EngineUnavailableError
   */
  of(
    bytes: Uint8Array,
    shelf: Shelf | undefined,
    label: Uint8Array = noLabel,
  ): Uint8Array | Promise<Uint8Array> {
    if (shelf === undefined) {
      if (bytes.length > this.mostBytes) throw new PayloadTooLargeError(bytes.length, this.mostBytes)
    } else if (this.isLong(bytes)) {
      const putting = this.#putting.get(bytes) ?? this.#shelves[shelf].put(bytes)
      this.#putting.set(bytes, putting)
      putting.catch(() => this.#putting.delete(bytes))
      return putting.then(address => Buffer.concat([label, address]))
    }
    if (label.length === 0 && (bytes[0] ?? 0) > lastAddress) return bytes
    const frame = new Uint8Array(label.length + 1 + bytes.length)
    frame.set(label)
    frame.set(bytes, label.length + 1)
    return frame
  }

  /** @throws EngineUnavailableError, as ValueGoneError */
  bytesIn(frame: Uint8Array): Uint8Array | Promise<Uint8Array> {
    const shelf = shelfOf(frame)
    if (shelf !== undefined) return this.#shelves[shelf].get(frame)
    return frame[0] === 0 ? frame.subarray(1) : frame
  }
}

/** What goes before the frame of a task. */
export function labelFor(id: string): Uint8Array {
  return Buffer.from(String.fromCharCode(id.length) + id, 'latin1')
}

/** The id of a task and its frame; whatever bytes these are. */
export function labelOf(bytes: Uint8Array): { readonly id: string; readonly frame: Uint8Array } {
  const end = 1 + (bytes[0] ?? 0)
  return { id: asBuffer(bytes).toString('latin1', 1, end), frame: bytes.subarray(end) }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
