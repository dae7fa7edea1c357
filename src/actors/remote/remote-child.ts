/** An actor elsewhere, as its supervisor has it. README.md tells its states. */

import type { Child, Over } from '../child.ts'
import type { Definition } from '../contract.ts'
import { ActorStartError } from '../errors.ts'
import { Message } from '../mailbox.ts'
import type { StopReason } from '../reason.ts'
import type { ChildSettings } from '../settings.ts'
import type { HostingPlace } from './place.ts'
import { RemoteTarget } from './remote-target.ts'
import type { WorkerHost } from './worker-host.ts'

export class RemoteChild implements Child {
  readonly target: RemoteTarget
  readonly settings: ChildSettings
  readonly restarts: number[] = []
  readonly cell = undefined
  readonly children = []
  readonly waiting = 0
  readonly strategy = undefined
  failure: string | undefined
  readonly #place: HostingPlace
  readonly #definition: Definition
  readonly #args: readonly unknown[]
  readonly #over: Over
  #host: WorkerHost | undefined
  #state: 'starting' | 'ready' | 'suspended' | 'ended' = 'starting'
  readonly #releaseName: (() => void) | undefined

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
    this.target = new RemoteTarget({ name, place: definition.place, methods, streams: [] })
    this.target.onFailed = (reason, method, args) => this.#failed(reason, method, args)
    this.target.onLost = reason => this.#lost(reason)
    this.target.watch(reason => this.#ended(reason))
  }

  get name(): string {
    return this.target.name
  }

  get suspended(): boolean {
    return this.#state === 'suspended'
  }

  /** As `ready on thread 2`. */
  get state(): string {
    return this.#host === undefined ? this.#state : `${this.#state} on ${this.#host.name}`
  }

  async begin(): Promise<void> {
    try {
      if (this.#host === undefined) await this.#start()
      else await this.target.request('onStart', { op: 'begin', to: this.target.number })
    } catch (error) {
      if (this.#state === 'starting') this.#leave()
      else this.#state = 'suspended'
      throw error instanceof ActorStartError ? error : new ActorStartError(this.name, error)
    }
    this.#state = 'ready'
  }

  async #start(): Promise<void> {
    const host = this.#place.enter(this.#definition.place.module)
    this.#host = host
    try {
      const number = (await this.#request(host)) as number
      host.link.import(number, this.target)
      this.target.attach(host.link, number)
    } catch (error) {
      this.#leave()
      throw error
    }
  }

  #request(host: WorkerHost): Promise<unknown> {
    const { link } = host
    return link.ask(
      this.target,
      'onStart',
      {
        op: 'start',
        place: this.#definition.place,
        args: link.wire(this.#args, 'args'),
        name: this.name,
        settings: this.settings,
      },
      this.settings.startTimeoutMs,
    )
  }

  async suspend(error: unknown, budgetMs: number): Promise<void> {
    const { link } = this.#host ?? {}
    if (this.#state === 'ready' && link !== undefined) {
      this.#state = 'suspended'
      try {
        const failure = link.failure(error)
        await this.target.request('suspend', { op: 'suspend', to: this.target.number, failure, budgetMs })
      } catch {
        // Its worker died meanwhile: it is suspended all the same.
      }
    }
    if (this.#state !== 'ended') this.#state = 'suspended'
  }

  async end(reason: StopReason, budgetMs: number): Promise<void> {
    const { link } = this.#host ?? {}
    if (this.#state === 'ended') return
    this.#state = 'ended'
    if (link !== undefined && link.broken === undefined && this.target.link !== undefined) {
      try {
        await this.target.request('stop', {
          op: 'end',
          to: this.target.number,
          reason: link.wireReason(reason),
          budgetMs: Math.min(budgetMs, 2 ** 31 - 1),
        })
      } catch {
        // Its worker died meanwhile, and it with that.
      }
    }
    this.#leave()
    this.target.end(reason)
  }

  discard(): void {
    this.#state = 'ended'
    this.#leave()
    this.target.end({ kind: 'noproc' })
  }

  // ── what comes from there ──

  #failed(reason: StopReason, method: string | undefined, args: readonly unknown[]): void {
    if (this.#state !== 'ready') return
    this.#state = 'suspended'
    const of = method === undefined ? undefined : this.#definition.methods.get(method)
    this.#over.failed(this, reason, of === undefined ? undefined : new Message(of, args, undefined))
  }

  /** Its worker has died: it begins again on another, if it is restarted. */
  #lost(reason: StopReason): void {
    this.#host = undefined
    if (this.#state !== 'ready' && this.#state !== 'suspended') return
    const waits = this.#state === 'suspended'
    this.#state = 'suspended'
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
