/**
 * Which workers a pool has: they start when there is work, rest while there is none, and end when
 * they have rested long.
 */

import type { ReadyJob } from '../executor/ready-job.ts'
import { holdMs } from '../policy.ts'
import { type Runtime, runtime, type Timer } from '../runtime/runtime.ts'
import { renewals } from '../task/registry.ts'
import type { StartWorker } from '../worker/far-worker.ts'
import type { PoolOptions } from './options.ts'
import { Slot, type SlotOwner } from './slot.ts'
import { Starts } from './starts.ts'

export class Crew {
  /** Which starts have failed, and how many workers there may be therefore. */
  readonly starts: Starts
  readonly #options: PoolOptions
  readonly #start: StartWorker
  readonly #owner: SlotOwner
  readonly #runtime: Runtime = runtime()
  /** Workers that have failed. */
  crashes = 0
  readonly #slots = new Set<Slot>()
  /** Idle slots, the one that turned idle last at the end. */
  readonly #idle: Slot[] = []
  #lastIndex = 0
  #tidying: Timer | undefined
  #tidyAtMs = 0
  /** How many modules had been evaluated anew when workers were last replaced because of that. */
  #renewals = renewals()

  /** `grown` is called when there may be more workers again, after some could not start. */
  constructor(options: PoolOptions, start: StartWorker, owner: SlotOwner, grown: () => void) {
    this.#options = options
    this.#start = start
    this.#owner = owner
    this.starts = new Starts(options.workers, () => this.#slots.size, grown)
  }

  get size(): number {
    return this.#slots.size
  }

  /** Everybody, from the start to the end of the worker. */
  get all(): ReadonlySet<Slot> {
    return this.#slots
  }

  /** How many start and have nothing to begin with yet. */
  get starting(): number {
    let starting = 0
    for (const { state, hand } of this.#slots) if (state === 'starting' && hand.count === 0) starting += 1
    return starting
  }

  /** How many have something to do. */
  get busy(): number {
    let busy = 0
    for (const { state, hand } of this.#slots)
      if (state === 'busy' || state === 'draining' || (state === 'starting' && hand.count > 0)) busy += 1
    return busy
  }

  /** How many there may be. */
  get most(): number {
    return this.starts.most
  }

  /** Whether somebody is idle, or may be started for one more of the jobs that wait. */
  hasRoomFor(waiting: number): boolean {
    if (this.#idle.length > 0) return true
    return this.#slots.size < this.starts.most && this.starting < waiting
  }

  /** How many calls they have. */
  get inHand(): number {
    let calls = 0
    for (const { hand } of this.#slots) calls += hand.count
    return calls
  }

  get someIdle(): boolean {
    return this.#idle.length > 0
  }

  /** Who turned idle last. */
  get lastIdle(): Slot | undefined {
    return this.#idle.at(-1)
  }

  // ── start and end ──

  start(): Slot {
    this.#lastIndex += 1
    const slot = new Slot(this.#lastIndex, this.#start, this.#owner, this.#options)
    this.#slots.add(slot)
    return slot
  }

  /** Starts one, if there may be one more. */
  startOne(): Slot | undefined {
    return this.#slots.size < this.starts.most ? this.start() : undefined
  }

  /** All that take calls, once there are as many as there may be. */
  startAll(): readonly Slot[] {
    while (this.startOne() !== undefined);
    return [...this.#slots].filter(slot => slot.stays)
  }

  /** Starts workers until there are `waiting` that start, or as many as there may be. */
  startFor(waiting: number): void {
    for (let starting = this.starting; starting < waiting; starting += 1) {
      if (this.#slots.size >= this.starts.most) return
      this.start()
    }
  }

  /** Starts those that are kept while there is no work. */
  keepMinimum(): void {
    while (this.#slots.size < this.#options.minWorkers) this.start()
  }

  /** Nothing of this one is left; one that was `expected` to end has not failed. */
  ended(slot: Slot, expected: boolean): void {
    if (!expected) this.crashes += 1
    this.#slots.delete(slot)
    this.#takeOutOfIdle(slot)
  }

  /** Whether somebody has been able to work, of those that are left. */
  get someWork(): boolean {
    for (const { state } of this.#slots) if (state !== 'starting') return true
    return false
  }

  /**
   * Nothing is to be done any more: those that rest are asked to end, those that start are ended
   * because of `why`. Whoever closes the pool says how long that may take.
   */
  dismiss(why: (slot: Slot) => Error): void {
    for (const slot of [...this.#slots]) {
      if (slot.state === 'starting') slot.life.end(why(slot))
      else if (slot.state === 'draining') slot.life.stopUnderLimit()
      else {
        if (slot.state === 'idle') this.#takeOutOfIdle(slot)
        slot.life.stop(Number.POSITIVE_INFINITY)
      }
    }
  }

  /**
   * Where modules were evaluated anew, all that work have older code than the program: each
   * finishes what it has, and makes place for another.
   */
  renew(): void {
    if (this.#renewals === renewals()) return
    this.#renewals = renewals()
    for (const slot of [...this.#slots]) {
      if (slot.state === 'starting') continue
      this.#takeOutOfIdle(slot)
      slot.wearOut()
    }
  }

  /** The calls that were given to workers which still start, as far as they can be taken back. */
  backFromStarting(): ReadyJob[] {
    const back: ReadyJob[] = []
    for (const slot of this.#slots) if (slot.state === 'starting') back.push(...slot.takeBack())
    return back
  }

  // ── rest ──

  /** The worker has nothing to do, and waits to be taken by `nextIdle`. */
  rests(slot: Slot): void {
    this.#idle.push(slot)
  }

  /**
   * The idle worker that is given the next job: the one that has hardly gone to sleep, or is about
   * to, so that the others rest, and end after `idleMs`. Where calls come one after the other, two
   * workers take turns: the first is not awake yet when it has answered, and a call comes back a
   * third sooner.
   */
  nextIdle(): Slot | undefined {
    const last = this.#idle.pop()
    if (last === undefined || last.giving.gaveMany) return last
    const lastButOne = this.#idle.pop()
    if (lastButOne === undefined) return last
    this.#idle.push(last)
    return lastButOne
  }

  /**
   * Lets idle workers stop keeping the program alive after `holdMs`, and end after `idleMs`; one
   * timer for all.
   */
  tidySoon(delayMs = holdMs): void {
    const atMs = this.#runtime.now() + delayMs
    if (this.#tidying !== undefined && this.#tidyAtMs <= atMs) return
    this.#tidying?.cancel()
    this.#tidyAtMs = atMs
    this.#tidying = this.#runtime.setTimer(delayMs, () => {
      this.#tidying = undefined
      this.#tidy()
    })
    this.#tidying.unref()
  }

  #tidy(): void {
    const nowMs = this.#runtime.now()
    let nextMs = Number.POSITIVE_INFINITY
    for (const slot of [...this.#idle]) nextMs = Math.min(nextMs, this.#tidyUp(slot, nowMs))
    if (nextMs !== Number.POSITIVE_INFINITY) this.tidySoon(Math.max(1, nextMs))
  }

  /** Returns in how many ms this one is to be looked at again. */
  #tidyUp(slot: Slot, nowMs: number): number {
    const { idleMs, minWorkers } = this.#options
    const { life } = slot
    if (slot.state !== 'idle') {
      this.#takeOutOfIdle(slot) // It is being ended; the program must stay until it has.
      return Number.POSITIVE_INFINITY
    }
    const sinceMs = slot.sinceMs(nowMs)
    if (life.held && sinceMs >= holdMs) life.release()
    if (life.held) return holdMs
    if (sinceMs < idleMs) return idleMs - sinceMs
    if (this.#staying > minWorkers) {
      this.#takeOutOfIdle(slot)
      life.stop()
    }
    return Number.POSITIVE_INFINITY
  }

  /** How many have not been asked to end. */
  get #staying(): number {
    let staying = 0
    for (const { life } of this.#slots) if (!life.isLeaving) staying += 1
    return staying
  }

  /** It is given something. */
  take(slot: Slot): void {
    this.#takeOutOfIdle(slot)
  }

  #takeOutOfIdle(slot: Slot): void {
    const at = this.#idle.indexOf(slot)
    if (at >= 0) this.#idle.splice(at, 1)
  }
}
