/**
 * The far end of a stream: what the generator yields goes to the caller as hints, numbered, so that
 * a gap is seen.
 */
import type { Inlet } from '../executor/backend.ts'
import { encodeNow } from '../wire/codec.ts'
import { crossing, type NodeNews } from './messages.ts'

/** Who sends its news. */
export interface StreamOwner {
  tell(news: NodeNews): void
  /** A value can't be sent, and is dropped as all after it: the stream ends with that error. */
  refused(error: Error): void
}

export class NodeStream implements Inlet {
  readonly #id: string
  readonly #owner: StreamOwner
  /** How much was ever allowed, and has been sent. */
  granted: number
  #sent = 0
  #values = 0
  /** How many messages of values there were. */
  batches = 0
  /** Why a value could not be sent. */
  refused: Error | undefined

  constructor(id: string, credit: number, owner: StreamOwner) {
    this.#id = id
    this.granted = credit
    this.#owner = owner
  }

  credit(): number {
    return this.granted
  }

  yielded(values: readonly unknown[], weight: number): number {
    this.#sent += values.length * weight
    // Whoever runs the generator knows nothing of networks: an exception is not for its ears.
    if (this.refused === undefined)
      try {
        this.#send(values, weight)
      } catch (error) {
        this.refused = error as Error
        this.#owner.refused(this.refused)
      }
    return this.granted - this.#sent
  }

  #send(values: readonly unknown[], weight: number): void {
    const sent = values.map((value, at) => {
      const { value: encoded, special } = encodeNow(value, `yielded[${this.#values + at}]`, crossing)
      return { value: encoded, special }
    })
    this.#values += values.length
    this.#owner.tell({ kind: 'yielded', id: this.#id, batch: this.batches, values: sent, weight })
    this.batches += 1
  }

  returning(): void {
    this.#owner.tell({ kind: 'returning', id: this.#id, batch: this.batches })
    this.batches += 1
  }

  /** The caller allows so much in all; returns how much more that is. */
  grant(total: number): number {
    const more = total - this.granted
    if (more > 0) this.granted = total
    return Math.max(0, more)
  }
}
