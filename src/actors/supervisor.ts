/**
 * Who starts actors in order, restarts those that fail, and stops them in reverse order.
 *
 *     start ─▶ children, oldest first            one thing at a time; a shutdown gets in between two attempts
 *     a child fails ─▶ due ─▶ too many? ──yes──▶ give up: stop all, end with RestartLimitError
 *                              └─no─▶ pause (backoff) ─▶ suspend whom the strategy names, last first
 *                                      ▲                 ─▶ start them again, first first ─▶ a start fails ─┐
 *                                      └────────────────────────────────────────────────────────────────────┘
 *     stop ─▶ children, newest first, each within its shutdownMs
 *
 * The rules are those of Erlang/OTP's supervisor (stdlib, supervisor.erl and its documentation); that the mailbox
 * survives a restart is Apache Pekko's. Where they are silent or trap their users, docs/guide/actors.md says what holds.
 */
import { ClosedError } from '../errors.ts'
import type { Timer } from '../runtime/seam.ts'
import { Cell } from './cell.ts'
import { ActorChild, type Child, SupervisorChild } from './child.ts'
import type { Definition } from './contract.ts'
import { type ActorClass, definitionIn } from './definition.ts'
import { NameTakenError, RestartLimitError } from './errors.ts'
import { listTree, treeText } from './live.ts'
import type { Message } from './mailbox.ts'
import { named } from './names.ts'
import { isAbnormal, type StopReason, shutdown } from './reason.ts'
import { ActorRef, type Ref } from './ref.ts'
import { type HostingPlace, hostingPlace } from './remote/place.ts'
import { RemoteChild } from './remote/remote-child.ts'
import { reportOf } from './report.ts'
import {
  type ChildSettings,
  childSettings,
  type Policy,
  policyOf,
  type StartOptions,
  type SupervisorOptions,
} from './settings.ts'
import { type System, system } from './system.ts'

/** Starts the children of a supervisor; called again at each of its restarts. */
export type Setup = (supervisor: Supervisor) => unknown

/** Makes a supervisor, whose actors end with the block (`await using`) or with `stop()`. */
export function supervisor(options: SupervisorOptions = {}): Supervisor {
  const made = new Supervisor(system(), policyOf(options), options.name ?? 'tree', undefined)
  listTree(made)
  return made
}

export class Supervisor implements AsyncDisposable {
  readonly name: string
  /** Resolves when it has ended: stopped, or given up with a RestartLimitError. Never rejects. */
  readonly ended: Promise<StopReason>
  readonly #system: System
  readonly #policy: Policy
  readonly #setup: Setup | undefined
  readonly #children = new Set<Child>()
  /** What is to be done when what is being done has ended. */
  readonly #todo: (() => Promise<void> | undefined)[] = []
  /** When children were restarted, of those strategies that count for all together. */
  readonly #restarts: number[] = []
  #busy = false
  #closing: StopReason | undefined
  #over: StopReason | undefined
  #pause: { readonly timer: Timer; readonly end: () => void } | undefined
  #resolveEnded!: (reason: StopReason) => void
  #attempts = 0
  /** Of one within another: where it tells that it gave up. */
  onEnded: ((reason: StopReason) => void) | undefined

  constructor(of: System, policy: Policy, name: string, setup: Setup | undefined) {
    this.#system = of
    this.#policy = policy
    this.name = name
    this.#setup = setup
    this.ended = new Promise(resolve => {
      this.#resolveEnded = resolve
    })
  }

