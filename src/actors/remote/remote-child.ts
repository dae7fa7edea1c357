/** An actor elsewhere, as its supervisor has it. README.md tells its states. */

import { type Child, type Over, shownState } from '../child.ts'
import type { Listed } from '../child-list.ts'
import type { Definition } from '../contract.ts'
import { ActorDiedError, ActorStartError } from '../errors.ts'
import { noFailures } from '../history.ts'
import type { ShownWorker } from '../live-actor.ts'
import { Message } from '../mailbox.ts'
import { nothingRemembered, type Remembered } from '../memory.ts'
import type { StopReason } from '../reason.ts'
import type { Failed } from '../report.ts'
import type { ChildSettings } from '../settings.ts'
import type { WiredVariant } from './items.ts'
import type { Link } from './link.ts'
import type { HostingPlace } from './place.ts'
import { type OnFailed, RemoteTarget } from './remote-target.ts'
import type { WorkerHost } from './worker-host.ts'

export class RemoteChild implements Child {
  readonly target: RemoteTarget
  readonly settings: ChildSettings
  restarts = 0
  isRestarting = false
  readonly children = []
  readonly strategy = undefined
  isListed = false
  before: Listed | undefined
  after: Listed | undefined
  failures = noFailures
  readonly #place: HostingPlace
  readonly #definition: Definition
  readonly #args: readonly unknown[]
  readonly #over: Over
  #host: WorkerHost | undefined
  #state: 'starting' | 'ready' | 'failed' | 'suspended' | 'ended' = 'starting'
  /** It has failed before it was known here that it had started. */
  #early: (() => void) | undefined
  readonly #releaseName: (() => void) | undefined
  /** By the instance that failed last. */
  #remembered: Remembered = nothingRemembered

