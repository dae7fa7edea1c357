/**
 * Who runs and who waits: the queue of a limiter, its places and its rate.
 *
 *     enter ─▶ queue ─▶ free places, rate, not paused ─▶ granted ─▶ the call runs ─▶ ended ─▶ next
 *                                                           ▲
 *     a call that waits for a queued one within it ──lend───┘   it runs on the place of the one that waits
 *
 * A place that is held by a call which only waits for calls within it is lent to one of those, so
 * that nesting never deadlocks, and no more calls than there are places do anything but wait.
 */
import { AbortError, QueueFullError } from '../../errors.ts'
import { PriorityQueue } from '../../executor/queue.ts'
import { type Parked, park } from '../../runtime/park.ts'
import { runtime, type Timer } from '../../runtime/runtime.ts'
import { currentStrand, type Strand } from '../../runtime/strand.ts'
import { type LimitedCall, limitedCallsAround, type PlaceGiver } from './call.ts'
import type { RateWindow } from './rate.ts'
import { StuckWatch } from './stuck.ts'

/** What ends a wait early. */
export interface Limits {
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number | undefined
}

interface Watcher {
  readonly parked: Parked<void>
  readonly holds: () => boolean
}

export class Places implements PlaceGiver {
  /** Shown in errors. */
  readonly name: string
  /** What those who wait are waiting for. */
  readonly resource: object
  readonly #queueLimit: number
  readonly #rate: RateWindow | undefined
  readonly #queue = new PriorityQueue<LimitedCall>()
  /** Calls that wait for queued ones within them. */
  readonly #lenders = new Set<LimitedCall>()
  readonly #watchers = new Set<Watcher>()
  #concurrency: number
  #taken = 0
  #running = 0
  #paused = false
  #advancing = false
  /** Watchers are told in the next turn. */
  #telling = false
  #rateTimer: Timer | undefined
  readonly #stuck = new StuckWatch(this)

  constructor(options: {
    name: string
    resource: object
    concurrency: number
    queueLimit: number
    rate: RateWindow | undefined
  }) {
    this.name = options.name
    this.resource = options.resource
    this.#concurrency = options.concurrency
    this.#queueLimit = options.queueLimit
    this.#rate = options.rate
  }

  get queued(): number {
    return this.#queue.size
  }

  get running(): number {
    return this.#running
  }

  get concurrency(): number {
    return this.#concurrency
  }

  set concurrency(places: number) {
    this.#concurrency = places
    this.#advance()
  }

  /** How many calls may begin in one window of its rate; any number without one. */
  get callsPerWindow(): number {
    return this.#rate?.calls ?? Number.POSITIVE_INFINITY
  }

  get paused(): boolean {
    return this.#paused
  }

  set paused(paused: boolean) {
    this.#paused = paused
    this.#advance()
  }

  /** Whether calls wait for the rate alone. */
  get rateLimited(): boolean {
    return this.#rateTimer !== undefined
  }

