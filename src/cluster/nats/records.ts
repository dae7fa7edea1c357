/** Records on a key-value bucket of JetStream. */
import type { KeptRecord, Records } from '../engine.ts'
import type { Kv } from './load.ts'

/** Frames and fetches values, large ones by way of the object store. */
export interface Framing {
  frame(bytes: Uint8Array): Promise<Uint8Array> | Uint8Array
  unframe(frame: Uint8Array): Promise<Uint8Array>
}

export class NatsRecords implements Records {
  readonly #bucket: () => Promise<Kv>
  readonly #framing: Framing

  constructor(bucket: () => Promise<Kv>, framing: Framing) {
    this.#bucket = bucket
    this.#framing = framing
  }

  async create(key: string, bytes: Uint8Array): Promise<number | undefined> {
    const bucket = await this.#bucket()
    const frame = await this.#framing.frame(bytes)
    return orTaken(bucket.create(key, frame))
  }

  async replace(key: string, bytes: Uint8Array, revision: number): Promise<number | undefined> {
    const bucket = await this.#bucket()
    const frame = await this.#framing.frame(bytes)
    return orTaken(bucket.update(key, frame, revision))
  }

  async get(key: string): Promise<KeptRecord | undefined> {
    const entry = await (await this.#bucket()).get(key)
    if (entry === null || entry.operation !== 'PUT') return undefined
    return { bytes: await this.#framing.unframe(entry.value), revision: entry.revision }
  }

  async remove(key: string): Promise<void> {
    await (await this.#bucket()).purge(key)
  }

  async keys(): Promise<string[]> {
    const keys: string[] = []
    for await (const key of await (await this.#bucket()).keys()) keys.push(key)
    return keys
  }
}

/** "Wrong last sequence": the record is another one by now. */
const wrongLastSequence = 10_071

async function orTaken(writing: Promise<number>): Promise<number | undefined> {
  try {
    return await writing
  } catch (error) {
    const { code, api_error: api } = error as { code?: unknown; api_error?: { err_code?: unknown } }
    const why = api?.err_code ?? code
    if (why === wrongLastSequence || /wrong last sequence/i.test((error as Error).message)) return undefined
    throw error
  }
}