  constructor(
    definition: Definition,
    args: readonly unknown[],
    settings: ChildSettings,
    place: HostingPlace,
    over: Over,
    name: string,
    releaseName: (() => void) | undefined,
  ) {
    this.#definition = definition
    this.#args = args
    this.settings = settings
    this.#place = place
    this.#over = over
    this.#releaseName = releaseName
    const methods = [...definition.methods.keys()]
    const { place: module, capacity, overflow } = definition
    this.target = new RemoteTarget({ name, place: module, methods, streams: [], capacity, overflow })
    this.target.onFailed = (...failure) => this.#failed(...failure)
    this.target.onLost = reason => this.#lost(reason)
    this.target.watch(reason => this.#ended(reason))
  }

  get name(): string {
    return this.target.name
  }

  get known(): Failed['known'] {
    return { definition: this.#definition, args: this.#args, ...this.#remembered }
  }

  get suspended(): boolean {
    return this.#state === 'suspended' || this.#state === 'failed'
  }

  /** As `ready on thread 2`; whether it is busy, as it was a tenth of a second ago. */
  get state(): string {
    const state = shownState(this, this.#ownState)
    return this.#host === undefined ? state : `${state} on ${this.#host.name}`
  }

  get #ownState(): string {
    if (this.#state === 'ended') return this.target.ended === undefined ? 'stopping' : 'ended'
    if (this.#state === 'suspended') return 'failed'
    return this.#state === 'ready' && this.target.progress.isBusy ? 'busy' : this.#state
  }

  get waiting(): number {
    return this.target.shownWaiting
  }

  get worker(): ShownWorker | undefined {
    if (this.#host === undefined) return undefined
    const { pid, threadId, link } = this.#host
    return { pid, threadId, silentMs: link.holding.silence.ms, oldest: this.target.progress.oldest }
  }

  joins(restart: number): void {
    this.target.joins(restart)
  }

  async begin(): Promise<void> {
    this.#early = undefined
    this.#remembered = nothingRemembered
    const { startTimeoutMs } = this.settings
    try {
      if (this.#host === undefined) await this.#start()
      else await this.#beginThere(startTimeoutMs)
    } catch (error) {
      if (this.#state === 'starting') this.#leave()
      else if (this.#state !== 'ended') this.#state = 'suspended'
      throw error instanceof ActorStartError ? error : new ActorStartError(this.name, error)
    }
    if (this.#state === 'ended') throw new ActorStartError(this.name, this.target.ended?.error)
    this.#state = 'ready'
    this.#failEarly()
  }

  /** Its worker may die between its answer and this side's next step: then it has not begun. */
  async #beginThere(startTimeoutMs: number): Promise<void> {
    await this.target.request('onStart', { op: 'begin', to: this.target.number }, startTimeoutMs)
    if (this.#host === undefined && this.#state !== 'ended')
      throw new ActorDiedError(this.name, { kind: 'gone' }, 'maybe')
  }

  #failEarly(): void {
    this.#early?.()
    this.#early = undefined
  }

  async #start(): Promise<void> {
    const host = this.#place.enter(this.#definition.place.module)
    this.#host = host
    try {
      const number = (await this.#request(host)) as number
      if (host.link.broken !== undefined) throw new ActorDiedError(this.name, host.link.broken, 'maybe')
      host.link.import(number, this.target)
      this.target.attach(host.link, number)
    } catch (error) {
      this.#leave()
      throw error
    }
  }

  #request(host: WorkerHost): Promise<unknown> {
    const { link } = host
    return link.answerOf(
      this.target,
      'onStart',
      {
        op: 'start',
        place: link.values.placeFor(this.#definition),
        args: link.values.wire(this.#args, 'args'),
        name: this.name,
        restart: this.settings.restart,
        variant: this.#variantOver(link),
      },
      this.settings.startTimeoutMs,
    )
  }

  #variantOver({ values }: Link): WiredVariant | undefined {
    const { variant } = this.#definition
    if (variant === undefined) return undefined
    const { module, name } = variant
    return { module, name, args: values.wire(variant.args(), 'variant') }
  }

  async suspend(error: unknown, budgetMs: number): Promise<void> {
    const { link } = this.#host ?? {}
    if (link !== undefined && (this.#state === 'ready' || this.#state === 'failed')) {
      this.#state = 'suspended'
      const { number } = this.target
      const failure = link.values.failure(error)
      const request = { op: 'suspend', to: number, failure, budgetMs: atMost(budgetMs) } as const
      await this.target.orKill(this.target.request('suspend', request), budgetMs, false)
    }
    if (this.#state !== 'ended') this.#state = 'suspended'
  }

  async end(reason: StopReason, budgetMs: number): Promise<void> {
    const { link } = this.#host ?? {}
    if (this.target.ended !== undefined) return
    this.#state = 'ended'
    if (link !== undefined && link.broken === undefined && this.target.link !== undefined) {
      const { number } = this.target
      const request = {
        op: 'end',
        to: number,
        reason: link.values.wireReason(reason),
        budgetMs: atMost(budgetMs),
      } as const
      await this.target.orKill(this.target.request('stop', request), budgetMs, true)
    }
    this.#leave()
    this.target.end(reason)
  }

  /** Goes on as the instance that failed. */
  async resume(): Promise<boolean> {
    if (this.#state !== 'failed' || this.#host === undefined) return false
    this.#state = 'ready'
    try {
      if (await this.target.request('resume', { op: 'resume', to: this.target.number })) return true
    } catch {
      // Its worker died meanwhile.
    }
    if (this.#state === 'ready') this.#state = 'failed'
    return false
  }

  discard(): void {
    this.#state = 'ended'
    this.#leave()
    this.target.end({ kind: 'noproc' })
  }

  // ── what comes from there ──

  #failed(...failure: Parameters<OnFailed>): void {
    if (this.#state !== 'ready') {
      this.#early = () => this.#failed(...failure)
      return
    }
    const [reason, method, args, remembered] = failure
    this.#state = 'failed'
    this.#remembered = remembered
    const of = method === undefined ? undefined : this.#definition.methods.get(method)
    this.#over.failed(this, reason, of === undefined ? undefined : new Message(of, args, undefined))
  }

  /** Its worker has died: it begins again on another, if it is restarted. */
  #lost(reason: StopReason): void {
    this.#host = undefined
    if (this.#state === 'starting' || this.#state === 'ended') return
    const waits = this.#state !== 'ready'
    this.#state = 'suspended'
    this.#remembered = nothingRemembered
    if (!waits) this.#over.failed(this, reason, undefined)
  }

  /** It has ended by itself, or was stopped by its ref. */
  #ended(reason: StopReason): void {
    this.#releaseName?.()
    if (this.#state === 'ended') return
    this.#state = 'ended'
    this.#leave()
    this.#over.childEnded(this, reason)
  }

  #leave(): void {
    const host = this.#host
    this.#host = undefined
    host?.leave()
  }
}

/** What a timer can wait. */
function atMost(budgetMs: number): number {
  return Math.min(budgetMs, 2 ** 31 - 1)
}
