/**
 * One actor on this thread: an instance, its mailbox, and the one message that it works on.
 *
 *     starting ──started──▶ ready ──a message──▶ busy ──its end──▶ ready
 *        │                   │ ▲                  │
 *        └─ threw: failed ◀──┘ └──── restarted ───┴─ threw in a tell, or an error it crashes on: failed
 *     any ──stop──▶ stopping: children, then onStop ──▶ ended: name free, asks failed, letters dead, watchers told
 *
 * `failed` waits for its parent, which restarts it (the mailbox stays) or ends it. Only this file writes the state.
 */

import { Ask, cycle } from './ask.ts'
import type { Asker, Asking, Definition, Ended, Inlet, Limits, Method, Target } from './contract.ts'
import { currentActor, enterActor, leaveActor } from './current.ts'
import { ActorDiedError, ActorStartError, MailboxFullError } from './errors.ts'
import { Extras } from './extras.ts'
import type { LiveActor, Parent, Shown } from './live-actor.ts'
import { Mailbox, Message, OwnMessage } from './mailbox.ts'
import { Memory } from './memory.ts'
import { isAbnormal, type StopReason, stopped } from './reason.ts'
import type { Runnable } from './run-queue.ts'
import { openStream } from './stream.ts'
import type { System } from './system.ts'

export type CellState = 'starting' | 'ready' | 'busy' | 'failed' | 'stopping' | 'ended'

/** Above so many times its capacity, a mailbox takes nothing from anybody. */
const hardBound = 16
/** What an actor may take to stop, where nobody says otherwise. */
export const usualShutdownMs = 5_000

export class Cell implements LiveActor, Runnable {
  readonly system: System
  readonly definition: Definition
  readonly number: number
  readonly args: readonly unknown[]
  parent: Parent | undefined
  /** The message that it works on. */
  current: Message | undefined
  ended: StopReason | undefined
  nextInLine: Runnable | undefined
  /** How often it was started; what the last instance has begun is not this one's. */
  incarnation = 0
  instance: object | undefined
  #state: CellState = 'starting'
  #mailbox: Mailbox | undefined
  #inLine = false
  #extras: Extras | undefined

  constructor(system: System, definition: Definition, args: readonly unknown[], parent: Parent | undefined) {
    this.system = system
    this.definition = definition
    this.number = system.nextNumber()
    this.args = args
    this.parent = parent
  }

  get self(): Target {
    return this
  }

  get name(): string {
    return this.#extras?.name ?? `${this.definition.name} ${this.number}`
  }

  get state(): CellState {
    return this.#state
  }

  get waiting(): number {
    return this.#mailbox?.count ?? 0
  }

  /** What few actors have. */
  get extras(): Extras {
    this.#extras ??= new Extras(this)
    return this.#extras
  }

  get hasExtras(): boolean {
    return this.#extras !== undefined
  }

  // ── messages ──

