/**
 * The far end of a stream: what the generator yields goes to the caller as hints, numbered, so that
 * a gap is seen.
 */
import type { Inlet } from '../executor/backend.ts'
import { encodeNow } from '../wire/codec.ts'
import { crossing, type NodeNews } from './messages.ts'

export class NodeStream implements Inlet {
  readonly #id: string
  readonly #tell: (news: NodeNews) => void
  /** How much was ever allowed, and has been sent. */
  granted: number
  #sent = 0
  #values = 0
  /** How many messages of values there were. */
  batches = 0

  constructor(id: string, credit: number, tell: (news: NodeNews) => void) {
    this.#id = id
    this.granted = credit
    this.#tell = tell
  }

  credit(): number {
    return this.granted
  }

  yielded(values: readonly unknown[], weight: number): number {
    this.#sent += values.length * weight
    const sent = values.map((value, at) => {
      const { value: encoded, special } = encodeNow(value, `yielded[${this.#values + at}]`, crossing)
      return { value: encoded, special }
    })
    this.#values += values.length
    this.#tell({ kind: 'yielded', id: this.#id, batch: this.batches, values: sent, weight })
    this.batches += 1
    return this.granted - this.#sent
  }

  returning(): void {
    this.#tell({ kind: 'returning', id: this.#id, batch: this.batches })
    this.batches += 1
  }

  /** The caller allows so much in all; returns how much more that is. */
  grant(total: number): number {
    const more = total - this.granted
    if (more > 0) this.granted = total
    return Math.max(0, more)
  }
}
