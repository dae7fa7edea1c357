/**
 * Who starts actors in order, restarts those that fail, and stops them in reverse order.
 *
 *     start ─▶ children, oldest first            one thing at a time; a shutdown gets in between two attempts
 *     a child fails ─▶ due ─▶ too many? ──yes──▶ give up: stop all, end with RestartLimitError
 *                       ▲      └─no─▶ suspend whom the strategy names, last first ─▶ pause (backoff; others go on)
 *                       │             ─▶ start them again, first first ─▶ a start fails ─▶ others have their turn ─┐
 *                       └─────────────────────────────────────────────────────────────────────────────────────────┘
 *     stop ─▶ children, newest first, each within its shutdownMs
 *
 * The rules are those of Erlang/OTP's supervisor (stdlib, supervisor.erl and its documentation);
 * that the mailbox survives a restart is Apache Pekko's. Where they are silent or trap their users,
 * docs/guide/actors.md says what holds.
 */
import { ClosedError } from '../errors.ts'
import { Cell } from './cell.ts'
import { ActorChild, type Child, type OnEnded, SupervisorChild } from './child.ts'
import { ChildList } from './child-list.ts'
import type { Definition } from './contract.ts'
import { type ActorClass, definitionIn } from './definition.ts'
import { NameTakenError, RestartLimitError } from './errors.ts'
import { historyOf, whyOf, withFailure } from './history.ts'
import { listTree, treeText } from './live.ts'
import type { Message } from './mailbox.ts'
import { named } from './names.ts'
import { OneByOne } from './one-by-one.ts'
import { inShort, isAbnormal, type StopReason, shutdown } from './reason.ts'
import { type Ref, refTo } from './ref.ts'
import { type HostingPlace, hostingPlace } from './remote/place.ts'
import { RemoteChild } from './remote/remote-child.ts'
import { reportOf } from './report.ts'
import { Restarts } from './restarts.ts'
import {
  type ChildSettings,
  childSettings,
  type Policy,
  policyOf,
  type StartOptions,
  type SupervisorOptions,
  type Verdict,
  verdictOn,
} from './settings.ts'
import { type System, system } from './system.ts'

/** Starts the children of a supervisor; called again at each of its restarts. */
export type Setup = (supervisor: Supervisor) => unknown

const forEver = Number.POSITIVE_INFINITY

/** Makes a supervisor, whose actors end with the block (`await using`) or with `stop()`. */
export function supervisor(options: SupervisorOptions = {}): Supervisor {
  const made = new Supervisor(system(), policyOf(options), options.name ?? 'tree', undefined)
  listTree(made)
  return made
}

/**
 * Starts actors, restarts those that fail, and fails itself when they do so too often. Made by
 * `supervisor()`.
 */
export class Supervisor implements AsyncDisposable {
  readonly name: string
  /** Resolves when it has ended: stopped, or given up with a RestartLimitError. Never rejects. */
  readonly ended: Promise<StopReason>
  readonly #system: System
  readonly #policy: Policy
  readonly #setup: Setup | undefined
  readonly #children = new ChildList<Child>()
  readonly #steps = new OneByOne()
  readonly #restarts: Restarts
  /** Why those failed that nothing was done about yet: it is their end, if no restart follows. */
  readonly #failing = new Map<Child, StopReason>()
  #closing: StopReason | undefined
  #over: StopReason | undefined
  #byItself = true
  #resolveEnded!: (reason: StopReason) => void
  /** Of one within another: where it tells that it gave up. */
  onEnded: OnEnded | undefined

  constructor(of: System, policy: Policy, name: string, setup: Setup | undefined) {
    this.#system = of
    this.#policy = policy
    this.#restarts = new Restarts(policy, of.runtime)
    this.name = name
    this.#setup = setup
    this.ended = new Promise(resolve => {
      this.#resolveEnded = resolve
    })
  }

