/**
 * What comes in to an actor on this thread: tells, asks, steps of streams, its own timers; and what
 * is refused.
 *
 *     message ─▶ ended, or stopping? refused ─▶ a circle of asks? refused ─▶ room? ─▶ mailbox ─▶ gets in line
 *                                                                             └─ no: by the class's policy (overflow)
 *
 * What it does with them is told in cell.ts.
 */
import { Ask, cycle } from './ask.ts'
import type { Asker, Asking, Definition, Inlet, Limits, Method, Steps } from './contract.ts'
import { currentActor } from './current.ts'
import { ActorDiedError, MailboxFullError } from './errors.ts'
import { Extras } from './extras.ts'
import { EventMessage, hardBound, Mailbox, Message, OwnMessage } from './mailbox.ts'
import type { StopReason } from './reason.ts'
import { openStream, type Streaming } from './stream.ts'
import type { DeadLetter, System } from './system.ts'

export abstract class Intake {
  readonly system: System
  readonly definition: Definition
  readonly number: number
  readonly args: readonly unknown[]
  ended: StopReason | undefined
  ref: object | undefined
  /** How often it was started; what the last instance has begun is not this one's. */
  incarnation = 0
  protected mailbox: Mailbox | undefined
  /** What few actors have, if this one does. */
  protected few: Extras | undefined

  constructor(system: System, definition: Definition, args: readonly unknown[]) {
    this.system = system
    this.definition = definition
    this.number = system.nextNumber()
    this.args = args
  }

  /** The whole actor. */
  abstract readonly self: Streaming

  /** Works on what waits, as soon as it can. */
  abstract getInLine(): void

  get name(): string {
    return this.few?.name ?? `${this.definition.name} ${this.number}`
  }

  get waiting(): number {
    return this.mailbox?.count ?? 0
  }

  /** What few actors have. */
  get extras(): Extras {
    this.few ??= new Extras(this.self)
    return this.few
  }

  get hasExtras(): boolean {
    return this.few !== undefined
  }

  *pendingAsks(): Generator<Ask> {
    const { ask } = this.self.current ?? {}
    if (ask !== undefined) yield ask
    if (this.mailbox !== undefined) yield* this.mailbox.asks()
  }

  // ── messages ──

