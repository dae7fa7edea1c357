/**
 * Large values by the digest of their bytes, in pieces: each the last message of a subject.
 *
 *     $KV.AO_<ns>_<shelf>.<sha256>-<bytes of a piece>.<n>
 *     address = shelf (1 byte) · sha256 (32) · length (4) · bytes of a piece (4)
 *
 * An address tells all subjects, so all pieces are read at once, and written at once after one
 * question: whether the value is there. (NATS's own object store makes a consumer for each reading,
 * and computes SHA-256 in JavaScript.)
 */
import { runtime } from '../../runtime/runtime.ts'
import { EngineUnavailableError, StoreRefusesError, ValueGoneError } from '../errors.ts'
import { maxMessageBytes } from '../messages.ts'
import type { NatsMessage } from './load.ts'
import type { Requests } from './requests.ts'
import { type Shelf, shelves } from './shelves.ts'

const { createHash } = process.getBuiltinModule('node:crypto')

const digestBytes = 32
const addressBytes = 1 + digestBytes + 4 + 4
const mostPieceBytes = 128 * 1024
const leastPieceBytes = 64
/** So many pieces are on their way at a time: other messages wait behind no more. */
const piecesAtOnce = 16
/** What was written so lately is there, unless the server has begun anew. */
const freshMs = 10 * 60_000
const mostFresh = 1_000
/** One of several servers may be behind: how often a piece is asked for. */
const mostTries = 5
const firstPauseMs = 20

export interface BlobParts {
  readonly shelf: Shelf
  readonly requests: Requests
  /** The name of its bucket, as `AO_default_blobs`. */
  readonly bucket: string
  /** Resolves once the bucket is there. */
  ensure(): Promise<void> | undefined
  /** The most bytes of a piece, as the server's messages are now. */
  mostBytes(): number
}

interface Address {
  readonly digest: string
  readonly length: number
  readonly pieceBytes: number
}

export class Blobs {
  readonly #parts: BlobParts
  /** When which was written here, the oldest first. */
  readonly #fresh = new Map<string, number>()

  constructor(parts: BlobParts) {
    this.#parts = parts
    parts.requests.onReconnect(() => this.#fresh.clear())
  }

  /**
   * Stores the bytes, and returns their address.
   * @throws EngineUnavailableError
   */
  async put(bytes: Uint8Array): Promise<Uint8Array> {
    await this.#parts.ensure()
    const pieceBytes = Math.max(leastPieceBytes, Math.min(mostPieceBytes, this.#parts.mostBytes()))
    const address = { digest: digestOf(bytes), length: bytes.length, pieceBytes }
    if (!this.#isFresh(address.digest)) {
      const last = this.#subjectOf(address, Math.max(0, piecesOf(address) - 1))
      const wasThere = (await this.#last(last)) !== undefined
      const numbers: number[] = []
      await this.#forPieces(piecesOf(address), async at => {
        const from = at * pieceBytes
        const piece = bytes.subarray(from, from + pieceBytes)
        numbers.push(await this.#write(this.#subjectOf(address, at), piece))
      }).catch(async (error: unknown) => {
        // A part of it is of no use, and a full store would stay full.
        if (error instanceof StoreRefusesError && !wasThere) await this.#remove(numbers).catch(() => {})
        throw error
      })
      this.#wrote(address.digest)
    }
    return written(this.#parts.shelf, address)
  }

  /** @throws ValueGoneError if a piece is not there, or others than the digest says */
  async get(bytes: Uint8Array): Promise<Uint8Array> {
    await this.#parts.ensure()
    const address = readAddress(bytes)
    const value = new Uint8Array(address.length)
    const { length, pieceBytes } = address
    await this.#forPieces(piecesOf(address), async at => {
      const from = at * pieceBytes
      const piece = await this.#read(this.#subjectOf(address, at))
      if (piece.length !== Math.min(pieceBytes, length - from)) throw gone(address)
      value.set(piece, from)
    })
    if (digestOf(value) !== address.digest) throw gone(address)
    return value
  }

  /** Rejects with the first failure, when nothing is on its way any more. */
  async #forPieces(count: number, each: (at: number) => Promise<void>): Promise<void> {
    let next = 0
    const goOn = async () => {
      while (next < count)
        await each(next++).catch((error: unknown) => {
          next = count
          throw error
        })
    }
    const ends = await Promise.allSettled(Array.from({ length: Math.min(count, piecesAtOnce) }, goOn))
    for (const end of ends) if (end.status === 'rejected') throw end.reason
  }

  /** Returns its number in the stream. */
  async #write(subject: string, piece: Uint8Array): Promise<number> {
    const { requests, bucket } = this.#parts
    const answer = await requests.surely(() => requests.write(subject, piece))
    if ('why' in answer) throw new StoreRefusesError(bucket, 'a large value', answer.why)
    return answer.seq
  }

