/**
 * What a worker sends to its pool, from `open` on: results on the fast lane, messages, and errors,
 * as whole as possible.
 */
import { type Crossing, detach, encode, MessageEncoding } from '../../wire/codec.ts'
import { encodeFailure, type WireFailure, withoutParts } from '../../wire/failure.ts'
import type { FromWorker } from '../../wire/messages.ts'
import { movedWhole } from '../../wire/moved-whole.ts'
import type { Transfer, WorkerEnd } from '../../wire/transport/transport.ts'
import { uncopyable } from '../reply.ts'

export class Outgoing {
  readonly crossing: Crossing
  #transport: WorkerEnd | undefined

  constructor(crossing: Crossing) {
    this.crossing = crossing
  }

  open(transport: WorkerEnd): void {
    this.#transport = transport
    this.send({ kind: 'ready' })
  }

  /** Sends what was put on the fast lane. */
  flush(): void {
    this.#transport?.flush?.()
  }

  /** Reads the messages that have come on the other lane. */
  readMessages(): void {
    this.#transport?.readMessages?.()
  }

  send(message: FromWorker, transfer: Transfer = []): void {
    this.#transport?.send(message, transfer)
    if (!this.crossing.sharedMemory) detach(transfer)
  }

  /** Puts a result on the fast lane, if it fits there; with `more`, others are to follow soon. */
  tryDone(seq: number, workMs: number, result: unknown, more: boolean): boolean {
    return this.#transport?.tryDone(seq, workMs, result, more) === true
  }

  done(seq: number, workMs: number, result: unknown): void {
    const { value, special, transfer } =
      movedWhole(result, this.crossing) ?? encode(result, 'result', this.crossing)
    this.result({ kind: 'done', seq, value, special, workMs }, transfer)
  }

  /** @throws SerializationError for what the platform can't copy, though the scan let it pass */
  result(message: FromWorker, transfer: Transfer): void {
    try {
      this.send(message, transfer)
    } catch (cause) {
      throw uncopyable('result', cause)
    }
  }

  /**
   * An error may be too large to be sent, or hold something that can't be copied after all. Then it
   * is sent without its properties.
   */
  sendFailure(error: unknown, about: (failure: WireFailure) => FromWorker): void {
    try {
      return this.send(about(this.encodeFailure(error)))
    } catch (problem) {
      try {
        return this.send(about(withoutParts(error, problem)))
      } catch {
        this.send(about(this.encodeFailure(problem)))
      }
    }
  }

  encodeFailure(error: unknown): WireFailure {
    return encodeFailure(error, new MessageEncoding(this.crossing))
  }
}