  tell(method: Method, args: readonly unknown[]): boolean {
    if (this.ended !== undefined || this.#extras?.closing !== undefined)
      return this.#dead(method, args, 'ended')
    if (this.waiting >= this.definition.capacity && !this.#makesRoom(currentActor(), false))
      return this.#dead(method, args, 'full')
    this.#accept(new Message(method, args, undefined))
    return true
  }

  deliver(method: Method, args: readonly unknown[], inlet: Inlet): boolean {
    if (this.ended !== undefined || this.#extras?.closing !== undefined)
      return this.#dead(method, args, 'ended')
    const { overflow, capacity } = this.definition
    const { waiting } = this
    if (waiting >= capacity) {
      if (overflow === 'drop-oldest') this.#makesRoom(undefined, false)
      else if (overflow === 'reject' || waiting >= hardBound * capacity)
        return this.#dead(method, args, 'full')
    }
    this.extras.muting.takeFrom(inlet)
    this.#accept(new Message(method, args, undefined))
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
    const ask = new Ask(this, method.name, asker, asking)
    ask.limit(limits, this.system.lines)
    if (!ask.settled) this.#accept(new Message(method, args, ask))
    return ask.promise
  }

  stream(
    method: Method,
    args: readonly unknown[],
    limits: Limits | undefined,
  ): AsyncIterableIterator<unknown> {
    return openStream(this, method, args, limits)
  }

  /** Runs `run` as a message of this incarnation. */
  post(run: () => unknown): void {
    if (this.ended === undefined) this.#accept(new OwnMessage(run, this.incarnation, undefined))
  }

  /** Asks for what `run` gives when it runs as a message of this incarnation; `what` is for messages. */
  askOwn(
    run: () => unknown,
    what: string,
    incarnation: number,
    limits: Limits | undefined,
  ): Promise<unknown> {
    const asker = currentActor()
    const refused = this.#refusal(asker)
    if (refused !== undefined) return Promise.reject(refused)
    const ask = new Ask(this, what, asker)
    ask.limit(limits, this.system.lines)
    if (!ask.settled) this.#accept(new OwnMessage(run, incarnation, ask))
    return ask.promise
  }

  #refusal(asker: Asker | undefined): Error | undefined {
    if (this.ended !== undefined) return new ActorDiedError(this.name, this.ended, 'no')
    if (this.#extras?.closing !== undefined) return new ActorDiedError(this.name, this.#extras.closing, 'no')
    if (asker !== undefined) {
      const circle = cycle(asker, this)
      if (circle !== undefined) return circle
    }
    if (this.waiting < this.definition.capacity || this.#makesRoom(asker, true)) return undefined
    return new MailboxFullError(this.name, this.definition.capacity)
  }

  #accept(message: Message): void {
    this.#mailbox ??= new Mailbox()
    this.#mailbox.push(message)
    if (message.ask !== undefined) this.#extras?.muting.workOn()
    this.#getInLine()
  }

  /** What the actor's policy says of one more message than may wait. */
  #makesRoom(sender: Asker | undefined, asks: boolean): boolean {
    const { overflow, capacity } = this.definition
    if (overflow === 'reject' || this.waiting >= hardBound * capacity) return false
    if (overflow === 'drop-oldest') {
      const oldest = this.#mailbox?.shift()
      if (oldest !== undefined) this.#discard(oldest, 'full')
      return true
    }
    if (sender === undefined) return asks
    // Nobody is held up by one that is held up itself: or some could wait for each other in a circle, for ever.
    const { muting } = this.extras
    if (!muting.muted && sender instanceof Cell && sender.waiting < sender.definition.capacity)
      muting.mute(sender.extras.muting)
    return true
  }

  // ── working ──

  #getInLine(): void {
    if (this.#inLine || this.#state !== 'ready' || this.#extras?.held === true) return
    this.#inLine = true
    this.system.queue.push(this)
  }

  /** Gets in line again, after what kept it from work has ended. */
  wake(): void {
    if (this.waiting > 0 || this.#extras?.closing !== undefined) this.#getInLine()
  }

  turn(mostMessages: number): number {
    this.#inLine = false
    let count = 0
    while (count < mostMessages && this.#state === 'ready' && this.#extras?.held !== true) {
      const message = this.#mailbox?.shift()
      if (message === undefined) {
        if (this.#extras?.closing !== undefined) void this.end(this.#extras.closing, Number.POSITIVE_INFINITY)
        break
      }
      count += 1
      this.#extras?.muting.relieve()
      this.#work(message)
    }
    this.wake()
    return count
  }

  #work(message: Message): void {
    const { method, ask } = message
    if (ask?.settled === true) return this.#discard(message, 'given up')
    if (message instanceof OwnMessage && message.incarnation !== this.incarnation)
      return ask?.fail(new ActorDiedError(this.name, { kind: 'restart' }, 'no'))
    this.current = message
    this.#state = 'busy'
    const outer = enterActor(this)
    let result: unknown
    try {
      if (method === undefined) result = this.extras.within((message as OwnMessage).run)
      else {
        const fn = this.#extras?.behaviour === undefined ? method.fn : this.#extras.methodOf(method)
        result = method.entersContext
          ? this.extras.context.runInAsyncScope(fn, this.instance, ...message.args)
          : fn.apply(this.instance, message.args as unknown[])
      }
    } catch (error) {
      leaveActor(outer)
      return this.#threw(message, error)
    }
    leaveActor(outer)
    if (isThenable(result)) {
      result.then(
        value => this.#done(message, value),
        (error: unknown) => this.#threw(message, error),
      )
    } else this.#done(message, result)
  }

  #done(message: Message, value: unknown): void {
    if (this.current !== message) return // It was fenced or restarted meanwhile.
    this.current = undefined
    this.#state = 'ready'
    if (this.#extras?.stashing === message) this.#extras.stashing = undefined
    else message.ask?.answer(value)
    if (this.definition.remember > 0) this.memory?.note(message.method?.name ?? 'a timer', message.args)
    if (this.#extras !== undefined) {
      if (this.#extras.halting) this.#extras.idle()
      else if (this.#extras.leaving) return this.#leave()
    }
    this.wake()
  }

  /** It has asked to stop itself: what waits is for the next instance, if there is to be one. */
  #leave(): void {
    const extras = this.extras
    extras.leaving = false
    if (this.parent?.keeps(stopped) === true) {
      this.#state = 'failed'
      this.parent.failed(this, stopped, undefined)
    } else {
      extras.closing ??= stopped
      this.wake()
    }
  }

  #threw(message: Message, error: unknown): void {
    if (this.current !== message) return
    const { ask } = message
    ask?.fail(error)
    if (ask !== undefined && !this.definition.crashOn.some(cls => error instanceof cls)) {
      this.current = undefined
      this.#state = 'ready'
      if (this.#extras?.halting === true) this.#extras.idle()
      else if (this.#extras?.leaving === true) return this.#leave()
      return this.wake()
    }
    this.fail(error)
  }

  // ── life ──

  /**
   * Makes a new instance and starts it; the mailbox stays. Returns a promise only if `onStart` does.
   * @throws ActorStartError, at once or by the promise
   */
  start(): Promise<void> | undefined {
    this.#state = 'starting'
    this.incarnation += 1
    const { incarnation } = this
    const outer = enterActor(this)
    let starting: unknown
    try {
      this.instance = new this.definition.make(...this.args)
      const { onStart } = this.instance as { onStart?: unknown }
      if (typeof onStart === 'function') starting = this.extras.within(() => onStart.call(this.instance))
    } catch (error) {
      throw this.#notStarted(error)
    } finally {
      leaveActor(outer)
    }
    if (!isThenable(starting)) {
      this.#started()
      return undefined
    }
    return Promise.resolve(starting).then(
      () => {
        if (this.incarnation === incarnation && this.#state === 'starting') this.#started()
      },
      error => {
        throw this.#notStarted(error)
      },
    )
  }

  #started(): void {
    this.#state = 'ready'
    if (this.definition.remember > 0)
      this.extras.memory = new Memory(this.definition.remember, this.instance as object)
    if (this.#extras?.leaving === true) return this.#leave()
    this.wake()
  }

  /** An instance that did not start has no `onStop` to be called. */
  #notStarted(error: unknown): ActorStartError {
    this.instance = undefined
    if (this.#state === 'starting') this.#state = 'failed'
    return new ActorStartError(this.name, error)
  }

  /** It can't go on: its parent decides. Without one, it ends. */
  fail(error: unknown): void {
    if (this.#state === 'ended' || this.#state === 'stopping' || this.#state === 'failed') return
    const message = this.current
    this.current = undefined
    if (this.#extras?.halting === true) return this.#extras.idle() // It is being stopped already.
    this.#state = 'failed'
    message?.ask?.giveUp(new ActorDiedError(this.name, { kind: 'failure', error }, 'maybe'))
    if (this.parent === undefined) void this.end({ kind: 'failure', error }, usualShutdownMs)
    else this.parent.failed(this, { kind: 'failure', error }, message)
  }

  /**
   * Ends what belongs to this instance only: its message, its children, `onStop`, all within `budgetMs`. The mailbox and
   * the ref wait for `start`.
   */
  async suspend(error: unknown, budgetMs: number): Promise<void> {
    if (this.#isEnding()) return
    if (this.current !== undefined) await this.extras.untilIdle(budgetMs)
    if (this.#isEnding()) return
    const { current } = this
    this.current = undefined
    current?.ask?.giveUp(new ActorDiedError(this.name, { kind: 'restart', error }, 'maybe'))
    this.#state = 'failed'
    if (this.#extras !== undefined || hasOnStop(this.instance))
      await this.extras.leaveIncarnation({ kind: 'restart', error }, budgetMs)
    this.instance = undefined // It has ended: a second failure has nothing of it to end.
  }

  #isEnding(): boolean {
    return this.#state === 'ended' || this.#state === 'stopping'
  }

  /** Goes on with what waits, as the instance that failed; false if there is none. */
  resume(): boolean {
    if (this.#state !== 'failed' || this.instance === undefined) return false
    this.#state = 'ready'
    this.wake()
    return true
  }

  /** Its `onStart` takes too long: what it comes to is nobody's business any more. */
  giveUpStart(): void {
    if (this.#state !== 'starting') return
    this.incarnation += 1
    this.#state = 'failed'
  }

  /** What it did last; only where its class asks for that. */
  get memory(): Memory | undefined {
    return this.#extras?.memory
  }

  /** What it has started. */
  get children(): readonly Shown[] {
    return this.#extras?.children?.children ?? []
  }

  /** One that it is linked to has ended. */
  exit(reason: StopReason, from: string): void {
    if (this.ended !== undefined) return
    const { onExit } = this.extras
    if (onExit !== undefined) this.post(() => onExit(from, reason))
    else if (isAbnormal(reason) || reason.kind === 'noproc')
      this.fail(new ActorDiedError(from, reason, 'maybe'))
  }

  async stop(reason: StopReason, queued: 'finish' | 'drop', graceMs: number): Promise<void> {
    if (this.ended !== undefined) return
    if (queued === 'drop') return this.end(reason, graceMs)
    this.extras.closing ??= reason
    this.extras.muting.workOn() // The last that it does must not wait for others' room.
    this.wake()
    await this.extras.untilEnded(graceMs)
  }

  /**
   * Ends it: lets the current message finish, stops its children, calls `onStop`, all within `budgetMs`; then it is
   * fenced. Resolves when it has ended.
   */
  end(reason: StopReason, budgetMs: number): Promise<void> | undefined {
    if (this.ended !== undefined) return undefined
    if (this.#state === 'stopping') return this.extras.untilEnded(budgetMs)
    const working = this.current !== undefined
    if (!working && this.#extras === undefined && !hasOnStop(this.instance)) {
      this.#state = 'stopping'
      this.#over(reason)
      return undefined
    }
    return this.extras.endWithin(reason, budgetMs, working)
  }

  /** For `extras` alone, which ends the actor step by step. */
  toStopping(): void {
    this.#state = 'stopping'
  }

  /** The end, whatever came before. */
  over(reason: StopReason): void {
    if (this.#state !== 'ended') this.#over(reason)
  }

  #over(reason: StopReason): void {
    this.#state = 'ended'
    this.ended = reason
    this.#extras?.releaseName()
    const { current } = this
    this.current = undefined
    current?.ask?.giveUp(new ActorDiedError(this.name, reason, 'maybe'))
    const left = [...(this.#extras?.stashed() ?? []), ...(this.#mailbox ?? [])]
    this.#mailbox = undefined
    for (const message of left) this.#discard(message, 'ended')
    this.#extras?.ended(reason)
    this.instance = undefined
    const { parent } = this
    this.parent = undefined
    parent?.ended(this, reason)
  }

  watch(ended: Ended): () => void {
    if (this.ended !== undefined) {
      ended(this.ended)
      return () => {}
    }
    return this.extras.watch(ended)
  }

  #discard(message: Message, why: 'ended' | 'full' | 'given up'): void {
    const { method, args, ask } = message
    if (ask !== undefined && !ask.settled) {
      ask.fail(
        why === 'full'
          ? new MailboxFullError(this.name, this.definition.capacity)
          : new ActorDiedError(this.name, this.ended as StopReason, 'no'),
      )
    }
    if (method !== undefined) this.#dead(method, args, why)
  }

  #dead(method: Method, args: readonly unknown[], reason: 'ended' | 'full' | 'given up'): false {
    this.system.deadLetter({ actor: this.name, method: method.name, args, reason })
    return false
  }

  onLeaving(left: () => void): void {
    this.extras.onLeaving(left)
  }

  /** Puts messages before those that wait. */
  putBack(messages: readonly Message[]): void {
    this.#mailbox ??= new Mailbox()
    this.#mailbox.putBack(messages)
  }
}

function hasOnStop(instance: object | undefined): boolean {
  return typeof (instance as { onStop?: unknown } | undefined)?.onStop === 'function'
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  )
}
