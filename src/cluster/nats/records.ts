/**
 * Records on a key-value bucket of JetStream: each the last message of a subject, changed by the
 * number of that message.
 *
 * A write whose answer got lost may have been done. It is tried again; if the record is another one
 * then, whether this write has made it shows in its bytes, which no two writers share: endings name
 * their node and attempt.
 */
import { OptionError } from '../../errors.ts'
import type { KeptRecord, Records } from '../engine.ts'
import { StoreRefusesError } from '../errors.ts'
import { maxMessageBytes } from '../messages.ts'
import type { Frames } from './frames.ts'
import { asSeen, type EncodedHeaders, encodedHeaders, type Requests, type Written } from './requests.ts'
import type { Shelf } from './shelves.ts'

interface Opened {
  readonly requests: Requests
  readonly frames: Frames
}

export interface RecordParts {
  /** The bucket is there, and how to ask for it. */
  opened(): Promise<Opened> | Opened
  /** Of the bucket, as `AO_default_results`. */
  readonly bucket: string
  /** Of the engine, for messages. */
  readonly name: string
  /** Where large ones lie; without a shelf they must be whole. */
  readonly shelf: Shelf | undefined
  keys(): Promise<string[]>
}

/** "Wrong last sequence": the record is another one by now. */
const wrongLastSequence = 10_071
const none = new Uint8Array()
const isNew = encodedHeaders('Nats-Expected-Last-Subject-Sequence: 0')
const purge = ['KV-Operation: PURGE', 'Nats-Rollup: sub'] as const
const purged = encodedHeaders(...purge)

/** A record as it lies there, removed ones too. */
interface Found {
  readonly frame: Uint8Array
  readonly revision: number
  readonly isRemoved: boolean
}

export class NatsRecords implements Records {
  readonly #parts: RecordParts
  readonly #prefix: string

  constructor(parts: RecordParts) {
    this.#parts = parts
    this.#prefix = `$KV.${parts.bucket}.`
  }

  /**
   * The subject of a record. What is no key, as a wildcard, would name others' records.
   * @throws OptionError
   */
  #subjectOf(key: string): string {
    if (/^[\w/=~-]+(\.[\w/=~-]+)*$/.test(key)) return this.#prefix + key
    throw new OptionError(
      `A key has letters, digits, /, =, ~, -, _ and single dots; this one is ${JSON.stringify(key)}.`,
    )
  }

  /** Those that must be whole are as long as a message of the server, once that is known. */
  get mostBytes(): number {
    if (this.#parts.shelf !== undefined) return maxMessageBytes
    const opened = this.#parts.opened()
    return opened instanceof Promise ? maxMessageBytes : opened.frames.mostBytes
  }

  async create(key: string, bytes: Uint8Array): Promise<number | undefined> {
    const written = await this.#write(key, bytes, isNew)
    if (written !== undefined) return written
    const found = await this.#find(key)
    return found?.isRemoved === true ? this.#write(key, bytes, after(found.revision)) : undefined
  }

  replace(key: string, bytes: Uint8Array, revision: number): Promise<number | undefined> {
    return this.#write(key, bytes, after(revision))
  }

  async get(key: string): Promise<KeptRecord | undefined> {
    const found = await this.#find(key)
    if (found === undefined || found.isRemoved) return undefined
    const { frames } = await this.#parts.opened()
    return { bytes: await frames.bytesIn(found.frame), revision: found.revision }
  }

  async remove(key: string, revision?: number): Promise<boolean> {
    const headers = revision === undefined ? purged : encodedHeaders(...purge, expected(revision))
    const written = await this.#surely(requests => requests.write(this.#subjectOf(key), none, headers))
    return 'seq' in written
  }

  keys(): Promise<string[]> {
    return this.#parts.keys()
  }

  async #write(key: string, bytes: Uint8Array, headers: EncodedHeaders): Promise<number | undefined> {
    const opening = this.#parts.opened()
    const { frames } = opening instanceof Promise ? await opening : opening
    const made = frames.of(bytes, this.#parts.shelf)
    const frame = made instanceof Uint8Array ? made : await made
    let isAgain = false
    const written: Written = await this.#surely(async requests => {
      try {
        return await requests.write(this.#subjectOf(key), frame, headers)
      } catch (error) {
        isAgain = true
        throw error
      }
    })
    if ('seq' in written) return written.seq
    if (written.code !== wrongLastSequence)
      throw new StoreRefusesError(this.#parts.name, 'a record', written.why)
    if (!isAgain) return undefined
    const found = await this.#find(key)
    return found !== undefined && Buffer.compare(found.frame, frame) === 0 ? found.revision : undefined
  }

  async #find(key: string): Promise<Found | undefined> {
    const subject = this.#subjectOf(key)
    const found = await this.#surely(requests => requests.last(this.#parts.bucket, subject))
    if (found === undefined) return undefined
    const operation = found.headers?.get('KV-Operation')
    return {
      frame: found.data,
      revision: Number(found.headers?.get('Nats-Sequence')),
      isRemoved: operation === 'PURGE' || operation === 'DEL',
    }
  }

  async #surely<T>(asking: (requests: Requests) => Promise<T>): Promise<T> {
    const opening = this.#parts.opened()
    const { requests } = opening instanceof Promise ? await opening : opening
    try {
      return await requests.surely(() => asking(requests))
    } catch (error) {
      throw asSeen(error, this.#parts.name)
    }
  }
}

function after(revision: number): EncodedHeaders {
  return encodedHeaders(expected(revision))
}

function expected(revision: number): string {
  return `Nats-Expected-Last-Subject-Sequence: ${revision}`
}
