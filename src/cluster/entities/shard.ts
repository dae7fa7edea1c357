/**
 * One shard as one host sees it: claimed on a lease, renewed, given up.
 *
 *     nobody's ── claim (create, or replace at its revision) ──▶ held ── renew every third ──▶ held
 *        ▲                                                        │ no renewal for two thirds: not held,
 *        └──────────────── release ───────────────────────────────┤ nothing is answered any more
 *     somebody else's, unchanged for a whole lease ── claim ──────┘ a lost renewal: over
 *
 * No clock is compared with another machine's: whoever claims has seen the record unchanged for a
 * whole lease, and the owner counts its own from before each renewal was sent (Gray and Cheriton,
 * "Leases", 1989). An owner that was frozen meanwhile can't write: each state has a revision.
 */
import { runtime, type Timer } from '../../runtime/runtime.ts'
import type { Engine, KeptRecord } from '../engine.ts'
import { type Owner, readOwner, writeEntity } from './messages.ts'
import { ownerKey } from './places.ts'

/** A shard that this host owns. */
export interface Held {
  readonly shard: number
  readonly epoch: number
  /** Whether nobody else can own it at this moment. */
  readonly isHeld: boolean
}

export interface ShardOwner {
  /** It is this host's now. */
  held(held: Held): void
  /** It may be somebody else's: what is under way for it counts no more. */
  lost(held: Held): void
}

/** Somebody else's record, and since when it has not changed. */
interface Watched {
  readonly revision: number
  readonly sinceMs: number
}

export class Shard implements Held {
  readonly shard: number
  readonly #engine: Engine
  readonly #node: string
  readonly #owner: ShardOwner
  epoch = 0
  #beat = 0
  #revision = 0
  #untilMs = 0
  #watched: Watched | undefined
  #timer: Timer | undefined
  #state: 'free' | 'claiming' | 'held' | 'over' = 'free'

  constructor(shard: number, engine: Engine, node: string, owner: ShardOwner) {
    this.shard = shard
    this.#engine = engine
    this.#node = node
    this.#owner = owner
  }

  get isHeld(): boolean {
    return this.#state === 'held' && runtime().now() < this.#untilMs
  }

  /** Somebody asks for it: takes it if nobody has it, or its owner has been silent for a lease. */
  claim(): void {
    if (this.#state !== 'free') return
    this.#state = 'claiming'
    void this.#tryClaim()
      .catch(() => {})
      .then(() => {
        if (this.#state === 'claiming') this.#state = 'free'
      })
  }

  /** Nobody needs it any more, or this host ends. Never rejects. */
  async release(): Promise<void> {
    const wasHeld = this.#state === 'held'
    this.#state = 'over'
    this.#timer?.cancel()
    if (!wasHeld) return
    this.#owner.lost(this)
    const free = writeEntity({ kind: 'owner', node: '', epoch: this.epoch, beat: this.#beat + 1 })
    await this.#records.replace(ownerKey(this.shard), free, this.#revision).catch(() => {})
  }

  get #records() {
    return this.#engine.records('owners')
  }

  async #tryClaim(): Promise<void> {
    const known = await this.#records.get(ownerKey(this.shard))
    const owner = known === undefined ? undefined : readOwner(known.bytes)
    if (known !== undefined && owner?.node !== '' && !this.#isSilent(known)) return
    const askedMs = runtime().now()
    const epoch = (owner?.epoch ?? 0) + 1
    const revision = await this.#write({ kind: 'owner', node: this.#node, epoch, beat: 0 }, known?.revision)
    if (revision === undefined || this.#state !== 'claiming') return
    this.epoch = epoch
    this.#beat = 0
    this.#revision = revision
    this.#state = 'held'
    this.#heldFrom(askedMs)
    this.#owner.held(this)
  }

  #write(owner: Owner, revision: number | undefined): Promise<number | undefined> {
    const bytes = writeEntity(owner)
    const key = ownerKey(this.shard)
    return revision === undefined
      ? this.#records.create(key, bytes)
      : this.#records.replace(key, bytes, revision)
  }

  /** Whether its owner's record has not changed for a whole lease, on this side's own clock. */
  #isSilent({ revision }: KeptRecord): boolean {
    const nowMs = runtime().now()
    if (this.#watched?.revision === revision) return nowMs - this.#watched.sinceMs >= this.#engine.leaseMs
    this.#watched = { revision, sinceMs: nowMs }
    return false
  }

  #heldFrom(askedMs: number): void {
    this.#untilMs = askedMs + (2 * this.#engine.leaseMs) / 3
    this.#timer = runtime().setTimer(this.#engine.leaseMs / 3, () => void this.#renew())
    this.#timer.unref()
  }

  async #renew(): Promise<void> {
    const askedMs = runtime().now()
    this.#beat += 1
    const sign: Owner = { kind: 'owner', node: this.#node, epoch: this.epoch, beat: this.#beat }
    const revision = await this.#write(sign, this.#revision).catch(() => undefined)
    if (this.#state !== 'held') return
    if (revision === undefined || runtime().now() >= askedMs + (2 * this.#engine.leaseMs) / 3)
      return this.#lose()
    this.#revision = revision
    this.#heldFrom(askedMs)
  }

  #lose(): void {
    this.#state = 'free'
    this.#watched = undefined
    this.#owner.lost(this)
  }
}
