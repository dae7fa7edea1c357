/** A link between two threads: a MessagePort of its own, and some words of shared memory. */

import type { MessagePort } from 'node:worker_threads'
import type { Moved } from '../../task/transfer.ts'
import { clocked } from '../transport/clocked-port.ts'
import { type Port, receiveOn } from '../transport/port.ts'
import type { Link, LinkListener } from './link.ts'
import { type LinkWords, noteLeft, noteSaid } from './link-words.ts'
import type { OfLoan } from './messages.ts'

export class PortLink implements Link {
  readonly crossing = { sharedMemory: true, maxPayloadBytes: Number.POSITIVE_INFINITY, lends: false }
  readonly words: LinkWords
  readonly clear = true
  readonly #port: Port
  readonly #owner: boolean
  #listener: LinkListener | undefined

  /** `side` says whether the channel is on this one. */
  constructor(port: MessagePort, words: LinkWords, side: 'owner' | 'far') {
    this.#port = clocked(port as Port)
    this.words = words
    this.#owner = side === 'owner'
  }

  open(listener: LinkListener): void {
    this.#listener = listener
    this.#port.on('message', message => this.#listener?.message(message as OfLoan))
    this.#port.on('close', () => this.gone())
    this.#port.unref()
  }

  send(message: OfLoan, transfer: readonly Moved[] = []): void {
    this.#port.postMessage(message, transfer)
    if (this.#owner) noteSaid(this.words)
  }

  drain(): void {
    for (let next = receiveOn(this.#port); next !== undefined; next = receiveOn(this.#port))
      this.#listener?.message(next.message as OfLoan)
  }

  gone(): void {
    const listener = this.#listener
    this.#listener = undefined // It is told once, whoever finds it first.
    listener?.closed()
  }

  /** The far side has closed its port, though nobody has read that from this one yet. */
  over(): void {
    this.drain()
    this.gone()
  }

  close(): void {
    this.#port.close()
    if (this.#owner) noteLeft(this.words)
  }

  garbled(): void {
    this.close()
  }
}