  /** What it supervises, oldest first. */
  get children(): readonly Child[] {
    return [...this.#children]
  }

  /** `open`, or how far its end has come. */
  get state(): 'open' | 'stopping' | 'ended' {
    return this.#over !== undefined ? 'ended' : this.#closing !== undefined ? 'stopping' : 'open'
  }

  /** Its tree, a line for each actor: state, messages that wait, restarts, last failure. */
  toString(): string {
    return treeText(this)
  }

  get strategy(): Policy['strategy'] {
    return this.#policy.strategy
  }

  /**
   * Starts an actor under this supervisor, after those that were started before it. Arguments are passed as they are
   * here, and copied to another thread; they are kept for restarts.
   *
   * Rejects with ActorStartError when the constructor or `onStart` throws (nothing is left of the actor), with ClosedError
   * once the supervisor stops. With `startTimeoutMs`, `onStart` has an end too.
   * @throws InvalidActorError if `cls` was not declared by `actor()`
   * @throws NameTakenError, OptionError
   * @example
   *     const counter = await tree.start(Counter, [0], { restart: 'transient' })
   */
  start<T extends object, A extends readonly any[]>(
    cls: ActorClass<T, A>,
    args: Readonly<A>,
    options?: StartOptions,
  ): Promise<Ref<T>> {
    const definition = definitionIn(cls)
    const settings = childSettings(options)
    if (this.#closing !== undefined) return Promise.reject(this.#closed())
    const place = options?.on === undefined ? undefined : hostingPlace(options.on)
    if (place !== undefined) return this.#startElsewhere(definition, args, settings, place, options?.name)
    const cell = new Cell(this.#system, definition, args, undefined)
    const child = new ActorChild(cell, settings, this)
    cell.parent = child
    const ref = new ActorRef(cell, undefined)
    if (options?.name !== undefined) named(this.#system, cell, options.name, ref)
    return this.#begin(child).then(() => ref as unknown as Ref<T>)
  }

  async #startElsewhere<T extends object>(
    definition: Definition,
    args: readonly unknown[],
    settings: ChildSettings,
    place: HostingPlace,
    name: string | undefined,
  ): Promise<Ref<T>> {
    const { names } = this.#system
    if (name !== undefined && names.has(name)) throw new NameTakenError(name)
    const release = name === undefined ? undefined : () => void names.delete(name)
    const shown = name ?? `${definition.name} ${this.#system.nextNumber()}`
    const child = new RemoteChild(definition, args, settings, place, this, shown, release)
    const ref = new ActorRef(child.target, undefined)
    if (name !== undefined) names.set(name, ref)
    await this.#begin(child)
    return ref as unknown as Ref<T>
  }

  /**
   * Starts a supervisor under this one. `setup` starts its children, now and at each restart.
   * Rejects with what `setup` throws, or ClosedError.
   * @throws OptionError
   */
  async startSupervisor(options: SupervisorOptions & StartOptions = {}, setup?: Setup): Promise<Supervisor> {
    const { restart, shutdownMs = Number.POSITIVE_INFINITY, startTimeoutMs, significant, ...own } = options
    const settings = childSettings({ restart, shutdownMs, startTimeoutMs, significant } as StartOptions)
    if (this.#closing !== undefined) throw this.#closed()
    const policy = policyOf(own)
    const make = () => new Supervisor(this.#system, policy, own.name ?? 'supervisor', setup)
    const child = new SupervisorChild<Supervisor>(make, settings, this)
    await this.#begin(child)
    return child.supervisor
  }

  /** Runs `setup`. */
  async open(): Promise<void> {
    await this.#setup?.(this)
  }

  /**
   * Stops its children, newest first, each within its `shutdownMs` (a pool's all at once), and itself. Never rejects.
   * A supervisor that waits between two attempts stops at once.
   */
  stop(reason: StopReason = shutdown): Promise<void> {
    if (this.#closing === undefined) {
      this.#closing = reason
      this.#pause?.end()
      this.#todo.unshift(() => this.#shutDown(reason))
      this.#next()
    }
    return this.ended.then(() => {})
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  // ── what children tell ──

  /** A child has failed, and waits. */
  failed(child: Child, reason: StopReason, message: Message | undefined): void {
    const report = reportOf(child, reason, message)
    child.failure = reason.error instanceof Error ? reason.error.message : String(reason.error)
    this.#system.failed({
      actor: child.name,
      error: reason.error,
      during: message?.method?.name ?? 'its work',
    })
    try {
      this.#policy.onFailure?.(report)
    } catch (error) {
      this.#system.failed({ actor: this.name, error, during: 'onFailure' })
    }
    this.#do(() => this.#recover(child, reason))
  }

  /** A child has ended, and is not to come back. */
  childEnded(child: Child, reason: StopReason): void {
    if (!this.#children.delete(child) || this.#closing !== undefined) return
    if (!child.settings.significant || this.#policy.autoShutdown === 'never') return
    const others = [...this.#children].some(({ settings }) => settings.significant)
    if (this.#policy.autoShutdown === 'any' || !others) void this.stop(isAbnormal(reason) ? reason : shutdown)
  }

  // ── one thing at a time ──

  #begin(child: Child): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#do(() => {
        if (this.#closing !== undefined) {
          child.discard()
          reject(this.#closed())
          return undefined
        }
        this.#children.add(child)
        const failed = (error: unknown) => {
          this.#children.delete(child)
          child.discard()
          reject(error)
        }
        try {
          const starting = child.begin()
          if (starting === undefined) return void resolve()
          return starting.then(resolve, failed)
        } catch (error) {
          return void failed(error)
        }
      })
    })
  }

  #do(step: () => Promise<void> | undefined): void {
    this.#todo.push(step)
    this.#next()
  }

  #next(): void {
    while (!this.#busy) {
      const step = this.#todo.shift()
      if (step === undefined) return
      const going = step()
      if (going === undefined) continue
      this.#busy = true
      void going.then(() => {
        this.#busy = false
        this.#next()
      })
    }
  }

  // ── failures ──

  async #recover(failed: Child, why: StopReason): Promise<void> {
    let child = failed
    let reason = why
    while (this.#closing === undefined && child.suspended) {
      if (!this.#comesBack(child, reason)) {
        this.#children.delete(child)
        await child.end(reason, child.settings.shutdownMs)
        this.childEndedAfterFailure(child, reason)
        return
      }
      if (this.#tooMany(child)) return this.#giveUp(child, reason)
      await this.#rest()
      if (this.#closing !== undefined) return
      const affected = this.#affectedBy(child)
      await this.#suspend(affected, child, reason)
      const broken = await this.#startAgain(affected)
      if (broken === undefined) {
        this.#attempts = 0
        return
      }
      child = broken.child
      reason = { kind: 'failure', error: broken.error }
    }
  }

  childEndedAfterFailure(child: Child, reason: StopReason): void {
    if (!child.settings.significant || this.#policy.autoShutdown === 'never' || this.#closing !== undefined)
      return
    const others = [...this.#children].some(({ settings }) => settings.significant)
    if (this.#policy.autoShutdown === 'any' || !others) void this.stop(reason)
  }

  #comesBack({ settings: { restart } }: Child, reason: StopReason): boolean {
    return restart === 'permanent' || (restart === 'transient' && isAbnormal(reason))
  }

  /** Counts one more restart; whether that is more than may be. */
  #tooMany(child: Child): boolean {
    const { strategy, maxRestarts, withinMs } = this.#policy
    const restarts = strategy === 'one_for_one' || strategy === 'pool' ? child.restarts : this.#restarts
    const nowMs = this.#system.runtime.now()
    restarts.push(nowMs)
    while ((restarts[0] as number) < nowMs - withinMs) restarts.shift()
    return restarts.length > maxRestarts
  }

  async #giveUp(child: Child, reason: StopReason): Promise<void> {
    const error = new RestartLimitError(
      child.name,
      this.#policy.maxRestarts,
      this.#policy.withinMs,
      reason.error,
    )
    this.#closing = { kind: 'failure', error }
    await this.#shutDown(this.#closing)
  }

  /** Pauses before a restart, unless a shutdown comes. */
  #rest(): Promise<void> | undefined {
    const { backoff } = this.#policy
    if (backoff === undefined) return undefined
    const { runtime } = this.#system
    const delayMs = Math.min(backoff.maxMs, backoff.minMs * 2 ** this.#attempts)
    this.#attempts += 1
    return new Promise(resolve => {
      const end = () => {
        this.#pause = undefined
        timer.cancel()
        resolve()
      }
      const timer = runtime.setTimer(delayMs * (1 + backoff.jitter * runtime.random()), end)
      this.#pause = { timer, end }
    })
  }

  /** Whom a child's failure restarts, oldest first. */
  #affectedBy(child: Child): Child[] {
    switch (this.#policy.strategy) {
      case 'one_for_all':
        return [...this.#children]
      case 'rest_for_one':
        return [...this.#children].slice([...this.#children].indexOf(child))
      default:
        return [child]
    }
  }

  async #suspend(affected: readonly Child[], failed: Child, reason: StopReason): Promise<void> {
    for (const child of affected.toReversed()) {
      if (child !== failed && child.settings.restart === 'temporary') {
        this.#children.delete(child)
        await child.end(shutdown, child.settings.shutdownMs)
      } else await child.suspend(reason.error, child.settings.shutdownMs)
    }
  }

  /** Starts them in order; returns the first that does not start. */
  async #startAgain(affected: readonly Child[]): Promise<{ child: Child; error: unknown } | undefined> {
    for (const child of affected) {
      if (this.#closing !== undefined) return undefined
      if (!this.#children.has(child) || !child.suspended) continue
      try {
        await child.begin()
      } catch (error) {
        return { child, error }
      }
    }
    return undefined
  }

  // ── its end ──

  async #shutDown(reason: StopReason): Promise<void> {
    const children = [...this.#children].reverse()
    const end = async (child: Child) => {
      this.#children.delete(child)
      await child.end(shutdown, child.settings.shutdownMs)
    }
    if (this.#policy.strategy === 'pool') await Promise.all(children.map(end))
    else for (const child of children) await end(child)
    this.#over = reason
    this.#resolveEnded(reason)
    this.onEnded?.(reason)
  }

  #closed(): ClosedError {
    const why = this.#over ?? this.#closing
    return new ClosedError(
      `${this.name} starts no more actors: ${why?.error instanceof Error ? why.error.message : 'it was stopped'}.`,
    )
  }
}
