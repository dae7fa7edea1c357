/**
 * The near end of an actor elsewhere: what a ref of it points at here.
 *
 *     waiting ──attach──▶ attached ──end──▶ ended
 *        ▲                   │
 *        └───── lost ◀───────┘   its link broke: of a supervised actor only, which begins again; any other has ended
 *
 * What is sent while it waits is kept, up to the capacity of its mailbox, and sent when it is attached.
 */
import type { Place } from '../../declared/declarations.ts'
import { Ask, cycle } from '../ask.ts'
import type { Asking, Cause, Definition, Ended, Limits, Method, Target } from '../contract.ts'
import { currentActor } from '../current.ts'
import { definitionOfNames, findDefinition } from '../definition.ts'
import { ActorDiedError, MailboxFullError } from '../errors.ts'
import type { StopReason } from '../reason.ts'
import { type System, system } from '../system.ts'
import type { Request, WiredRef } from './items.ts'

/** The link as its targets see it. */
export interface TargetLink {
  readonly broken: StopReason | undefined
  tell(to: number, method: string, args: readonly unknown[]): void
  request(ask: Ask, request: Request): void
  wire(value: unknown, root: string): { readonly value: unknown; readonly special: boolean }
  idOf(cause: Cause | undefined): number | undefined
  exit(to: number, reason: StopReason, from: string): void
}

/** A failed actor elsewhere, as its supervisor is told. */
export type OnFailed = (reason: StopReason, method: string | undefined, args: readonly unknown[]) => void

export class RemoteTarget implements Target {
  readonly definition: Definition
  readonly name: string
  readonly system: System = system()
  ended: StopReason | undefined
  /** Of a supervised actor: its supervisor's side. */
  onFailed: OnFailed | undefined
  /** The same, when its worker has died. */
  onLost: ((reason: StopReason) => void) | undefined
  #link: TargetLink | undefined
  #number = 0
  /** What waits until it is attached. */
  #held: (() => void)[] = []
  readonly #watchers = new Set<Ended>()

  constructor({ name, place, methods, streams }: Omit<WiredRef, 'number' | 'ours'>) {
    this.name = name
    this.definition = findDefinition(place) ?? definitionOfNames(place, methods, streams)
  }

  /** One of an actor that this side has let go. */
  static gone(ref: { readonly name: string; readonly place: Place } & WiredRef): RemoteTarget {
    const target = new RemoteTarget(ref)
    target.end({ kind: 'noproc' })
    return target
  }

  /** Its number on that link, if it is reached over it. */
  numberOn(link: TargetLink): number | undefined {
    return this.#link === link ? this.#number : undefined
  }

  get number(): number {
    return this.#number
  }

  get link(): TargetLink | undefined {
    return this.#link
  }

  attach(link: TargetLink, number: number): void {
    this.#link = link
    this.#number = number
    const held = this.#held
    this.#held = []
    for (const send of held) send()
  }

  // ── messages ──

  tell(method: Method, args: readonly unknown[]): boolean {
    if (this.ended !== undefined) return this.#dead(method, args, 'ended')
    if (this.#link === undefined) {
      if (this.#held.length >= this.definition.capacity) return this.#dead(method, args, 'full')
      this.#held.push(() => void this.tell(method, args))
      return true
    }
    this.#link.tell(this.#number, method.name, args)
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
    const ask = this.#newAsk(method.name, limits, asking)
    this.#whenAttached(ask, link =>
      link.request(ask, {
        op: 'ask',
        to: this.#number,
        method: method.name,
        args: link.wire(args, 'args'),
        within: link.idOf(ask.within),
      }),
    )
    return ask.promise
  }

