/**
 * A node as a host of entities: claims shards that somebody asks for, and lets their entities live.
 *
 *     Claim ─▶ Shard: held ─▶ hears shard.<n>-<epoch> ─▶ EntityCall ─▶ Resident ─▶ EntityAnswer
 *                       lost ─▶ its entities are dropped; what they still do, nobody hears
 */
import type { Definition } from '../../actors/contract.ts'
import { runtime, type Timer } from '../../runtime/runtime.ts'
import type { Engine } from '../engine.ts'
import { failureOf } from '../node-job.ts'
import { type EntityCall, type Reply, readCall, readClaim, writeEntity } from './messages.ts'
import { callerSubject, hostsSubject, shardCount, shardOf, shardSubject, typeOf } from './places.ts'
import { Resident, type ResidentHost } from './resident.ts'
import { type Held, Shard, type ShardOwner } from './shard.ts'

/** After so long without a message an entity is put to sleep; its state is in the store. */
const idleMs = 60_000
/** How much longer a host waits with each shard that it has, so that others come first. */
const claimPauseMs = 2

interface Here {
  readonly resident: Resident
  usedMs: number
}

export class EntityHost implements ResidentHost, ShardOwner {
  readonly engine: Engine
  readonly #node: string
  readonly #definitions = new Map<string, Definition>()
  readonly #shards = new Map<number, Shard>()
  readonly #heard = new Map<number, () => void>()
  readonly #residents = new Map<number, Map<string, Here>>()
  readonly #silence: () => void
  #sweeper: Timer | undefined
  #closed = false

  constructor(engine: Engine, node: string, definitions: Iterable<Definition>) {
    this.engine = engine
    this.#node = node
    for (const definition of definitions) this.know(definition)
    this.#silence = engine.listen(hostsSubject, bytes => this.#claimed(bytes))
    this.#sweepSoon()
  }

  /** One more class whose entities may live here. */
  know(definition: Definition): void {
    this.#definitions.set(typeOf(definition), definition)
  }

  /** The shards that are held here, and how many entities live in them. */
  get shards(): readonly { readonly shard: number; readonly epoch: number; readonly entities: number }[] {
    return [...this.#heard.keys()].map(shard => ({
      shard,
      epoch: this.#shards.get(shard)?.epoch ?? 0,
      entities: this.#residents.get(shard)?.size ?? 0,
    }))
  }

  /** Gives up all shards, so that others have them at once. */
  async close(): Promise<void> {
    this.#closed = true
    this.#silence()
    this.#sweeper?.cancel()
    await Promise.all([...this.#shards.values()].map(shard => shard.release()))
  }

  #claimed(bytes: Uint8Array): void {
    const claim = readClaim(bytes)
    if (claim === undefined || claim.shard >= shardCount || this.#closed) return
    const pauseMs = claimPauseMs * this.#heard.size * runtime().random()
    if (pauseMs < 1) this.#shard(claim.shard).claim()
    else runtime().setTimer(pauseMs, () => this.#closed || this.#shard(claim.shard).claim())
  }

  #shard(number: number): Shard {
    const known = this.#shards.get(number) ?? new Shard(number, this.engine, this.#node, this)
    this.#shards.set(number, known)
    return known
  }

  held(held: Held): void {
    const { shard, epoch } = held
    this.#residents.set(shard, new Map())
    this.#heard.set(
      shard,
      this.engine.listen(shardSubject(shard, epoch), bytes => this.#called(held, bytes)),
    )
  }

  lost({ shard }: Held): void {
    this.#heard.get(shard)?.()
    this.#heard.delete(shard)
    for (const { resident } of this.#residents.get(shard)?.values() ?? []) resident.drop()
    this.#residents.delete(shard)
  }

  #called(held: Held, bytes: Uint8Array): void {
    const call = readCall(bytes)
    const residents = this.#residents.get(held.shard)
    if (call === undefined || residents === undefined || !held.isHeld) return
    const here = this.#here(call, held, residents)
    if (here === undefined) return
    here.usedMs = runtime().now()
    here.resident.take(call)
  }

  /** Undefined if it does not belong here, or its class is not known: another host may have it. */
  #here(call: EntityCall, held: Held, residents: Map<string, Here>): Here | undefined {
    const id = `${call.type}/${call.key}`
    const known = residents.get(id)
    if (known !== undefined) return known
    const definition = this.#definitions.get(call.type)
    if (definition === undefined || shardOf(call.type, call.key) !== held.shard) return undefined
    const made = { resident: new Resident(this, definition, call.key, id, held), usedMs: 0 }
    residents.set(id, made)
    return made
  }

  // ── what its entities tell ──

  answer({ id, to }: EntityCall, reply: Reply): void {
    let bytes: Uint8Array
    try {
      bytes = writeEntity({ kind: 'answer', id, reply })
    } catch (error) {
      // It is too large: a message that has changed something had room beside the state.
      bytes = writeEntity({ kind: 'answer', id, reply: { kind: 'failed', failure: failureOf(error) } })
    }
    this.engine.publish(callerSubject(to), bytes)
  }

  fenced(resident: Resident): void {
    for (const residents of this.#residents.values())
      if (residents.get(resident.id)?.resident === resident) residents.delete(resident.id)
  }

  // ── sleep ──

  #sweepSoon(): void {
    this.#sweeper = runtime().setTimer(idleMs / 4, () => {
      this.#sweep()
      if (!this.#closed) this.#sweepSoon()
    })
    this.#sweeper.unref()
  }

  #sweep(): void {
    const oldMs = runtime().now() - idleMs
    for (const residents of this.#residents.values())
      for (const [id, { resident, usedMs }] of residents)
        if (usedMs < oldMs && resident.isIdle) {
          resident.drop()
          residents.delete(id)
        }
  }
}