  tell(method: Method, args: readonly unknown[]): boolean {
    if (this.ended !== undefined || this.few?.closing !== undefined) return this.#dead(method, args, 'ended')
    if (this.waiting >= this.definition.capacity && !this.#makesRoom(currentActor(), false))
      return this.#dead(method, args, 'full')
    this.#box.pushTell(method, args)
    this.getInLine()
    return true
  }

  deliver(method: Method, args: readonly unknown[], inlet: Inlet): boolean {
    if (this.ended !== undefined || this.few?.closing !== undefined) return this.#dead(method, args, 'ended')
    // What is refused has been taken too, or its sender would count it as waiting for ever.
    this.extras.muting.takeFrom(inlet)
    const { overflow, capacity } = this.definition
    const { waiting } = this
    if (waiting >= capacity) {
      if (overflow === 'drop-oldest') this.#makesRoom(undefined, false)
      else if (overflow === 'reject' || waiting >= hardBound * capacity)
        return this.#dead(method, args, 'full')
    }
    this.#box.pushTell(method, args)
    this.getInLine()
    return true
  }

  ask(method: Method, args: readonly unknown[], limits: Limits | undefined): Promise<unknown> {
    return this.askFor(method, args, limits, undefined)
  }

  askFor(
    method: Method,
    args: readonly unknown[],
    limits: Limits | undefined,
    asking: Asking | undefined,
  ): Promise<unknown> {
    const asker = asking === undefined ? currentActor() : asking.asker
    const refused = this.#refusal(asker)
    if (refused !== undefined) return Promise.reject(refused)
    const ask = new Ask(this.self, method.name, asker, asking)
    ask.limit(limits, this.system.lines)
    if (!ask.settled) this.#accept(new Message(method, args, ask))
    return ask.promise
  }

  stream(method: Method, args: readonly unknown[], limits: Limits | undefined): Steps {
    return openStream(this.self, method, args, limits)
  }

  /** Runs `run` as a message of this incarnation. */
  post(run: () => unknown): void {
    if (this.ended === undefined) this.#accept(new OwnMessage(run, this.incarnation, undefined))
  }

  hear(run: () => unknown, topic: string, event: unknown): boolean {
    const message = new EventMessage(run, this.incarnation, topic, event)
    if (this.ended !== undefined) return this.#unheard(message, 'ended')
    if (this.waiting >= this.definition.capacity && !this.#makesRoom(currentActor(), false))
      return this.#unheard(message, 'full')
    this.#accept(message)
    return true
  }

  #unheard({ topic, event }: EventMessage, reason: DeadLetter['reason']): false {
    this.system.deadLetter({ actor: this.name, method: topic, args: [event], reason })
    return false
  }

  /**
   * Asks for what `run` gives when it runs as a message of this incarnation; `what` is for
   * messages.
   */
  askOwn(
    run: () => unknown,
    what: string,
    incarnation: number,
    limits: Limits | undefined,
    asking: Asking | undefined,
  ): Promise<unknown> {
    const asker = asking === undefined ? currentActor() : asking.asker
    const refused = this.#refusal(asker)
    if (refused !== undefined) return Promise.reject(refused)
    const ask = new Ask(this.self, what, asker, asking)
    ask.limit(limits, this.system.lines)
    if (!ask.settled) this.#accept(new OwnMessage(run, incarnation, ask))
    return ask.promise
  }

  #refusal(asker: Asker | undefined): Error | undefined {
    if (this.ended !== undefined) return new ActorDiedError(this.name, this.ended, 'no')
    if (this.few?.closing !== undefined) return new ActorDiedError(this.name, this.few.closing, 'no')
    if (asker !== undefined) {
      const circle = cycle(asker, this.self)
      if (circle !== undefined) return circle
    }
    if (this.waiting < this.definition.capacity || this.#makesRoom(asker, true)) return undefined
    return new MailboxFullError(this.name, this.definition.capacity)
  }

  get #box(): Mailbox {
    this.mailbox ??= new Mailbox()
    return this.mailbox
  }

  #accept(message: Message): void {
    this.#box.push(message)
    if (message.ask !== undefined) this.few?.muting.workOn()
    this.getInLine()
  }

  /** What the actor's policy says of one more message than may wait. */
  #makesRoom(sender: Asker | undefined, asks: boolean): boolean {
    const { overflow, capacity } = this.definition
    if (overflow === 'reject' || this.waiting >= hardBound * capacity) return false
    if (overflow === 'drop-oldest') {
      const oldest = this.mailbox?.drop()
      if (oldest !== undefined) this.discard(oldest, 'full')
      return true
    }
    if (sender === undefined) return asks
    // Nobody is held up by one that is held up itself: or some could wait for each other in a
    // circle, for ever.
    const { muting } = this.extras
    if (!muting.muted && sender instanceof Intake && sender.waiting < sender.definition.capacity)
      muting.mute(sender.extras.muting)
    return true
  }

  /** Nobody will see the message: it fails, or is a dead letter. */
  discard(message: Message, why: 'ended' | 'full' | 'given up'): void {
    const { method, args, ask } = message
    if (ask !== undefined && !ask.settled) {
      ask.fail(
        why === 'full'
          ? new MailboxFullError(this.name, this.definition.capacity)
          : new ActorDiedError(this.name, this.ended as StopReason, 'no'),
      )
    }
    if (method !== undefined) this.#dead(method, args, why)
    else if (message instanceof EventMessage) this.#unheard(message, why)
  }

  #dead(method: Method, args: readonly unknown[], reason: 'ended' | 'full' | 'given up'): false {
    this.system.deadLetter({ actor: this.name, method: method.name, args, reason })
    return false
  }

  /** Puts messages before those that wait. */
  putBack(messages: readonly Message[]): void {
    this.#box.putBack(messages)
  }
}
