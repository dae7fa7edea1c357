/**
 * What few actors have: a name, watchers, children, timers, a context of its own, a stash, other
 * behaviour. Made when an actor first needs one of them, so that an idle one stays small.
 */

import { AbortError } from '../errors.ts'
import { unsharedContext } from '../runtime/async-context.ts'
import { withStrand } from '../runtime/strand.ts'
import type { Ended, Method, Target } from './contract.ts'
import { ActorStrand } from './current.ts'
import { InvalidActorError, MailboxFullError } from './errors.ts'
import { Incarnation } from './incarnation.ts'
import type { Children, LiveActor } from './live-actor.ts'
import { type Message, OwnMessage } from './mailbox.ts'
import type { Memory } from './memory.ts'
import { Muting } from './muting.ts'
import { inWords, type StopReason, shutdown } from './reason.ts'
import { Watchers } from './watchers.ts'

const { AsyncResource } = process.getBuiltinModule('node:async_hooks')

export class Extras {
  readonly #actor: LiveActor
  name: string | undefined
  children: Children | undefined
  /** Why it takes no more messages; it ends when those that wait are done. */
  closing: StopReason | undefined
  /** Other methods in place of the class's own. */
  behaviour: object | undefined
  /** The current message, if it is put aside instead of answered. */
  stashing: Message | undefined
  /** It has asked to stop itself, and does when the current message has ended. */
  leaving = false
  /** Is told of linked actors that end, in place of failing with them. */
  onExit: ((from: string, reason: StopReason) => unknown) | undefined
  memory: Memory | undefined
  /** Why it can't start, though its constructor or `onStart` still runs. */
  startFailure: { readonly error: unknown } | undefined
  /** Is told of that, while `onStart` is awaited. */
  onStartFailure: ((error: unknown) => void) | undefined
  /** After the current message none is taken: it is being stopped, or suspended. */
  halting = false
  readonly muting: Muting
  readonly incarnation: Incarnation
  /** Who waits for the end of the current message. */
  #idlers: (() => void)[] = []
  #links: Map<Target, () => void> | undefined
  readonly #stash: Message[] = []
  readonly #watchers = new Watchers()
  #strand: ActorStrand | undefined
  #context: InstanceType<typeof AsyncResource> | undefined
  #releaseName: (() => void) | undefined

  constructor(actor: LiveActor) {
    this.#actor = actor
    this.muting = new Muting(actor)
    this.incarnation = new Incarnation(actor, run => this.within(run))
  }

  /** Whether it takes no message now. */
  get held(): boolean {
    return this.halting || this.muting.muted
  }

  // ── its context ──

  get strand(): ActorStrand {
    this.#strand ??= new ActorStrand(this.#actor)
    return this.#strand
  }

  /** Code that runs in it is in the actor after each await too. */
  get context(): InstanceType<typeof AsyncResource> {
    this.#context ??= this.#actor.system.queue.outside(() =>
      withStrand(this.strand, () => new AsyncResource('atonce.actor')),
    )
    return unsharedContext(this.#context)
  }

  within<T>(run: () => T): T {
    return this.context.runInAsyncScope(run)
  }

  // ── its name ──

  register(name: string, release: () => void): void {
    this.name = name
    this.#releaseName = release
  }

  releaseName(): void {
    this.#releaseName?.()
    this.#releaseName = undefined
  }

  // ── who watches ──

  watch(ended: Ended): () => void {
    return this.#watchers.add(ended)
  }

  /** Links it to `other`, once; returns what takes that back. */
  link(other: Target): () => void {
    this.#links ??= new Map()
    const known = this.#links.get(other)
    if (known !== undefined) return known
    if (other.ended !== undefined) {
      this.#actor.exit({ kind: 'noproc', error: other.ended.error }, other.name)
      return () => {}
    }
    const me = this.#actor
    const theirs = other.watch(reason => {
      unlink()
      me.exit(reason, other.name)
    })
    const mine = this.watch(reason => {
      unlink()
      other.exit(reason, me.name)
    })
    const unlink = () => {
      this.#links?.delete(other)
      theirs()
      mine()
    }
    this.#links.set(other, unlink)
    return unlink
  }

  // ── what waits aside ──

