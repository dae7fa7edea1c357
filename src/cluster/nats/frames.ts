/**
 * What goes into one message: the bytes themselves, or the digest of bytes that lie in the object
 * store.
 *
 *     0 · the bytes                         up to 256 KiB, and what the server takes in one message
 *     1 · sha256 of the bytes               more: stored first, checked when they are fetched
 *
 * A task has its id before that: length (1 byte) · id · 0 or 1 · …
 */
import { EngineUnavailableError } from '../errors.ts'
import type { ObjectStore } from './load.ts'

const { createHash } = process.getBuiltinModule('node:crypto')

/** The most bytes that go in a message of their own, whatever the server takes. */
const mostInlineBytes = 256 * 1024
/** Room for the label and the headers, which count as part of a message. */
const besideBytes = 512

const noLabel = new Uint8Array()

/**
 * Frames bytes, after what goes before; undefined if they must be stored first.
 * @param mostBytes of a whole message, as the server says
 */
export function inlined(
  bytes: Uint8Array,
  mostBytes: number,
  label: Uint8Array = noLabel,
): Uint8Array | undefined {
  if (bytes.length > Math.min(mostInlineBytes, mostBytes - besideBytes)) return undefined
  const start = label.length
  const frame = new Uint8Array(start + 1 + bytes.length)
  if (start > 0) frame.set(label)
  frame.set(bytes, start + 1)
  return frame
}

/** Stores the bytes under their digest, and frames that. */
export async function stored(
  bytes: Uint8Array,
  objects: ObjectStore,
  label: Uint8Array = noLabel,
): Promise<Uint8Array> {
  const digest = digestOf(bytes)
  if ((await objects.info(digest)) === null) await objects.putBlob({ name: digest }, bytes)
  return Buffer.concat([label, Uint8Array.of(1), Buffer.from(digest)])
}

/**
 * The bytes of a frame. @throws EngineUnavailableError if they are gone, or others than the digest
 * says
 */
export async function unframed(frame: Uint8Array, objects: ObjectStore): Promise<Uint8Array> {
  if (frame[0] === 0) return frame.subarray(1)
  const digest = Buffer.from(frame.subarray(1)).toString('latin1')
  if (frame[0] !== 1 || !/^[0-9a-f]{64}$/.test(digest))
    throw new EngineUnavailableError('A message on NATS is none of atonce.')
  const bytes = await objects.getBlob(digest)
  if (bytes === null || digestOf(bytes) !== digest)
    throw new EngineUnavailableError(
      `A large value is gone from the object store, or was changed (${digest}).`,
    )
  return bytes
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

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
