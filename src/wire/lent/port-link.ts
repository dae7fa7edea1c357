/** A link between two threads: a MessagePort of its own, and a word of shared memory. */

import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import type { Moved } from '../../task/transfer.ts'
import type { Link, LinkListener } from './link.ts'
import type { OfLoan } from './messages.ts'

export class PortLink implements Link {
  readonly crossing = { sharedMemory: true, maxPayloadBytes: Number.POSITIVE_INFINITY, lends: false }
  readonly taken: Int32Array
  readonly clear = true
  readonly #port: MessagePort
  #listener: LinkListener | undefined

  constructor(port: MessagePort, taken: Int32Array) {
    this.#port = port
    this.taken = taken
  }

  open(listener: LinkListener): void {
    this.#listener = listener
    this.#port.on('message', (message: OfLoan) => listener.message(message))
    this.#port.on('close', () => listener.closed())
    this.#port.unref()
  }

  send(message: OfLoan, transfer: readonly Moved[] = []): void {
    this.#port.postMessage(message, transfer)
  }

  drain(): void {
    for (
      let next = receiveMessageOnPort(this.#port);
      next !== undefined;
      next = receiveMessageOnPort(this.#port)
    )
      this.#listener?.message(next.message as OfLoan)
  }

  close(): void {
    this.#port.close()
  }

  garbled(): void {
    this.#port.close()
  }
}