  /**
   * Puts the current message aside.
   * @throws MailboxFullError at the capacity of the mailbox
   * @throws InvalidActorError in a generator method: a step of it is no message to begin again
   */
  stash(): void {
    const { current, definition, name } = this.#actor
    if (current === undefined || this.stashing === current) return
    if (current instanceof OwnMessage && current.ask !== undefined)
      throw new InvalidActorError(
        'self().stash() puts a message aside, and a generator method has begun with its first value. Await in it what it is to wait for.',
      )
    if (this.#stash.length >= definition.capacity)
      throw new MailboxFullError(`the stash of ${name}`, definition.capacity)
    this.stashing = current
    this.#stash.push(current)
  }

  /** Puts what was put aside before all that waits, in its order. */
  unstash(): void {
    this.#actor.putBack(this.#stash.splice(0))
  }

  stashed(): readonly Message[] {
    return this.#stash.splice(0)
  }

  methodOf({ name, fn }: Method): Method['fn'] {
    const other: unknown = (this.behaviour as Record<string, unknown> | undefined)?.[name]
    return typeof other === 'function' ? (other as Method['fn']) : fn
  }

  // ── its ends ──

  /**
   * What belongs to this incarnation ends: children, timers, `onStop`; the mailbox, the name and
   * the watches stay.
   */
  async leaveIncarnation(reason: StopReason, budgetMs: number): Promise<void> {
    this.incarnation.end()
    await this.#stopChildren(budgetMs)
    this.children = undefined
    await this.#within(budgetMs, this.#callOnStop(reason))
    this.#strand?.stop(reason.error ?? endOf(this.#actor, reason))
    this.#strand = undefined
    this.#context = undefined
    this.behaviour = undefined
    this.onExit = undefined
    this.stashing = undefined
    this.leaving = false
    this.halting = false
  }

  /** Resolves when its current message has ended, or after `budgetMs`; it takes no other one. */
  untilIdle(budgetMs: number): Promise<void> {
    this.halting = true
    return this.#within(budgetMs, new Promise<void>(resolve => this.#idlers.push(resolve)))
  }

  /** Its current message has ended. */
  idle(): void {
    for (const resolve of this.#idlers.splice(0)) resolve()
  }

  /** Those that take longer than their parent may are fenced with what is below them. */
  async #stopChildren(budgetMs: number): Promise<void> {
    const { children } = this
    if (children === undefined) return
    const stopping = children.stop(shutdown)
    await this.#within(budgetMs, stopping)
    children.fence()
    await stopping
  }

  #within(budgetMs: number, going: Promise<void>): Promise<void> {
    if (budgetMs === Number.POSITIVE_INFINITY) return going
    return new Promise(resolve => {
      const timer = this.#actor.system.runtime.setTimer(budgetMs, resolve)
      void going.then(() => {
        timer.cancel()
        resolve()
      })
    })
  }

  /**
   * Ends the actor within `budgetMs`: its message, its children, `onStop`; what takes longer is
   * fenced.
   */
  async endWithin(reason: StopReason, budgetMs: number, working: boolean): Promise<void> {
    const actor = this.#actor
    this.closing ??= reason
    const ended = new Promise<void>(resolve => this.watch(() => resolve()))
    if (budgetMs === 0) actor.over({ kind: 'killed' })
    else void this.#endSoon(reason, working)
    this.#fenceAfter(budgetMs)
    await ended
  }

  /** Resolves when it has ended, which is at the latest after `budgetMs`. */
  async untilEnded(budgetMs: number): Promise<void> {
    const ended = new Promise<void>(resolve => this.watch(() => resolve()))
    if (budgetMs === 0) this.#actor.over({ kind: 'killed' })
    else this.#fenceAfter(budgetMs)
    await ended
  }

  async #endSoon(reason: StopReason, working: boolean): Promise<void> {
    if (working) await this.untilIdle(Number.POSITIVE_INFINITY)
    if (this.#actor.ended !== undefined) return
    this.#actor.toStopping()
    this.incarnation.end()
    await stopBelow(this.#actor, this.children)
    await this.#callOnStop(reason)
    this.#actor.over(reason)
  }

  #fenceAfter(budgetMs: number): void {
    if (budgetMs === Number.POSITIVE_INFINITY || this.#actor.ended !== undefined) return
    const timer = this.#actor.system.runtime.setTimer(budgetMs, () => this.#actor.over({ kind: 'killed' }))
    this.watch(() => timer.cancel())
  }

  /** What it throws is a failure on the way out: told, and nothing waits for it. */
  async #callOnStop(reason: StopReason): Promise<void> {
    const { instance } = this.#actor
    const { onStop } = (instance ?? {}) as { onStop?: (reason: StopReason) => unknown }
    if (typeof onStop !== 'function') return
    try {
      await this.within(() => onStop.call(instance, reason))
    } catch (error) {
      if (this.#actor.ended !== undefined) return // It was fenced: what it waited for was given up.
      this.#actor.system.failed({ actor: this.#actor.name, error, during: 'onStop' })
    }
  }

  /** After its last state: nobody hears of it again. */
  ended(reason: StopReason): void {
    this.incarnation.end()
    this.idle()
    this.muting.end()
    void this.children?.stop({ kind: 'shutdown' }) // Of one that was fenced they still run.
    this.#strand?.stop(reason.error ?? endOf(this.#actor, reason))
    this.#watchers.tell(reason)
  }
}

/** They may wait for their parent, which works on nothing any more. */
async function stopBelow(parent: LiveActor, children: Children | undefined): Promise<void> {
  if (children !== undefined) await parent.system.impasses.during([parent], () => children.stop(shutdown))
}

/** What the waits of an instance throw that has ended. */
function endOf({ name }: LiveActor, reason: StopReason): AbortError {
  return new AbortError(`${name} waits for nothing any more: ${inWords(reason)}.`)
}
