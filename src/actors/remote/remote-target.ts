/**
 * The near end of an actor elsewhere: what a ref of it points at here.
 *
 *     waiting ──attach──▶ attached ──end──▶ ended
 *        ▲                   │
 *        └───── lost ◀───────┘   its link broke: of a supervised actor only, which begins again; any other has ended
 *
 * What is sent while it waits is kept, up to the capacity of its mailbox, and sent when it is
 * attached. No more tells are under way than its mailbox holds: the far side says how many have
 * left it, and actors that tell more wait, as they would for an actor here.
 */
import { Ask, cycle } from '../ask.ts'
import { Cell } from '../cell.ts'
import { withinTime } from '../child.ts'
import type { Asking, Definition, Ended, Inlet, Limits, Method, Steps, Target } from '../contract.ts'
import { currentActor } from '../current.ts'
import { definitionOfNames, findDefinition } from '../definition.ts'
import { ActorDiedError, MailboxFullError } from '../errors.ts'
import { hardBound } from '../mailbox.ts'
import type { Remembered } from '../memory.ts'
import { Muting } from '../muting.ts'
import { restarting, type StopReason } from '../reason.ts'
import { type DeadLetter, type System, system } from '../system.ts'
import { Watchers } from '../watchers.ts'
import type { Request, WiredRef } from './items.ts'
import { Progress } from './progress.ts'
import { openRemoteStream, type Stepping } from './remote-steps.ts'
import type { TargetLink } from './target-link.ts'

/** A failed actor elsewhere, as its supervisor is told. */
export type OnFailed = (
  reason: StopReason,
  method: string | undefined,
  args: readonly unknown[],
  remembered: Remembered,
) => void

/** How long a worker may take to say that what it was given so much time for is done. */
const reactsWithinMs = 1_000
/** What a timer can wait. */
const longestMs = 2 ** 31 - 1

export class RemoteTarget implements Target, Stepping {
  readonly definition: Definition
  readonly name: string
  readonly system: System = system()
  ended: StopReason | undefined
  ref: object | undefined
  restart = 0
  /** Of a supervised actor: its supervisor's side. */
  onFailed: OnFailed | undefined
  /** The same, when its worker has died. */
  onLost: ((reason: StopReason) => void) | undefined
  #link: TargetLink | undefined
  /** Its number on the link. */
  number = 0
  /** What waits until it is attached. */
  #held: (() => void)[] = []
  readonly progress = new Progress()
  readonly #muting: Muting = new Muting(this)
  readonly #watchers = new Watchers()

  constructor({ name, place, ...ref }: Omit<WiredRef, 'number' | 'ours' | 'ended'>) {
    this.name = name
    this.definition = findDefinition(place) ?? definitionOfNames(place, ref)
  }

  /** One of an actor that has ended, or that this side has let go. */
  static gone(ref: WiredRef, reason: StopReason): RemoteTarget {
    const target = new RemoteTarget(ref)
    target.end(reason)
    return target
  }

  /** How many messages may wait there, as far as is known here. */
  get waiting(): number {
    return this.#held.length + this.progress.waiting
  }

  /** Beside the one that it works on, as far as is known here. */
  get shownWaiting(): number {
    return this.#link === undefined ? this.#held.length : this.progress.shown
  }

  get silentMs(): number {
    return this.#link?.holding.silence.ms ?? 0
  }

  wake(): void {}

  /** The far side knows of one that is attached. */
  get standstill(): StopReason | undefined {
    return this.#link === undefined ? restarting : undefined
  }

  reached(search: number): void {
    if (this.system.heldUps.enters(search, this)) this.#link?.held(this.number, search)
  }

  joins(restart: number): void {
    this.restart = restart
    this.#link?.joins(this.number, restart)
  }

  /** Its number on that link, if it is reached over it. */
  numberOn(link: TargetLink): number | undefined {
    return this.#link === link ? this.number : undefined
  }

  get link(): TargetLink | undefined {
    return this.#link
  }

  attach(link: TargetLink, number: number): void {
    this.#link = link
    this.number = number
    this.progress.forget()
    const held = this.#held
    this.#held = []
    for (const send of held) send()
  }

  /** So many of the tells have left its mailbox. */
  done(count: number): void {
    this.progress.done(count)
    this.#muting.relieve()
  }

  // ── messages ──

  tell(method: Method, args: readonly unknown[]): boolean {
    if (this.ended !== undefined) return this.#dead(method, args, 'ended')
    if (this.waiting >= this.definition.capacity && !this.#makesRoom())
      return this.#dead(method, args, 'full')
    this.#tell(method, args)
    return true
  }

  #tell(method: Method, args: readonly unknown[]): void {
    if (this.ended !== undefined) this.#dead(method, args, 'ended')
    else if (this.#link === undefined) this.#held.push(() => this.#tellHeld(method, args))
    else {
      this.#link.sendTell(this.number, method.name, args)
      this.progress.tell(method.name)
    }
  }

  /** Whoever told it has gone on: what can't be copied is a dead letter now, and no other's end. */
  #tellHeld(method: Method, args: readonly unknown[]): void {
    try {
      this.#tell(method, args)
    } catch (error) {
      this.#dead(method, args, 'lost')
      this.system.failed({ actor: this.name, error, during: method.name })
    }
  }

