/**
 * What waits for an actor, first in, first out.
 *
 * A list through the messages themselves: an idle actor has no memory for a queue, and a full one
 * no array to grow.
 */
import type { Ask } from './ask.ts'
import type { Method } from './contract.ts'

/** A mailbox that holds this many times its capacity takes nothing from anybody. */
export const hardBound = 16

/** A call of one of the actor's methods, or a function that runs as one of its messages. */
export class Message {
  next: Message | undefined = undefined
  /** Undefined for an OwnMessage. */
  readonly method: Method | undefined
  readonly args: readonly unknown[]
  /** Who waits for the answer; undefined for a `tell`. */
  readonly ask: Ask | undefined

  constructor(method: Method | undefined, args: readonly unknown[], ask: Ask | undefined) {
    this.method = method
    this.args = args
    this.ask = ask
  }

  /** Whether it may be the one that makes room in a full mailbox. */
  get mayBeDropped(): boolean {
    return true
  }
}

/**
 * A function that runs as a message of one incarnation: a timer, a watch, a step of a stream. A
 * restart throws it away.
 */
export class OwnMessage extends Message {
  readonly run: () => unknown
  readonly incarnation: number

  constructor(run: () => unknown, incarnation: number, ask: Ask | undefined) {
    super(undefined, noArgs, ask)
    this.run = run
    this.incarnation = incarnation
  }

  /** A timer that is due, or word of an end, comes once. */
  override get mayBeDropped(): boolean {
    return this.ask !== undefined
  }
}

/** An event that somebody has published. */
export class EventMessage extends OwnMessage {
  readonly topic: string
  readonly event: unknown

  constructor(run: () => unknown, incarnation: number, topic: string, event: unknown) {
    super(run, incarnation, undefined)
    this.topic = topic
    this.event = event
  }

  override get mayBeDropped(): boolean {
    return true
  }
}

const noArgs: readonly unknown[] = []

export class Mailbox {
  #first: Message | undefined
  #last: Message | undefined
  #count = 0

  get count(): number {
    return this.#count
  }

  push(message: Message): void {
    if (this.#last === undefined) this.#first = message
    else this.#last.next = message
    this.#last = message
    this.#count += 1
  }

  shift(): Message | undefined {
    const message = this.#first
    if (message === undefined) return undefined
    this.#first = message.next
    if (this.#first === undefined) this.#last = undefined
    message.next = undefined
    this.#count -= 1
    return message
  }

  /** Takes the oldest of those that may be dropped. */
  drop(): Message | undefined {
    let before: Message | undefined
    for (let message = this.#first; message !== undefined; message = message.next) {
      if (message.mayBeDropped) {
        if (before === undefined) return this.shift()
        before.next = message.next
        if (message === this.#last) this.#last = before
        message.next = undefined
        this.#count -= 1
        return message
      }
      before = message
    }
    return undefined
  }

  /** Puts messages before all others, in their order. */
  putBack(messages: readonly Message[]): void {
    for (const message of messages.toReversed()) {
      message.next = this.#first
      this.#first = message
      this.#last ??= message
      this.#count += 1
    }
  }

  /** What waits, oldest first. */
  *[Symbol.iterator](): Generator<Message> {
    for (let message = this.#first; message !== undefined; message = message.next) yield message
  }
}
