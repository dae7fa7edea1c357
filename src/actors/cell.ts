/**
 * One actor on this thread: an instance, its mailbox, and the one message that it works on.
 *
 *     starting ──started──▶ ready ──a message──▶ busy ──its end──▶ ready
 *        │                   │ ▲                  │
 *        └─ threw: failed ◀──┘ └──── restarted ───┴─ threw in a tell, or an error it crashes on: failed
 *     any ──stop──▶ stopping: children, then onStop ──▶ ended: name free, asks failed, letters dead, watchers told
 *
 * `failed` waits for its parent, which restarts it (the mailbox stays) or ends it. Only this file
 * writes the state.
 */

import { ThrownValueError } from '../errors.ts'
import { isThenable, onSettled } from '../task/thenable.ts'
import { describeThrown, isError } from '../thrown.ts'
import type { Definition, Ended } from './contract.ts'
import { enterActor, leaveActor } from './current.ts'
import { ActorDiedError, ActorStartError, LinkedActorError } from './errors.ts'
import { Intake } from './intake.ts'
import type { LiveActor, Member, Parent } from './live-actor.ts'
import { type Message, OwnMessage } from './mailbox.ts'
import { Memory } from './memory.ts'
import { isA, isAbnormal, restarting, type StopReason, shutdown, stopped } from './reason.ts'
import type { Runnable } from './run-queue.ts'
import type { System } from './system.ts'

export type CellState = 'starting' | 'ready' | 'busy' | 'failed' | 'stopping' | 'ended'

/** What an actor may take to stop, where nobody says otherwise. */
export const usualShutdownMs = 5_000

export class Cell extends Intake implements LiveActor, Runnable {
  parent: Parent | undefined
  /** The message that it works on. */
  current: Message | undefined
  nextInLine: Runnable | undefined
  instance: object | undefined
  /** The last number that a supervisor gave which held or awaited it; see impasse.ts. */
  restart = 0
  /** Whether it has had something to do since the last look. */
  stirring = false
  #state: CellState = 'starting'
  #inLine = false

  constructor(system: System, definition: Definition, args: readonly unknown[], parent: Parent | undefined) {
    super(system, definition, args)
    this.parent = parent
  }

  override get self(): this {
    return this
  }

  get state(): CellState {
    return this.#state
  }

  get silentMs(): number {
    return 0
  }