  deliver(method: Method, args: readonly unknown[], inlet: Inlet): boolean {
    if (this.ended !== undefined) return this.#dead(method, args, 'ended')
    this.#muting.takeFrom(inlet)
    const { overflow, capacity } = this.definition
    if (this.waiting >= (overflow === 'reject' ? capacity : hardBound * capacity))
      return this.#dead(method, args, 'full')
    this.#tell(method, args)
    return true
  }

  /** As a mailbox here: actors that tell too much wait, and others are refused. */
  #makesRoom(): boolean {
    const { overflow, capacity } = this.definition
    if (overflow === 'reject' || this.waiting >= hardBound * capacity) return false
    if (overflow === 'drop-oldest') return true
    const sender = currentActor()
    if (!(sender instanceof Cell)) return false
    if (sender.waiting < sender.definition.capacity) {
      const { muting } = sender.extras
      this.#muting.mute(muting)
      this.system.heldUps.watch(muting)
    }
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
    const ask = this.newAsk(method.name, limits, asking)
    this.whenAttached(ask, link => link.sendAsk(ask, this.number, method.name, args))
    return ask.promise
  }

  stream(method: Method, args: readonly unknown[], limits: Limits | undefined): Steps {
    return openRemoteStream(this, method, args, limits)
  }

  /** Sends a request of its supervisor's. Where it ends meanwhile, it may never answer. */
  request(what: string, request: Request, timeoutMs: number = Number.POSITIVE_INFINITY): Promise<unknown> {
    const ask = new Ask(this, what, undefined)
    ask.limit({ timeoutMs, signal: undefined }, this.system.lines)
    if (this.#link === undefined) ask.fail(new ActorDiedError(this.name, { kind: 'gone' }, 'no'))
    else this.#link.request(ask, request)
    const unwatch = this.watch(reason => ask.fail(new ActorDiedError(this.name, reason, 'maybe')))
    ask.promise.then(unwatch, unwatch)
    return ask.promise
  }

  newAsk(method: string, limits: Limits | undefined, asking: Asking | undefined): Ask {
    const asker = asking === undefined ? currentActor() : asking.asker
    const ask = new Ask(this, method, asker, asking)
    const circle = asker === undefined ? undefined : cycle(asker, this)
    if (circle !== undefined) ask.fail(circle)
    else ask.limit(limits, this.system.lines)
    return ask
  }

  /** What is refused here is not sent: by its path, what can't be copied. */
  whenAttached(ask: Ask, send: (link: TargetLink) => void): void {
    if (ask.settled) return
    if (this.ended !== undefined) return ask.fail(new ActorDiedError(this.name, this.ended, 'no'))
    if (this.#link === undefined) {
      if (this.#held.length >= this.definition.capacity)
        return ask.fail(new MailboxFullError(this.name, this.definition.capacity))
      this.#held.push(() => this.whenAttached(ask, send))
      return
    }
    try {
      send(this.#link)
    } catch (error) {
      ask.fail(error)
    }
  }

  exit(reason: StopReason, from: string): void {
    this.#link?.exit(this.number, reason, from)
  }

  watch(ended: Ended): () => void {
    if (this.ended !== undefined) {
      ended(this.ended)
      return () => {}
    }
    return this.#watchers.add(ended)
  }

  async stop(_reason: StopReason, queued: 'finish' | 'drop', graceMs: number): Promise<void> {
    if (this.ended !== undefined) return
    if (this.#link === undefined) return this.end({ kind: 'stop' })
    const request: Request = { op: 'stop', to: this.number, queued, graceMs: Math.min(graceMs, longestMs) }
    await this.orKill(this.request('stop', request), graceMs, true)
  }

  /**
   * Resolves with `asked`, however it ends. If nothing comes soon after `budgetMs`, its worker does
   * not react (one that has been silent for longer is given no time beyond that): the worker is
   * ended, if it is one of this side's, and this actor for good if it `ends`.
   */
  async orKill(asked: Promise<unknown>, budgetMs: number, ends: boolean): Promise<void> {
    const settled = asked.then(
      () => {},
      () => {}, // It died of something else meanwhile.
    )
    const { runtime } = this.system
    let late = false
    await withinTime(settled, runtime, budgetMs, () => {
      late = true
    })
    if (!late) return
    await withinTime(settled, runtime, Math.max(0, reactsWithinMs - this.silentMs), () => {
      if (this.onLost === undefined) return // It is not this side's to end.
      const link = this.#link
      if (link === undefined) return
      if (ends) this.end({ kind: 'killed' })
      else this.lost({ kind: 'killed' }, link)
      link.kill()
    })
  }

  // ── its end ──

  /** Its link broke. */
  lost(reason: StopReason, link: TargetLink): void {
    if (this.#link !== link) return // It lives elsewhere by now.
    if (this.onLost === undefined) return this.end(reason)
    this.#link = undefined
    this.progress.forget()
    this.#muting.relieve()
    this.onLost(reason)
  }

  end(reason: StopReason): void {
    if (this.ended !== undefined) return
    this.ended = reason
    this.#link = undefined
    const held = this.#held
    this.#held = []
    for (const send of held) send() // Each becomes a dead letter, or fails.
    this.#muting.end()
    this.#watchers.tell(reason)
  }

  #dead(method: Method, args: readonly unknown[], reason: DeadLetter['reason']): false {
    this.system.deadLetter({ actor: this.name, method: method.name, args, reason })
    return false
  }
}