  async #read(subject: string): Promise<Uint8Array> {
    const { bucket } = this.#parts
    for (let tries = 1; ; tries += 1) {
      const found = await this.#last(subject)
      if (found !== undefined) return found.data
      if (tries === mostTries) throw new ValueGoneError(`A large value is gone from ${bucket} (${subject}).`)
      await new Promise<void>(resolve => runtime().setTimer(firstPauseMs * 2 ** tries, resolve))
    }
  }

  #last(subject: string): Promise<NatsMessage | undefined> {
    const { requests, bucket } = this.#parts
    return requests.surely(() => requests.last(bucket, subject))
  }

  /** One by one: of what is purged by a subject, 2.9.10 goes on counting the bytes. */
  async #remove(numbers: readonly number[]): Promise<void> {
    const { requests, bucket } = this.#parts
    await this.#forPieces(numbers.length, async at => {
      const request = JSON.stringify({ seq: numbers[at], no_erase: true })
      await requests.ask(`$JS.API.STREAM.MSG.DELETE.KV_${bucket}`, Buffer.from(request))
    })
  }

  #subjectOf({ digest, pieceBytes }: Address, at: number): string {
    return `$KV.${this.#parts.bucket}.${digest}-${pieceBytes}.${at}`
  }

  #isFresh(digest: string): boolean {
    return runtime().now() - (this.#fresh.get(digest) ?? Number.NEGATIVE_INFINITY) < freshMs
  }

  #wrote(digest: string): void {
    this.#fresh.delete(digest)
    this.#fresh.set(digest, runtime().now())
    for (const oldest of this.#fresh.keys()) {
      if (this.#fresh.size <= mostFresh) return
      this.#fresh.delete(oldest)
    }
  }
}

function piecesOf({ length, pieceBytes }: Address): number {
  return Math.ceil(length / pieceBytes)
}

/** Which shelf the frame is an address on; undefined if it is none. */
export function shelfOf(frame: Uint8Array): Shelf | undefined {
  const first = frame[0]
  return first !== undefined && first in shelves ? (first as Shelf) : undefined
}

function written(shelf: Shelf, { digest, length, pieceBytes }: Address): Uint8Array {
  const address = Buffer.alloc(addressBytes)
  address.writeUInt8(shelf)
  address.write(digest, 1, 'hex')
  address.writeUInt32BE(length, 1 + digestBytes)
  address.writeUInt32BE(pieceBytes, 1 + digestBytes + 4)
  return address
}

/** @throws EngineUnavailableError: whoever wrote it is none of atonce */
function readAddress(bytes: Uint8Array): Address {
  const address = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const isOne = address.length === addressBytes
  const length = isOne ? address.readUInt32BE(1 + digestBytes) : 0
  const pieceBytes = isOne ? address.readUInt32BE(1 + digestBytes + 4) : 0
  if (!isOne || length > maxMessageBytes || pieceBytes < leastPieceBytes || pieceBytes > mostPieceBytes)
    throw new EngineUnavailableError('A message on NATS is none of atonce.')
  return { digest: address.toString('hex', 1, 1 + digestBytes), length, pieceBytes }
}

function gone({ digest }: Address): ValueGoneError {
  return new ValueGoneError(`A large value is gone from the store, or was changed (${digest}).`)
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