  /** Why one more call can't be taken, if it can't. */
  refusal(call: LimitedCall): QueueFullError | undefined {
    if (this.#queue.size < this.#queueLimit || (this.#queue.size === 0 && this.#mayStart(call)))
      return undefined
    this.#stopIdleTimer()
    return new QueueFullError(this.name, this.#queueLimit)
  }

  /** Grants it a place, now or when its turn comes. */
  enter(call: LimitedCall): void {
    if (this.#queue.size === 0 && this.#mayStart(call)) return this.#start(call)
    this.#queue.push(call)
    this.#advance()
    if (!call.waiting) return
    if (call.parent !== undefined) {
      this.#noteNesting(call.parent, 'has made calls of it that wait')
      for (const outer of limitedCallsAround(call.parent))
        if (outer.giver instanceof Places && outer.giver !== this && !outer.over)
          outer.giver.#stuck.waitsElsewhere(outer, call, this.#stuck)
    }
    this.#stuck.look()
  }

  /** Takes a call out of the queue; false if it is not there. */
  withdraw(call: LimitedCall): boolean {
    if (!this.#queue.withdraw(call)) return false
    call.end()
    this.#advance()
    return true
  }

  /** Takes the place of a call back that has ended. */
  ended(call: LimitedCall): void {
    if (call.over) return
    this.#stuck.moved()
    this.#stuck.ended(call)
    this.#running -= 1
    this.#taken -= call.end()
    if (this.#queue.size > 0 || this.#watchers.size > 0) this.#advance()
  }

  /** Drops what is queued. */
  clear(reason: unknown): void {
    const cause = reason === undefined ? undefined : { cause: reason }
    for (const call of [...this.#queue])
      if (this.withdraw(call))
        call.asker.dropped(call, new AbortError(`A call was dropped from the queue of ${this.name}.`, cause))
  }

  lend(waiting: LimitedCall): void {
    this.offer(waiting)
    this.#advance()
  }

  offer(lender: LimitedCall): void {
    if (!lender.lends) this.#lenders.add(lender)
  }

  /**
   * Waits until `holds`; it is looked at whenever calls were queued, begun or ended. Who waits for
   * calls to end goes on when the outcome of the last one was told to whoever awaits it, however
   * long their chains: a turn of the event loop later.
   */
  async until(
    what: string,
    holds: () => boolean,
    limits: Limits,
    { told }: { told: boolean },
  ): Promise<void> {
    limits.signal?.throwIfAborted()
    if (holds() && !told) return
    let watcher: Watcher | undefined
    const parked = park<void>(what, this.resource, {
      ...limits,
      onGivenUp: () => void (watcher && this.#watchers.delete(watcher)),
    })
    if (parked.state === 'waiting') {
      watcher = { parked, holds }
      this.#watchers.add(watcher)
      if (holds()) this.#tellWatchers()
      else this.#noteNesting(currentStrand(), 'waits for other calls of it to end')
    }
    await parked.promise
  }

  /** Starts whatever may start now. */
  #advance(): void {
    if (this.#advancing) return // A call that ends as it begins: whoever began it goes on.
    this.#advancing = true
    for (
      let next = this.#queue.peek();
      next !== undefined && this.#mayStart(next);
      next = this.#queue.peek()
    ) {
      this.#queue.shift()
      this.#start(next)
    }
    if (this.#lenders.size > 0) this.#lendPlaces()
    this.#advancing = false
    this.#stopIdleTimer()
    if (this.#watchers.size > 0) this.#tellWatchers()
    else if (this.#queue.size === 0) this.#stuck.rest()
  }

  #mayStart(call: LimitedCall): boolean {
    // One that is heavier than all places runs alone: they may have become fewer since it came.
    if (this.#taken + call.weight > this.#concurrency && this.#taken > 0) return false
    return this.#mayBegin()
  }

  /** Whether one more may begin, if it has a place. */
  #mayBegin(): boolean {
    if (this.#paused) return false
    if (this.#rate === undefined) return true
    const delayMs = this.#rate.delayMs(runtime().now())
    if (delayMs === 0) return true
    this.#rateTimer ??= runtime().setTimer(delayMs, () => {
      this.#rateTimer = undefined
      this.#advance()
    })
    return false
  }

  /** A queued call, or a wait for this limiter, was made within one of its own calls. */
  #noteNesting(strand: Strand | undefined, why: string): void {
    for (const outer of limitedCallsAround(strand))
      if (outer.giver === this && !outer.over) return this.#stuck.waitsWithin(outer, why)
  }

  /** The limit of a call is over; it keeps its place until its function has ended. */
  goesOn(call: LimitedCall): void {
    if (!call.over) this.#stuck.goesOn(call)
  }

  /** Whether anybody waits for a state of this limiter. */
  get awaited(): boolean {
    return this.#watchers.size > 0
  }

  /** Nobody waits for the rate: a timer would only keep the program alive. */
  #stopIdleTimer(): void {
    if (this.#rateTimer === undefined || this.#queue.size > 0) return
    this.#rateTimer.cancel()
    this.#rateTimer = undefined
  }

  #start(call: LimitedCall): void {
    this.#taken += call.weight
    this.#grant(call)
  }

  #grant(call: LimitedCall): void {
    this.#stuck.moved()
    this.#running += 1
    this.#rate?.began(runtime().now())
    call.asker.granted(call)
  }

  /** Each call that waits for queued ones within it lets one of them run in its place. */
  #lendPlaces(): void {
    for (const lender of this.#lenders) {
      const nested = lender.over || lender.lends ? undefined : lender.nextHosted()
      if (nested === undefined) {
        this.#lenders.delete(lender) // Its place is offered again when it comes back.
        continue
      }
      if (!this.#mayBegin()) return
      this.#lenders.delete(lender)
      this.#queue.withdraw(nested)
      nested.borrowFrom(lender)
      this.#grant(nested)
    }
  }

  /** In the next turn of the event loop, if what they wait for still holds. */
  #tellWatchers(): void {
    if (this.#telling) return
    for (const { holds } of this.#watchers) this.#telling ||= holds()
    if (!this.#telling) return
    void runtime()
      .yieldToLoop()
      .then(() => {
        this.#telling = false
        for (const watcher of this.#watchers) {
          if (!watcher.holds()) continue
          this.#watchers.delete(watcher)
          watcher.parked.unpark()
        }
      })
  }
}
