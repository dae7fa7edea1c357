/** One child of a supervisor: an actor, or another supervisor. */

import type { Runtime } from '../runtime/seam.ts'
import type { Cell } from './cell.ts'
import type { Listed } from './child-list.ts'
import { ActorStartError } from './errors.ts'
import { noFailures, type PastFailure } from './history.ts'
import type { LiveActor, Member, Parent } from './live-actor.ts'
import type { Message } from './mailbox.ts'
import { rememberedOf } from './memory.ts'
import { isAbnormal, type StopReason, shutdown } from './reason.ts'
import type { Failed } from './report.ts'
import type { ChildSettings } from './settings.ts'

/** Whom a child tells. */
export interface Over {
  failed(child: Child, reason: StopReason, message: Message | undefined): void
  childEnded(child: Child, reason: StopReason): void
}

export interface Child extends Member, Listed, Failed {
  readonly settings: ChildSettings
  restarts: number
  /** Its supervisor restarts it: from the decision until it has started, pauses too. */
  isRestarting: boolean
  failures: readonly PastFailure[]
  /** It has failed or was suspended: `begin` starts it again. */
  readonly suspended: boolean
  /** Starts it, again too. @throws ActorStartError, at once or by the promise */
  begin(): Promise<void> | undefined
  /** Ends what runs, and keeps what a restart keeps. */
  suspend(error: unknown, budgetMs: number): Promise<void>
  end(reason: StopReason, budgetMs: number): Promise<void> | undefined
  /** Goes on as the instance that failed; false if that can't be. */
  resume(): boolean | Promise<boolean>
  /** It never started: nothing of it stays. */
  discard(): void
}

export class ActorChild implements Child, Parent {
  readonly strategy = undefined
  isListed = false
  before: Listed | undefined
  after: Listed | undefined
  failures = noFailures
  restarts = 0
  isRestarting = false
  readonly cell: Cell
  readonly settings: ChildSettings
  readonly #over: Over

  constructor(cell: Cell, settings: ChildSettings, over: Over) {
    this.cell = cell
    this.settings = settings
    this.#over = over
  }

  get name(): string {
    return this.cell.name
  }

  get known(): Failed['known'] {
    const { definition, args } = this.cell
    return { definition, args, ...rememberedOf(this.cell) }
  }

  get suspended(): boolean {
    return this.cell.state === 'failed'
  }

  get state(): string {
    return shownState(this, this.cell.state)
  }

  get waiting(): number {
    return this.cell.waiting
  }

  get children(): readonly Member[] {
    return this.cell.children
  }

  joins(restart: number): void {
    this.cell.joins(restart)
  }

  begin(): Promise<void> | undefined {
    const starting = this.cell.start()
    return starting === undefined ? undefined : this.#withinTime(starting)
  }

  suspend(error: unknown, budgetMs: number): Promise<void> {
    return this.cell.suspend(error, budgetMs)
  }

  end(reason: StopReason, budgetMs: number): Promise<void> | undefined {
    return this.cell.end(reason, budgetMs)
  }

  resume(): boolean {
    return this.cell.resume()
  }

  discard(): void {
    this.cell.parent = undefined
    this.cell.over({ kind: 'noproc' })
  }

  // ── what its actor tells ──

  failed(_actor: LiveActor, reason: StopReason, message: Message | undefined): void {
    this.#over.failed(this, reason, message)
  }

  ended(_actor: LiveActor, reason: StopReason): void {
    this.#over.childEnded(this, reason)
  }

  keeps(reason: StopReason): boolean {
    const { restart } = this.settings
    return restart === 'permanent' || (restart === 'transient' && isAbnormal(reason))
  }

  #withinTime(starting: Promise<void>): Promise<void> {
    const { startTimeoutMs } = this.settings
    return withinTime(starting, this.cell.system.runtime, startTimeoutMs, () => {
      this.cell.giveUpStart()
      throw new ActorStartError(
        this.name,
        new Error(`onStart did not end within ${startTimeoutMs} ms (startTimeoutMs).`),
      )
    })
  }
}

/**
 * What OTP's `which_children` says of one that its supervisor restarts, whatever it does for that.
 */
export function shownState({ isRestarting }: Pick<Child, 'isRestarting'>, state: string): string {
  return isRestarting && (state === 'failed' || state === 'starting') ? 'restarting' : state
}

