/** A link between two threads: a MessagePort of its own, and some words of shared memory. */

import type { MessagePort } from 'node:worker_threads'
import { widestLookedAt } from '../../policy.ts'
import { load } from '../../runtime/atomics.ts'
import type { Moved } from '../../task/transfer.ts'
import { clocked } from '../transport/clocked-port.ts'
import { hear, type Port, receiveOn } from '../transport/port.ts'
import type { Link, LinkListener } from './link.ts'
import {
  type LinkWords,
  noteLeft,
  noteLooks,
  noteSaid,
  noteSaidBack,
  noteTaken,
  saidBackWord,
  saidWord,
} from './link-words.ts'
import { Lookout } from './lookout.ts'
import type { OfLoan } from './messages.ts'

export class PortLink implements Link {
  readonly crossing = { sharedMemory: true, maxPayloadBytes: Number.POSITIVE_INFINITY, lends: false }
  readonly words: LinkWords
  readonly clear = true
  readonly #port: Port
  readonly #owner: boolean
  readonly #lookout: Lookout | undefined
  #listener: LinkListener | undefined
  #said = 0

  /**
   * `side` says whether the channel is on this one. It looks for what is said next if few items
   * share a message, as of a small `window`.
   */
  constructor(port: MessagePort, words: LinkWords, side: 'owner' | 'far', window: number) {
    this.#port = clocked(port as Port)
    this.words = words
    this.#owner = side === 'owner'
    this.#lookout = window <= widestLookedAt ? new Lookout(this) : undefined
  }

  open(listener: LinkListener): void {
    this.#listener = listener
    hear(this.#port, 'message', message => {
      this.#listener?.message(message as OfLoan)
      this.#lookout?.heard()
    })
    hear(this.#port, 'close', () => this.gone())
    this.#port.unref()
  }

  send(message: OfLoan, transfer: readonly Moved[] = []): void {
    this.#port.postMessage(message, transfer)
    this.#noteSaid()
  }

  tellTaken(count: number, total: number): void {
    if (noteTaken(this.words, total)) this.#noteSaid()
    else this.send({ kind: 'taken', count })
  }

  #noteSaid(): void {
    if (this.#owner) noteSaid(this.words)
    else noteSaidBack(this.words)
  }

  saidMore(): boolean {
    const said = load(this.words, this.#owner ? saidBackWord : saidWord)
    if (said === this.#said) return false
    this.#said = said
    return true
  }

  looks(whether: boolean): void {
    if (this.#listener?.looked === undefined) return
    noteLooks(this.words, whether)
    if (!whether) this.#listener.looked() // The word may have been all that told of it.
  }

  drain(): number {
    let count = this.#listener?.looked?.() === true ? 1 : 0
    for (let next = receiveOn(this.#port); next !== undefined; next = receiveOn(this.#port)) {
      this.#listener?.message(next.message as OfLoan)
      count += 1
    }
    return count
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
