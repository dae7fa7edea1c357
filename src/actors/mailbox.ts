/**
 * What waits for an actor, first in, first out.
 *
 *     list:   message ─▶ message ─▶ …                          the oldest, at the most 16 of them
 *     chunks: [method args method args message – …] ─▶ […]     what came while these were there
 *
 * An idle actor has no memory for a queue, and one that works as messages come has a list through
 * them. Of what comes faster, a tell waits as its method and its arguments, and is a Message when
 * its turn comes: as objects that wait, in a list of thousands, the garbage collector would copy
 * each of them twice, one after the other.
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

/** Messages that wait in the list. Not more than young garbage, as chunks cost a little more. */
const mostListed = 16
/** Of a chunk: two for each message. */
const places = 128

/** A part of what waits: from `from` to before `to`. */
class Chunk {
  readonly of: unknown[] = new Array(places)
  from = 0
  to = 0
  next: Chunk | undefined
}

export class Mailbox {
  #first: Message | undefined
  #last: Message | undefined
  #firstChunk: Chunk | undefined
  #lastChunk: Chunk | undefined
  #count = 0

  get count(): number {
    return this.#count
  }

  push(message: Message): void {
    if (this.#firstChunk !== undefined || this.#count >= mostListed) return this.#add(message, undefined)
    if (this.#last === undefined) this.#first = message
    else this.#last.next = message
    this.#last = message
    this.#count += 1
  }

  /** The same as a `push` of a new message that nobody waits for. */
  pushTell(method: Method, args: readonly unknown[]): void {
    if (this.#firstChunk === undefined && this.#count < mostListed)
      this.push(new Message(method, args, undefined))
    else this.#add(method, args.length === 0 ? noArgs : args)
  }

  #add(what: Message | Method, args: readonly unknown[] | undefined): void {
    let chunk = this.#lastChunk
    if (chunk === undefined || chunk.to === places) {
      chunk = new Chunk()
      if (this.#lastChunk === undefined) this.#firstChunk = chunk
      else this.#lastChunk.next = chunk
      this.#lastChunk = chunk
    }
    chunk.of[chunk.to] = what
    chunk.of[chunk.to + 1] = args
    chunk.to += 2
    this.#count += 1
  }

  shift(): Message | undefined {
    const message = this.#first
    if (message === undefined) return this.#firstChunk && this.#take(this.#firstChunk)
    this.#first = message.next
    if (this.#first === undefined) this.#last = undefined
    message.next = undefined
    this.#count -= 1
    return message
  }

  #take(chunk: Chunk): Message {
    const what = chunk.of[chunk.from]
    const args = chunk.of[chunk.from + 1] as readonly unknown[] | undefined
    chunk.of[chunk.from] = undefined
    chunk.of[chunk.from + 1] = undefined
    chunk.from += 2
    if (chunk.from === chunk.to) {
      this.#firstChunk = chunk.next
      if (chunk.next === undefined) this.#lastChunk = undefined
    }
    this.#count -= 1
    return args === undefined ? (what as Message) : new Message(what as Method, args, undefined)
  }

  /** Takes the oldest of those that may be dropped. */
  drop(): Message | undefined {
    const kept: Message[] = []
    let message = this.shift()
    while (message !== undefined && !message.mayBeDropped) {
      kept.push(message)
      message = this.shift()
    }
    this.putBack(kept)
    return message
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

  /** The asks that wait, oldest first. */
  *asks(): Generator<Ask> {
    for (let message = this.#first; message !== undefined; message = message.next)
      if (message.ask !== undefined) yield message.ask
    for (let chunk = this.#firstChunk; chunk !== undefined; chunk = chunk.next)
      for (const what of chunk.of) if (what instanceof Message && what.ask !== undefined) yield what.ask
  }
}
