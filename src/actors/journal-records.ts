/**
 * What lies in the file of a journal, and whether all of it is there.
 *
 *     magic ─▶ a mark, if a snapshot has the events so far ─▶ a record for each event
 *
 * A record is its length, the CRC-32 of what follows, its number, its writer, and the value as V8
 * serializes it, behind one byte more if it is to be revived: it holds an error, a Buffer, or an
 * instance of a shareable class. A mark is one without a value. Numbers go up by one, so an event
 * that is not there is missed.
 */
import { decode, encode } from '../wire/codec.ts'
import type { Crossing } from '../wire/crossing.ts'
import { JournalError } from './errors.ts'

const { crc32 } = process.getBuiltinModule('node:zlib')

export const magic = 'atonce journal 2\n'
const headBytes = 20
const crossing: Crossing = {
  sharedMemory: false,
  maxPayloadBytes: Number.POSITIVE_INFINITY,
  lends: false,
}
/** Before a value that is to be revived; V8's own begin with 255. */
const specialMark = 1

interface FoundRecord {
  readonly seq: number
  readonly writer: number
  /** Undefined if it is a mark. */
  readonly body: Buffer | undefined
  readonly value: unknown
  readonly endBytes: number
}

/**
 * `root` names the value in errors.
 * @throws SerializationError
 */
export function recordOf(seq: number, writer: number, value: unknown, root: string): Buffer {
  const { serialize } = process.getBuiltinModule('node:v8')
  const { value: copied, special } = encode(value, root, crossing)
  const body = serialize(copied)
  return withHead(seq, writer, special ? Buffer.concat([Buffer.of(specialMark), body]) : body)
}

/** Says that a snapshot has the events up to this number. */
export function markOf(seq: number, writer: number): Buffer {
  return withHead(seq, writer, Buffer.alloc(0))
}

function withHead(seq: number, writer: number, body: Buffer): Buffer {
  const record = Buffer.alloc(headBytes + body.length)
  record.writeUInt32LE(body.length, 0)
  record.writeDoubleLE(seq, 8)
  record.writeUInt32LE(writer, 16)
  body.copy(record, headBytes)
  record.writeUInt32LE(crc32(record.subarray(8)), 4)
  return record
}

/** The record that begins there; undefined if it is torn or damaged. */
export function recordAt(bytes: Buffer, at: number): FoundRecord | undefined {
  if (!isWhole(bytes, at)) return undefined
  const endBytes = at + headBytes + bytes.readUInt32LE(at)
  const body = endBytes === at + headBytes ? undefined : bytes.subarray(at + headBytes, endBytes)
  return {
    seq: bytes.readDoubleLE(at + 8),
    writer: bytes.readUInt32LE(at + 16),
    body,
    value: body && readValue(body),
    endBytes,
  }
}

function readValue(body: Buffer): unknown {
  const { deserialize } = process.getBuiltinModule('node:v8')
  const special = body[0] === specialMark
  return decode(deserialize(special ? body.subarray(1) : body), special, 'event')
}

function isWhole(bytes: Buffer, at: number): boolean {
  if (at + headBytes > bytes.length) return false
  const endBytes = at + headBytes + bytes.readUInt32LE(at)
  return endBytes <= bytes.length && crc32(bytes.subarray(at + 8, endBytes)) === bytes.readUInt32LE(at + 4)
}

/**
 * The events after the snapshot, and where what is good ends: what follows was torn by a crash.
 * @throws JournalError if events are missing that may have been acknowledged
 */
export function readRecords(
  path: string,
  bytes: Buffer,
  snapshotSeq: number | undefined,
): { events: unknown[]; goodBytes: number; lastSeq: number } {
  const events: unknown[] = []
  const afterSeq = snapshotSeq ?? 0
  /** The last number of each writer. */
  const writers = new Map<number, number>()
  let lastSeq = 0
  let at = magic.length
  for (let record = recordAt(bytes, at); record !== undefined; record = recordAt(bytes, at)) {
    const { seq, writer, body, value, endBytes } = record
    if (body === undefined) {
      if (at !== magic.length) throw damaged(path, at, lastSeq)
      if (seq > afterSeq)
        throw new JournalError(
          path,
          `it begins after event ${seq}, and ${path}.snapshot, which has the events before, ` +
            `${snapshotSeq === undefined ? 'is missing' : `ends at event ${snapshotSeq}`}. Restore both files from one copy`,
        )
      lastSeq = seq
    } else {
      // Two writers may have given one number twice before one of them was told; neither event is
      // lost. But none gives a number twice, or leaves one out.
      const before = writers.get(writer)
      if (seq > lastSeq + 1 || (before !== undefined && seq !== before + 1)) throw damaged(path, at, lastSeq)
      if (seq > afterSeq) events.push(value)
      lastSeq = Math.max(lastSeq, seq)
    }
    writers.set(writer, seq)
    at = endBytes
  }
  if (hasRecordBehind(bytes, at)) throw damaged(path, at, lastSeq)
  if (at > magic.length && lastSeq < afterSeq)
    throw new JournalError(
      path,
      `it ends at event ${lastSeq}, and its snapshot at event ${afterSeq}. Restore both files from one copy`,
    )
  return { events, goodBytes: at, lastSeq: Math.max(lastSeq, afterSeq) }
}

/**
 * Whether a record begins anywhere behind. Nothing is written behind a record that a crash has
 * torn, so then it was damaged later. In one write of many records a loss of power may leave such a
 * hole, too: nobody was told of those, but they can't be told from damage.
 */
function hasRecordBehind(bytes: Buffer, from: number): boolean {
  for (let at = from + 1; at + headBytes <= bytes.length; at += 1) {
    const seq = bytes.readDoubleLE(at + 8)
    // The checksum is reckoned only of what may be one: else this took the square of the size.
    if (Number.isSafeInteger(seq) && seq > 0 && isWhole(bytes, at)) return true
  }
  return false
}

function damaged(path: string, atBytes: number, lastSeq: number): JournalError {
  return new JournalError(
    path,
    `it is damaged at byte ${atBytes}, behind event ${lastSeq}, and events follow. ` +
      'Restore it from a copy, or cut it there (truncate -s) and lose what follows',
  )
}