  get standstill(): StopReason | undefined {
    if (this.#state === 'failed') return restarting
    return this.#state === 'stopping' ? (this.few?.closing ?? shutdown) : undefined
  }

  reached(search: number): void {
    this.few?.muting.reached(search)
  }

  joins(restart: number): void {
    this.restart = restart
    for (const child of this.children) child.joins(restart)
  }

  // ── working ──

  override getInLine(): void {
    if (this.#inLine || this.#state !== 'ready' || this.few?.held === true) return
    this.#inLine = true
    this.system.queue.push(this)
    if (!this.stirring) this.system.stirs?.(this)
  }

  /** Gets in line again, after what kept it from work has ended. */
  wake(): void {
    if (this.waiting > 0 || this.few?.closing !== undefined) this.getInLine()
  }

  turn(mostMessages: number): number {
    this.#inLine = false
    let count = 0
    while (count < mostMessages && this.#state === 'ready' && this.few?.held !== true) {
      const message = this.mailbox?.shift()
      if (message === undefined) {
        if (this.few?.closing !== undefined) void this.end(this.few.closing, Number.POSITIVE_INFINITY)
        break
      }
      count += 1
      this.few?.muting.relieve()
      this.#work(message)
    }
    this.wake()
    return count
  }

  #work(message: Message): void {
    const { method, ask } = message
    if (ask?.settled === true) return this.discard(message, 'given up')
    if (message instanceof OwnMessage && message.incarnation !== this.incarnation)
      return ask?.fail(new ActorDiedError(this.name, { kind: 'restart' }, 'no'))
    this.current = message
    this.#state = 'busy'
    const outer = enterActor(this)
    let result: unknown
    try {
      if (method === undefined) result = this.extras.within((message as OwnMessage).run)
      else {
        const fn = this.few?.behaviour === undefined ? method.fn : this.few.methodOf(method)
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
      onSettled(
        result,
        value => this.#done(message, value),
        error => this.#threw(message, error),
      )
    } else this.#done(message, result)
  }

  #done(message: Message, value: unknown): void {
    if (this.current !== message) return // It was fenced or restarted meanwhile.
    this.current = undefined
    this.#state = 'ready'
    if (this.few?.stashing === message) this.few.stashing = undefined
    else message.ask?.answer(value)
    if (this.definition.remember > 0) this.memory?.note(message.method?.name ?? 'a timer', message.args)
    if (this.few !== undefined) {
      if (this.few.halting) this.few.idle()
      else if (this.few.leaving) return this.#leave()
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
    ask?.fail(isError(error) ? error : new ThrownValueError(error, describeThrown(error)))
    if (ask !== undefined && !this.definition.crashOn.some(cls => isA(error, cls))) {
      this.current = undefined
      this.#state = 'ready'
      if (this.few?.halting === true) this.few.idle()
      else if (this.few?.leaving === true) return this.#leave()
      return this.wake()
    }
    this.fail(error)
  }

  // ── life ──

  /**
   * Makes a new instance and starts it; the mailbox stays. Returns a promise only if `onStart`
   * does.
   * @throws ActorStartError, at once or by the promise
   */
  start(): Promise<void> | undefined {
    if (this.#isEnding()) return this.#refuseStart()
    this.#state = 'starting'
    this.incarnation += 1
    const { incarnation } = this
    const outer = enterActor(this)
    let starting: unknown
    try {
      this.instance = new this.definition.make(...this.args)
      const { onStart } = this.instance as { onStart?: unknown }
      if (typeof onStart === 'function' && this.#state === 'starting')
        starting = this.extras.within(() => onStart.call(this.instance))
    } catch (error) {
      throw this.#notStarted(error, incarnation)
    } finally {
      leaveActor(outer)
    }
    const failure = this.few?.startFailure
    if (failure !== undefined) {
      if (isThenable(starting)) onSettled(starting, nothing, nothing)
      throw this.#notStarted(failure.error, incarnation)
    }
    if (!isThenable(starting)) {
      this.#started(incarnation)
      return undefined
    }
    return new Promise((resolve, reject) => {
      const failed = (error: unknown) => reject(this.#notStarted(error, incarnation))
      this.extras.onStartFailure = failed
      onSettled(
        starting,
        () => {
          this.#started(incarnation)
          resolve()
        },
        failed,
      )
    })
  }

  /** It was stopped while its supervisor, elsewhere, was about to begin it again: it stays so. */
  async #refuseStart(): Promise<void> {
    await this.end(shutdown, Number.POSITIVE_INFINITY)
    throw new ActorStartError(this.name, new ActorDiedError(this.name, this.ended as StopReason, 'no'))
  }

  /** What an earlier instance's `onStart` comes to is nobody's business any more. */
  #started(incarnation: number): void {
    if (this.incarnation !== incarnation || this.#state !== 'starting') return
    this.#state = 'ready'
    this.#startIsOver()
    if (this.definition.remember > 0)
      this.extras.memory = new Memory(this.definition.remember, this.instance as object)
    if (this.few?.leaving === true) return this.#leave()
    this.wake()
  }

  /** An instance that did not start has no `onStop` to be called. */
  #notStarted(error: unknown, incarnation: number): ActorStartError {
    if (this.incarnation === incarnation) {
      this.instance = undefined
      this.#startIsOver()
      if (this.#state === 'starting') this.#state = 'failed'
    }
    return new ActorStartError(this.name, error)
  }

  #startIsOver(): void {
    if (this.few === undefined) return
    this.few.startFailure = undefined
    this.few.onStartFailure = undefined
  }

  /** One that it is linked to has ended, or its children have given up, before it was started. */
  #failStart(error: unknown): void {
    this.#state = 'failed'
    const { onStartFailure } = this.extras
    if (onStartFailure === undefined) this.extras.startFailure = { error }
    else onStartFailure(error)
  }

  /** It can't go on: its parent decides. Without one, it ends. */
  fail(error: unknown): void {
    if (this.#state === 'ended' || this.#state === 'stopping' || this.#state === 'failed') return
    if (this.#state === 'starting') return this.#failStart(error)
    const message = this.current
    this.current = undefined
    if (this.few?.halting === true) return this.few.idle() // It is being stopped already.
    this.#state = 'failed'
    message?.ask?.giveUp(new ActorDiedError(this.name, { kind: 'failure', error }, 'maybe'))
    if (this.parent === undefined) void this.end({ kind: 'failure', error }, usualShutdownMs)
    else this.parent.failed(this, { kind: 'failure', error }, message)
  }

  /**
   * Ends what belongs to this instance only: its message, its children, `onStop`, all within
   * `budgetMs`. The mailbox and the ref wait for `start`.
   */
  async suspend(error: unknown, budgetMs: number): Promise<void> {
    if (this.#isEnding()) return
    if (this.current !== undefined) await this.extras.untilIdle(budgetMs)
    if (this.#isEnding()) return
    const { current } = this
    this.current = undefined
    current?.ask?.giveUp(new ActorDiedError(this.name, { kind: 'restart', error }, 'maybe'))
    this.#state = 'failed'
    if (this.few !== undefined || hasOnStop(this.instance))
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
    return this.few?.memory
  }

  /** What it has started. */
  get children(): readonly Member[] {
    return this.few?.children?.children ?? []
  }

  /** One that it is linked to has ended. */
  exit(reason: StopReason, from: string): void {
    if (this.ended !== undefined) return
    const { onExit } = this.extras
    if (onExit !== undefined) this.post(() => onExit(from, reason))
    else if (isAbnormal(reason) || reason.kind === 'noproc') this.fail(new LinkedActorError(from, reason))
  }

  async stop(reason: StopReason, queued: 'finish' | 'drop', graceMs: number): Promise<void> {
    if (this.ended !== undefined) return
    // One that waits to be restarted, and would do nothing then but stop.
    const isDone = this.#state === 'failed' && this.instance === undefined && this.waiting === 0
    if (queued === 'drop' || isDone) return this.end(reason, graceMs)
    this.extras.closing ??= reason
    this.extras.muting.workOn() // The last that it does must not wait for others' room.
    this.wake()
    await this.extras.untilEnded(graceMs)
  }

  /**
   * Ends it: lets the current message finish, stops its children, calls `onStop`, all within
   * `budgetMs`; then it is fenced. Resolves when it has ended.
   */
  end(reason: StopReason, budgetMs: number): Promise<void> | undefined {
    if (this.ended !== undefined) return undefined
    if (this.#state === 'stopping') return this.extras.untilEnded(budgetMs)
    const working = this.current !== undefined
    if (!working && this.few === undefined && !hasOnStop(this.instance)) {
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
    this.few?.releaseName()
    const { current } = this
    this.current = undefined
    current?.ask?.giveUp(new ActorDiedError(this.name, reason, 'maybe'))
    const { mailbox } = this
    this.mailbox = undefined
    for (const message of this.few?.stashed() ?? []) this.discard(message, 'ended')
    for (let left = mailbox?.shift(); left !== undefined; left = mailbox?.shift()) this.discard(left, 'ended')
    this.few?.ended(reason)
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

  onLeaving(left: () => void): () => void {
    return this.extras.incarnation.onLeaving(left)
  }
}

function nothing(): void {}

function hasOnStop(instance: object | undefined): boolean {
  return typeof (instance as { onStop?: unknown } | undefined)?.onStop === 'function'
}
