/** One child of a supervisor: an actor, or another supervisor. */

import type { Cell, Parent } from './cell.ts'
import { ActorStartError } from './errors.ts'
import type { Shown } from './live-actor.ts'
import type { Message } from './mailbox.ts'
import { isAbnormal, type StopReason, shutdown } from './reason.ts'
import type { ChildSettings } from './settings.ts'

/** Whom a child tells. */
export interface Over {
  failed(child: Child, reason: StopReason, message: Message | undefined): void
  childEnded(child: Child, reason: StopReason): void
}

export interface Child extends Shown {
  readonly settings: ChildSettings
  /** When it was restarted last, for those strategies that count for each child. */
  readonly restarts: number[]
  failure: string | undefined
  /** It has failed or was suspended: `begin` starts it again. */
  readonly suspended: boolean
  /** The actor itself; undefined of a supervisor. */
  readonly cell: Cell | undefined
  /** Starts it, again too. @throws ActorStartError, at once or by the promise */
  begin(): Promise<void> | undefined
  /** Ends what runs, and keeps what a restart keeps. */
  suspend(error: unknown, budgetMs: number): Promise<void>
  end(reason: StopReason, budgetMs: number): Promise<void> | undefined
  /** It never started: nothing of it stays. */
  discard(): void
}

export class ActorChild implements Child, Parent {
  readonly strategy = undefined
  failure: string | undefined
  readonly cell: Cell
  readonly settings: ChildSettings
  readonly #over: Over
  #restarts: number[] | undefined

  constructor(cell: Cell, settings: ChildSettings, over: Over) {
    this.cell = cell
    this.settings = settings
    this.#over = over
  }

  get name(): string {
    return this.cell.name
  }

  get restarts(): number[] {
    this.#restarts ??= []
    return this.#restarts
  }

  get suspended(): boolean {
    return this.cell.state === 'failed'
  }

  get state(): string {
    return this.cell.state
  }

  get waiting(): number {
    return this.cell.waiting
  }

  get children(): readonly Shown[] {
    return this.cell.children
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

  discard(): void {
    this.cell.parent = undefined
    this.cell.over({ kind: 'noproc' })
  }

  // ── what its actor tells ──

  failed(_cell: Cell, reason: StopReason, message: Message | undefined): void {
    this.#over.failed(this, reason, message)
  }

  ended(_cell: Cell, reason: StopReason): void {
    this.#over.childEnded(this, reason)
  }

  keeps(reason: StopReason): boolean {
    const { restart } = this.settings
    return restart === 'permanent' || (restart === 'transient' && isAbnormal(reason))
  }

  async #withinTime(starting: Promise<void>): Promise<void> {
    const { runtime } = this.cell.system
    const { startTimeoutMs } = this.settings
    let timer: ReturnType<typeof runtime.setTimer> | undefined
    const late = new Promise<never>((_, reject) => {
      if (startTimeoutMs === Number.POSITIVE_INFINITY) return
      timer = runtime.setTimer(startTimeoutMs, () => {
        this.cell.giveUpStart()
        reject(
          new ActorStartError(
            this.name,
            new Error(`onStart did not end within ${startTimeoutMs} ms (startTimeoutMs).`),
          ),
        )
      })
    })
    try {
      await Promise.race([starting, late])
    } finally {
      timer?.cancel()
    }
  }
}

/** A supervisor, as its parent sees it. */
export interface Tree {
  readonly name: string
  readonly strategy: string
  readonly children: readonly Shown[]
  onEnded: ((reason: StopReason) => void) | undefined
  open(): Promise<void>
  stop(reason?: StopReason): Promise<void>
}

/** A supervisor under a supervisor: each restart is a new one, with what its `setup` starts. */
export class SupervisorChild<T extends Tree> implements Child {
  readonly settings: ChildSettings
  readonly restarts: number[] = []
  readonly cell = undefined
  readonly waiting = 0
  failure: string | undefined
  readonly #make: () => T
  readonly #over: Over
  #supervisor: T
  #state: 'starting' | 'ready' | 'failed' | 'ended' = 'starting'

  constructor(make: () => T, settings: ChildSettings, over: Over) {
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
    return this.#state
  }

  get children(): readonly Shown[] {
    return this.#supervisor.children
  }

  async begin(): Promise<void> {
    if (this.#state !== 'starting') this.#supervisor = this.#make()
    const begun = this.#supervisor
    begun.onEnded = reason => this.#ended(begun, reason)
    try {
      await begun.open()
    } catch (error) {
      this.#state = 'failed'
      begun.onEnded = undefined
      await begun.stop()
      throw new ActorStartError(this.name, error)
    }
    this.#state = 'ready'
  }

  async suspend(): Promise<void> {
    if (this.#state === 'failed') return
    this.#state = 'failed'
    this.#supervisor.onEnded = undefined
    await this.#supervisor.stop()
  }

  async end(reason: StopReason): Promise<void> {
    this.#state = 'ended'
    this.#supervisor.onEnded = undefined
    await this.#supervisor.stop(reason)
  }

  discard(): void {
    this.#state = 'ended'
  }

  #ended(begun: T, reason: StopReason): void {
    if (begun !== this.#supervisor) return
    if (isAbnormal(reason)) {
      this.#state = 'failed'
      this.#over.failed(this, reason, undefined)
    } else {
      this.#state = 'ended'
      this.#over.childEnded(this, shutdown)
    }
  }
}
