/**
 * Which workers a pool has. They start when there is work, rest while there is none, and end after
 * a long rest.
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
  /** Which starts have failed, and how many workers there may be because of that. */
  readonly starts: Starts
  readonly #options: PoolOptions
  readonly #start: StartWorker
  readonly #owner: SlotOwner
  readonly #runtime: Runtime = runtime()
  /** Workers that have failed. */
  crashes = 0
  readonly #slots = new Set<Slot>()
  /** Idle slots; the one that turned idle last is at the end. */
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

  /** All slots, each from the start to the end of its worker. */
  get all(): ReadonlySet<Slot> {
    return this.#slots
  }

  /** How many are starting and have no call yet. */
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

  /** Whether a worker is idle, or may be started for one of the `waiting` jobs. */
  hasRoomFor(waiting: number): boolean {
    if (this.#idle.length > 0) return true
    return this.#slots.size < this.starts.most && this.starting < waiting
  }

  /** How many calls are in their hands. */
  get inHand(): number {
    let calls = 0
    for (const { hand } of this.#slots) calls += hand.count
    return calls
  }

  get someIdle(): boolean {
    return this.#idle.length > 0
  }

  /** The slot that turned idle last. */
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

  /** Starts as many as there may be, and returns all that take calls. */
  startAll(): readonly Slot[] {
    while (this.startOne() !== undefined);
    return [...this.#slots].filter(slot => slot.stays)
  }

  /** Starts workers until `waiting` of them are starting, or there are as many as there may be. */
  startFor(waiting: number): void {
    for (let starting = this.starting; starting < waiting; starting += 1) {
      if (this.#slots.size >= this.starts.most) return
      this.start()
    }
  }

  /** Starts as many as are kept without work. */
  keepMinimum(): void {
    while (this.#slots.size < this.#options.minWorkers) this.start()
  }

  /** The worker has ended; if that was `expected`, it has not failed. */
  ended(slot: Slot, expected: boolean): void {
    if (!expected) this.crashes += 1
    this.#slots.delete(slot)
    this.#takeOutOfIdle(slot)
  }

  /** Whether one of the workers has started. */
  get someWork(): boolean {
    for (const { state } of this.#slots) if (state !== 'starting') return true
    return false
  }

  /**
   * The pool closes and has no work left: idle workers are asked to end, starting ones are ended
   * with `why`. One that has a cancelled call to leave is asked when it has left it. Whoever closes
   * the pool says how long that may take.
   */
  dismiss(why: (slot: Slot) => Error): void {
    for (const slot of [...this.#slots]) {
      const { state, life } = slot
      if (state === 'starting') life.end(why(slot))
      else if (state === 'busy' || state === 'draining') life.hold()
      else {
        this.#takeOutOfIdle(slot)
        life.stop(Number.POSITIVE_INFINITY)
      }
    }
  }

  /**
   * If modules were evaluated again, the workers have older code than the program. Each finishes
   * what it has and is replaced.
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

  /** Takes back the calls that starting workers were given, as far as possible. */
  backFromStarting(): ReadyJob[] {
    const back: ReadyJob[] = []
    for (const slot of this.#slots) if (slot.state === 'starting') back.push(...slot.takeBack())
    return back
  }

  // ── rest ──

  /** The worker has nothing to do; `nextIdle` may take it. */
  rests(slot: Slot): void {
    this.#idle.push(slot)
  }

  /**
   * Takes the idle worker that gets the next job: the one that turned idle last, as it may not be
   * asleep yet; so the others rest, and end after `idleMs`. Where calls come one at a time, two
   * workers take turns, because the first one is about to fall asleep when it has answered. Such a
   * call comes back a third sooner. One with values that move (`moves`) goes by message, which
   * comes just before the worker sleeps.
   */
  nextIdle(moves: boolean): Slot | undefined {
    const last = this.#idle.pop()
    if (last === undefined || moves || last.giving.gaveMany) return last
    const lastButOne = this.#idle.pop()
    if (lastButOne === undefined) return last
    this.#idle.push(last)
    return lastButOne
  }

  /**
   * After `holdMs`, idle workers stop keeping the program alive; after `idleMs` they end. One timer
   * serves all.
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

  /** Returns after how many ms to look at this one again. */
  #tidyUp(slot: Slot, nowMs: number): number {
    const { idleMs, minWorkers } = this.#options
    const { life } = slot
    if (slot.state !== 'idle') {
      this.#takeOutOfIdle(slot) // It is being ended, and keeps the program alive until then.
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

  /** How many were not asked to end. */
  get #staying(): number {
    let staying = 0
    for (const { life } of this.#slots) if (!life.isLeaving) staying += 1
    return staying
  }

  /** Takes this one out of the idle ones: it gets a job. */
  take(slot: Slot): void {
    this.#takeOutOfIdle(slot)
  }

  #takeOutOfIdle(slot: Slot): void {
    const at = this.#idle.indexOf(slot)
    if (at >= 0) this.#idle.splice(at, 1)
  }
}