  stream(
    method: Method,
    args: readonly unknown[],
    limits: Limits | undefined,
  ): AsyncIterableIterator<unknown> {
    let opened: Promise<unknown> | undefined
    let over = false
    const step = async (request: (link: TargetLink, ask: Ask) => Request): Promise<unknown> => {
      const ask = this.#newAsk(method.name, limits, undefined)
      this.#whenAttached(ask, link => link.request(ask, request(link, ask)))
      return await ask.promise
    }
    const advance = async (op: 'next' | 'return'): Promise<IteratorResult<unknown>> => {
      opened ??= step(link => ({
        op: 'open',
        to: this.#number,
        method: method.name,
        args: link.wire(args, 'args'),
      }))
      try {
        const stream = (await opened) as number
        const result = (await step(() => ({ op, stream }))) as IteratorResult<unknown> | undefined
        if (result === undefined || result.done === true) over = true
        return result ?? { done: true, value: undefined }
      } catch (error) {
        over = true
        throw error
      }
    }
    return {
      [Symbol.asyncIterator]() {
        return this
      },
      next: async () => (over ? { done: true, value: undefined } : advance('next')),
      async return(value?: unknown) {
        if (over || opened === undefined) return { done: true, value }
        await advance('return')
        return { done: true, value }
      },
    }
  }

  /** Sends a request of its supervisor's, without a limit of time. */
  request(what: string, request: Request): Promise<unknown> {
    const ask = new Ask(this, what, undefined)
    if (this.#link === undefined) ask.fail(new ActorDiedError(this.name, { kind: 'gone' }, 'no'))
    else this.#link.request(ask, request)
    return ask.promise
  }

  #newAsk(method: string, limits: Limits | undefined, asking: Asking | undefined): Ask {
    const asker = asking === undefined ? currentActor() : asking.asker
    const ask = new Ask(this, method, asker, asking)
    const circle = asker === undefined ? undefined : cycle(asker, this)
    if (circle !== undefined) ask.fail(circle)
    else ask.limit(limits, this.system.lines)
    return ask
  }

  /** What is refused here is not sent: by its path, what can't be copied. */
  #whenAttached(ask: Ask, send: (link: TargetLink) => void): void {
    if (ask.settled) return
    if (this.ended !== undefined) return ask.fail(new ActorDiedError(this.name, this.ended, 'no'))
    if (this.#link === undefined) {
      if (this.#held.length >= this.definition.capacity)
        return ask.fail(new MailboxFullError(this.name, this.definition.capacity))
      this.#held.push(() => this.#whenAttached(ask, send))
      return
    }
    try {
      send(this.#link)
    } catch (error) {
      ask.fail(error)
    }
  }

  exit(reason: StopReason, from: string): void {
    this.#link?.exit(this.#number, reason, from)
  }

  watch(ended: Ended): () => void {
    if (this.ended !== undefined) {
      ended(this.ended)
      return () => {}
    }
    const watcher: Ended = reason => ended(reason)
    this.#watchers.add(watcher)
    return () => void this.#watchers.delete(watcher)
  }

  async stop(_reason: StopReason, queued: 'finish' | 'drop', graceMs: number): Promise<void> {
    if (this.ended !== undefined) return
    if (this.#link === undefined) return this.end({ kind: 'stop' })
    try {
      await this.request('stop', { op: 'stop', to: this.#number, queued, graceMs })
    } catch {
      // It died of something else meanwhile.
    }
  }

  // ── its end ──

  /** Its link broke. */
  lost(reason: StopReason): void {
    if (this.onLost === undefined) return this.end(reason)
    this.#link = undefined
    this.onLost(reason)
  }

  end(reason: StopReason): void {
    if (this.ended !== undefined) return
    this.ended = reason
    this.#link = undefined
    const held = this.#held
    this.#held = []
    for (const send of held) send() // Each becomes a dead letter, or fails.
    const watchers = [...this.#watchers]
    this.#watchers.clear()
    for (const watcher of watchers) watcher(reason)
  }

  #dead(method: Method, args: readonly unknown[], reason: 'ended' | 'full'): false {
    this.system.deadLetter({ actor: this.name, method: method.name, args, reason })
    return false
  }
}