/** As `going`, or as what `late` does after `delayMs`, whichever is first. */
export function withinTime(
  going: Promise<void>,
  of: Runtime,
  delayMs: number,
  late: () => void,
): Promise<void> {
  if (delayMs === Number.POSITIVE_INFINITY) return going
  return new Promise((resolve, reject) => {
    const timer = of.setTimer(delayMs, () => {
      try {
        resolve(late())
      } catch (error) {
        reject(error)
      }
    })
    void going.then(resolve, reject).then(() => timer.cancel())
  })
}

/** A supervisor, as its parent sees it. */
export interface Tree {
  readonly name: string
  readonly strategy: string
  readonly state: string
  readonly children: readonly Member[]
  onEnded: OnEnded | undefined
  open(): Promise<void>
  stop(reason?: StopReason): Promise<void>
  /** Ends at once all that is still to end. */
  fence(): void
}

/** Is told that a supervisor has ended; `byItself` is false if its `stop()` was called. */
export type OnEnded = (reason: StopReason, byItself: boolean) => void

/** A supervisor under a supervisor: each restart is a new one, with what its `setup` starts. */
export class SupervisorChild<T extends Tree> implements Child {
  readonly settings: ChildSettings
  restarts = 0
  isRestarting = false
  readonly known = undefined
  readonly waiting = 0
  isListed = false
  before: Listed | undefined
  after: Listed | undefined
  failures = noFailures
  readonly #runtime: Runtime
  readonly #make: () => T
  readonly #over: Over
  #supervisor: T
  #state: 'starting' | 'ready' | 'failed' | 'ended' = 'starting'

  constructor(make: () => T, settings: ChildSettings, over: Over, of: Runtime) {
    this.#runtime = of
    this.#make = make
    this.#supervisor = make()
    this.settings = settings
    this.#over = over
  }

  get supervisor(): T {
    return this.#supervisor
  }

  get name(): string {
    return this.#supervisor.name
  }

  get strategy(): string {
    return this.#supervisor.strategy
  }

  get suspended(): boolean {
    return this.#state === 'failed'
  }

  get state(): string {
    return this.#state === 'ended' ? this.#supervisor.state : shownState(this, this.#state)
  }

  get children(): readonly Member[] {
    return this.#supervisor.children
  }

  joins(restart: number): void {
    for (const child of this.children) child.joins(restart)
  }

  async begin(): Promise<void> {
    if (this.#state !== 'starting') this.#supervisor = this.#make()
    const begun = this.#supervisor
    const ends: StopReason[] = []
    begun.onEnded = reason => void ends.push(reason)
    try {
      await withinTime(begun.open(), this.#runtime, this.settings.startTimeoutMs, () => {
        throw new Error(`its setup did not end within ${this.settings.startTimeoutMs} ms (startTimeoutMs)`)
      })
      const [early] = ends
      if (early !== undefined) throw early.error ?? new Error('it was stopped while its setup ran')
      begun.onEnded = (reason, byItself) => this.#ended(begun, reason, byItself)
    } catch (error) {
      this.#state = 'failed'
      begun.onEnded = undefined
      await begun.stop()
      throw new ActorStartError(this.name, error)
    }
    this.#state = 'ready'
  }

  async suspend(_error: unknown, budgetMs: number): Promise<void> {
    if (this.#state === 'failed') return
    this.#state = 'failed'
    this.#supervisor.onEnded = undefined
    await this.#stopWithin(budgetMs, shutdown)
  }

  async end(reason: StopReason, budgetMs: number): Promise<void> {
    this.#state = 'ended'
    this.#supervisor.onEnded = undefined
    await this.#stopWithin(budgetMs, reason)
  }

  async #stopWithin(budgetMs: number, reason: StopReason): Promise<void> {
    const stopping = this.#supervisor.stop(reason)
    await withinTime(stopping, this.#runtime, budgetMs, () => this.#supervisor.fence())
    await stopping
  }

  resume(): boolean {
    return false
  }

  discard(): void {
    this.#state = 'ended'
  }

  #ended(begun: T, reason: StopReason, byItself: boolean): void {
    if (begun !== this.#supervisor) return
    if (isAbnormal(reason) || (byItself && this.settings.restart === 'permanent')) {
      this.#state = 'failed'
      this.#over.failed(this, reason, undefined)
    } else {
      this.#state = 'ended'
      this.#over.childEnded(this, shutdown)
    }
  }
}