  /** What it supervises, oldest first. */
  get children(): readonly Child[] {
    return this.#children.all()
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
   * Starts an actor under this supervisor, after those that were started before it. Arguments are
   * passed as they are here, and copied to another thread; they are kept for restarts.
   *
   * Rejects with ActorStartError when the constructor or `onStart` throws (nothing is left of the
   * actor), with ClosedError once the supervisor stops or the executor is closed, with
   * InvalidActorError if `cls` was not declared by `actor()`, with NameTakenError, OptionError.
   * With `startTimeoutMs`, `onStart` has an end too. Never throws.
   * @example
   *     const counter = await tree.start(Counter, [0], { restart: 'transient' })
   */
  start<T extends object, A extends readonly any[]>(
    cls: ActorClass<T, A>,
    args: Readonly<A>,
    options?: StartOptions,
  ): Promise<Ref<T>> {
    try {
      const definition = definitionIn(cls)
      const settings = childSettings(options)
      if (this.#closing !== undefined) throw this.#closed()
      const place = options?.on === undefined ? undefined : hostingPlace(options.on)
      if (place !== undefined) return this.#startElsewhere(definition, args, settings, place, options?.name)
      const cell = new Cell(this.#system, definition, args, undefined)
      const child = new ActorChild(cell, settings, this)
      cell.parent = child
      const ref = refTo(cell)
      if (options?.name !== undefined) named(this.#system, cell, options.name, ref)
      return this.#begin(child).then(() => ref as unknown as Ref<T>)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async #startElsewhere<T extends object>(
    definition: Definition,
    args: readonly unknown[],
    settings: ChildSettings,
    place: HostingPlace,
    name: string | undefined,
  ): Promise<Ref<T>> {
    place.checkOpen()
    const { names } = this.#system
    if (name !== undefined && names.has(name)) throw new NameTakenError(name)
    const release = name === undefined ? undefined : () => void names.delete(name)
    const shown = name ?? `${definition.name} ${this.#system.nextNumber()}`
    const child = new RemoteChild(definition, args, settings, place, this, shown, release)
    const ref = refTo(child.target)
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
    const { restart, significant, shutdownMs = forEver, startTimeoutMs = forEver, ...own } = options
    const settings = childSettings({ restart, shutdownMs, startTimeoutMs, significant } as StartOptions)
    if (this.#closing !== undefined) throw this.#closed()
    const policy = policyOf(own)
    const make = () => new Supervisor(this.#system, policy, own.name ?? 'supervisor', setup)
    const child = new SupervisorChild<Supervisor>(make, settings, this, this.#system.runtime)
    await this.#begin(child)
    return child.supervisor
  }

  /** Runs `setup`. */
  async open(): Promise<void> {
    await this.#setup?.(this)
  }

  /**
   * Stops its children, newest first, each within its `shutdownMs` (a pool's all at once), and
   * itself. Never rejects. A supervisor that waits between two attempts stops at once.
   */
  stop(reason: StopReason = shutdown): Promise<void> {
    return this.#stop(reason, false)
  }

  #stop(reason: StopReason, byItself: boolean): Promise<void> {
    if (this.#closing === undefined) {
      this.#closing = reason
      this.#byItself = byItself
      this.#steps.doNext(() => this.#shutDown(reason))
    }
    return this.ended.then(() => {})
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  // ── what children tell ──

  /** A child has failed, and waits. */
  failed(child: Child, reason: StopReason, message: Message | undefined): void {
    this.#report(child, reason, message)
    this.#failing.set(child, reason)
    this.#steps.do(() => this.#recover(child, reason))
  }

  #report(child: Child, reason: StopReason, message: Message | undefined): void {
    const report = reportOf(child, reason, message)
    child.failures = withFailure(child, reason, message?.method?.name)
    this.#system.failed({
      actor: child.name,
      error: reason.error ?? whyOf(reason),
      during: message?.method?.name ?? 'its work',
    })
    try {
      this.#policy.onFailure?.(report)
    } catch (error) {
      this.#system.failed({ actor: this.name, error, during: 'onFailure' })
    }
  }

  /** A child has ended, and is not to come back. */
  childEnded(child: Child, reason: StopReason): void {
    if (this.#children.delete(child)) this.#endWith(child, reason)
  }

  /** Ends by itself, if the end of that child is to be its own. */
  #endWith({ settings }: Child, reason: StopReason): void {
    const { autoShutdown } = this.#policy
    if (!settings.significant || autoShutdown === 'never' || this.#closing !== undefined) return
    if (autoShutdown === 'any' || this.#children.significant === 0)
      void this.#stop(isAbnormal(reason) ? reason : shutdown, true)
  }

  #begin(child: Child): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#steps.do(() => {
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

  // ── failures ──

  async #recover(child: Child, reason: StopReason): Promise<void> {
    if (this.#closing !== undefined) return
    this.#failing.delete(child)
    if (!child.suspended || !this.#children.has(child) || this.#restarts.holds(child)) return
    switch (reason.kind === 'failure' ? this.#verdictOn(child, reason.error) : 'restart') {
      case 'stop':
        return this.#letGo(child, reason)
      case 'escalate':
        return this.#fail(child, reason, reason)
      case 'resume':
        if (await child.resume()) return
    }
    if (!this.#comesBack(child, reason)) return this.#letGo(child, reason)
    if (this.#restarts.tooMany(child)) return this.#giveUp(child, reason)
    const affected = this.#affectedBy(child)
    for (const one of affected) one.isRestarting = one === child || one.settings.restart !== 'temporary'
    await this.#suspend(affected, child, reason)
    const delayMs = this.#restarts.pauseOf(child)
    if (delayMs === undefined) return this.#startAgain(child)
    // Others have their turn meanwhile: each child pauses by itself.
    this.#restarts.pause(child, delayMs, affected, isDue =>
      this.#steps.do(() => (isDue() ? this.#startAgain(child) : undefined)),
    )
  }

  #verdictOn({ settings }: Child, error: unknown): Verdict {
    return verdictOn(error, settings.onError, this.#policy.onError)
  }

  async #letGo(child: Child, reason: StopReason): Promise<void> {
    this.#children.delete(child)
    await this.#system.impasses.during([child], async () => child.end(reason, child.settings.shutdownMs))
    this.#endWith(child, reason)
  }

  #comesBack({ settings: { restart } }: Child, reason: StopReason): boolean {
    return restart === 'permanent' || (restart === 'transient' && isAbnormal(reason))
  }

  #giveUp(child: Child, reason: StopReason): Promise<void> {
    const history = historyOf(this.#restarts.countsFor(child, this.children))
    const error = new RestartLimitError(child.name, this.#policy, history, reason.error)
    return this.#fail(child, reason, { kind: 'failure', error })
  }

  /** The child ends as it has failed, and then the others. */
  #fail(child: Child, its: StopReason, reason: StopReason): Promise<void> {
    this.#failing.set(child, its)
    this.#closing = reason
    return this.#shutDown(reason)
  }

  /** Whom a child's failure restarts, oldest first. */
  #affectedBy(child: Child): Child[] {
    switch (this.#policy.strategy) {
      case 'one_for_all':
        return this.#children.all()
      case 'rest_for_one':
        return this.#children.from(child)
      default:
        return [child]
    }
  }

  #suspend(affected: readonly Child[], failed: Child, reason: StopReason): Promise<void> {
    return this.#system.impasses.during(affected, async () => {
      for (const child of affected.toReversed()) {
        if (child !== failed && child.settings.restart === 'temporary') {
          this.#children.delete(child)
          await child.end(shutdown, child.settings.shutdownMs)
        } else await child.suspend(reason.error, child.settings.shutdownMs)
      }
    })
  }

  /**
   * Starts those that a failure of `child` has suspended, in order; one that does not start is the
   * next failure.
   */
  async #startAgain(child: Child): Promise<void> {
    if (!child.suspended || !this.#children.has(child)) return
    const affected = this.#affectedBy(child)
    await this.#system.impasses.during(affected, async () => {
      for (const one of affected) {
        if (this.#closing !== undefined) return
        if (!this.#children.has(one) || !one.suspended) continue
        this.#failing.delete(one)
        one.restarts += 1
        try {
          await one.begin()
          one.isRestarting = false
        } catch (error) {
          if (!this.#children.has(one)) continue // It was stopped meanwhile.
          const reason: StopReason = { kind: 'failure', error }
          this.#report(one, reason, undefined)
          return this.#tryAgainSoon(one, reason)
        }
      }
    })
  }

  /**
   * After the others have had their turn, and the event loop: a child that never starts must not
   * hold up either.
   */
  #tryAgainSoon(child: Child, reason: StopReason): void {
    void this.#system.runtime.yieldToLoop().then(() => this.#steps.do(() => this.#recover(child, reason)))
  }

  // ── its end ──

  async #shutDown(reason: StopReason): Promise<void> {
    const failedFirst = (one: Child) => (this.#failing.has(one) ? 0 : 1)
    const children = this.#children
      .all()
      .reverse()
      .sort((one, other) => failedFirst(one) - failedFirst(other))
    this.#restarts.endPauses()
    const end = async (child: Child) => {
      await child.end(this.#failing.get(child) ?? shutdown, child.settings.shutdownMs)
      this.#children.delete(child)
    }
    await this.#system.impasses.during(children, async () => {
      if (this.#policy.strategy === 'pool') await Promise.all(children.map(end))
      else for (const child of children) await end(child)
    })
    this.#over = reason
    this.#resolveEnded(reason)
    this.onEnded?.(reason, this.#byItself)
  }

  /** Ends at once all that is still to end; for who can't wait for `stop`. */
  fence(): void {
    for (const child of this.#children.all()) void child.end(shutdown, 0)
  }

  #closed(): ClosedError {
    const why = this.#over ?? this.#closing
    return new ClosedError(
      `${this.name} starts no more actors: ${why?.error === undefined ? 'it was stopped' : inShort(why.error)}.`,
    )
  }
}
