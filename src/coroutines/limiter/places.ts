/**
 * Who runs and who waits: the queue of a limiter, its places and its rate.
 *
 *     admit ─▶ queue ─▶ free places, rate, not paused ─▶ #start ─▶ (caller's context) #begin ─▶ fn ─▶ ended ─▶ next
 *                                                         ▲
 *     a call that waits for a queued one within it ─lend──┘   it runs on the place of the one that waits
 *
 * A place that is held by a call which only waits for calls within it is lent to one of those, so that nesting never
 * deadlocks, and no more calls than there are places do anything but wait.
 */
import { AbortError, QueueFullError, TimeoutError } from '../../errors.ts'
import { PriorityQueue } from '../../executor/queue.ts'
import { type Parked, type ParkOptions, park } from '../../runtime/park.ts'
import { runtime, type Timer } from '../../runtime/runtime.ts'
import { enterStrand } from '../../runtime/strand.ts'
import { currentCall, type LimitedCall, NestedPromise, type PlaceGiver } from './call.ts'
import type { RateWindow } from './rate.ts'

/** What ends a call early. */
export interface Limits {
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number | undefined
}

interface Watcher {
  readonly parked: Parked<void>
  readonly holds: () => boolean
}

export class Places implements PlaceGiver {
  readonly #name: string
  readonly #reason: string
  readonly #resource: object
  readonly #queueLimit: number
  readonly #rate: RateWindow | undefined
  readonly #queue = new PriorityQueue<LimitedCall>()
  readonly #byId = new Map<string, LimitedCall>()
  /** Calls that wait for queued ones within them. */
  readonly #lenders = new Set<LimitedCall>()
  readonly #watchers = new Set<Watcher>()
  #concurrency: number
  #taken = 0
  #running = 0
  #paused = false
  #advancing = false
  #rateTimer: Timer | undefined

  constructor(options: {
    name: string
    resource: object
    concurrency: number
    queueLimit: number
    rate: RateWindow | undefined
  }) {
    this.#name = options.name
    this.#reason = `a place in ${options.name}`
    this.#resource = options.resource
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

  /** Lets a call run when it is its turn; resolves to what its function returns. */
  admit(call: LimitedCall, limits: Limits | undefined): Promise<unknown> {
    const guarded = limits !== undefined || call.parent !== undefined
    if (this.#queue.size >= this.#queueLimit && !this.#mayStart(call)) {
      if (this.#queue.size === 0) this.#stopRateTimer()
      return Promise.reject(new QueueFullError(this.#name, this.#queueLimit))
    }
    const parked = park<LimitedCall>(
      this.#reason,
      this.#resource,
      guarded ? { ...limits, onGivenUp: () => void this.withdraw(call) } : undefined,
    )
    if (parked.state !== 'waiting') return parked.promise
    call.parked = parked
    this.enter(call)
    if (!guarded) return parked.promise.then(this.#begin)
    const deadlineMs = limits?.timeoutMs === undefined ? undefined : runtime().now() + limits.timeoutMs
    const promise = parked.promise.then(() => this.#beginGuarded(call, limits, deadlineMs))
    return currentCall() === undefined ? promise : NestedPromise.of(call, promise)
  }

  /** Starts it, or has it wait its turn; `parked` or `granted` is told. */
  enter(call: LimitedCall): void {
    if (this.#queue.size === 0 && this.#mayStart(call)) return this.#start(call, undefined)
    this.#queue.push(call)
    if (call.id !== undefined) this.#byId.set(call.id, call)
    this.#advance()
  }

  /** Takes a call out of the queue; false if it is not there. */
  withdraw(call: LimitedCall): boolean {
    if (!this.#queue.withdraw(call)) return false
    this.#leftQueue(call)
    call.end()
    this.#advance()
    return true
  }

  /** Puts a queued call elsewhere in the queue; false if none of that id is queued. */
  setPriority(id: string, priority: number): boolean {
    const call = this.#byId.get(id)
    if (call === undefined || !this.#queue.withdraw(call)) return false
    call.priority = priority
    this.#queue.push(call)
    return true
  }

  /** Drops what is queued; each call rejects. */
  clear(reason: unknown): void {
    for (const call of [...this.#queue]) {
      this.withdraw(call)
      call.parked?.fail(
        new AbortError(
          `${call.name} was dropped from the queue of ${this.#name}.`,
          reason === undefined ? undefined : { cause: reason },
        ),
      )
    }
  }

  /** Waits until `holds`; it is looked at whenever a call was queued, begun or ended. */
  async until(what: string, holds: () => boolean, limits: Limits): Promise<void> {
    limits.signal?.throwIfAborted()
    if (holds()) return
    const options: ParkOptions = { ...limits, onGivenUp: () => void this.#watchers.delete(watcher) }
    const watcher: Watcher = { parked: park<void>(what, this.#resource, options), holds }
    if (watcher.parked.state === 'waiting') this.#watchers.add(watcher)
    await watcher.parked.promise
  }

  lend(waiting: LimitedCall): void {
    this.#lenders.add(waiting)
    this.#lendPlaces()
  }

  // ── the queue ──

  #leftQueue(call: LimitedCall): void {
    if (call.id !== undefined && this.#byId.get(call.id) === call) this.#byId.delete(call.id)
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
      this.#leftQueue(next)
      this.#start(next, undefined)
    }
    if (this.#lenders.size > 0) this.#lendPlaces()
    this.#advancing = false
    if (this.#rateTimer !== undefined && this.#queue.size === 0) this.#stopRateTimer()
    if (this.#watchers.size > 0) this.#tellWatchers()
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

  #stopRateTimer(): void {
    this.#rateTimer?.cancel()
    this.#rateTimer = undefined
  }

  /** Each call that waits for queued ones within it lets one of them run in its place. */
  #lendPlaces(): void {
    for (const lender of this.#lenders) {
      const nested = lender.over ? undefined : lender.firstQueuedBelow()
      if (nested === undefined) this.#lenders.delete(lender)
      else if (lender.lent === undefined && this.#mayBegin()) {
        this.#queue.withdraw(nested)
        this.#leftQueue(nested)
        this.#start(nested, lender)
      }
    }
  }

  // ── a call ──

  #start(call: LimitedCall, lender: LimitedCall | undefined): void {
    if (lender === undefined) {
      call.owes = call.weight
      this.#taken += call.weight
    } else {
      call.lender = lender
      lender.lent = call
    }
    this.#running += 1
    this.#rate?.began(runtime().now())
    if (call.parked !== undefined) call.parked.unpark(call)
    else call.granted?.()
  }

  /** Runs as a reaction to the promise of the place, and so in the context that `run` was called in. */
  readonly #begin = (call: LimitedCall): unknown => {
    enterStrand(call)
    let returned: unknown
    try {
      returned = call.fn(call)
    } catch (error) {
      this.ended(call)
      throw error
    }
    if (!isThenable(returned)) {
      this.ended(call)
      return returned
    }
    return returned.then(
      value => {
        this.ended(call)
        return value
      },
      error => {
        this.ended(call)
        throw error
      },
    )
  }

  /** The same for a call that can be stopped while it runs: its promise rejects at once, its place is free when it has stopped. */
  #beginGuarded(
    call: LimitedCall,
    limits: Limits | undefined,
    deadlineMs: number | undefined,
  ): Promise<unknown> {
    let timer: Timer | undefined
    const outcome = park<unknown>(`${call.name} to end`, call, {
      signal: limits?.signal,
      onGivenUp: ({ promise }) => {
        timer?.cancel()
        promise.catch(reason => call.stop(reason))
      },
    })
    if (outcome.state !== 'waiting') {
      this.ended(call)
      return outcome.promise
    }
    timer =
      deadlineMs === undefined || deadlineMs === Number.POSITIVE_INFINITY
        ? undefined
        : runtime().setTimer(Math.max(0, deadlineMs - runtime().now()), () => {
            const error = timeoutOf(call.name, limits?.timeoutMs as number)
            if (outcome.fail(error)) call.stop(error)
          })
    Promise.resolve(call)
      .then(this.#begin)
      .then(outcome.unpark.bind(outcome), outcome.fail.bind(outcome))
      .finally(() => timer?.cancel())
    return outcome.promise
  }

  /** Takes the place of a call back that has ended. */
  ended(call: LimitedCall): void {
    call.end()
    this.#running -= 1
    const { lender, lent } = call
    if (lent !== undefined && !lent.over) {
      // Whoever runs on its place keeps it, and owes it now.
      lent.lender = lender
      lent.owes = call.owes
      if (lender !== undefined) lender.lent = lent
    } else if (lender !== undefined) lender.lent = undefined
    else this.#taken -= call.owes
    if (this.#queue.size > 0 || this.#watchers.size > 0) this.#advance()
  }

  #tellWatchers(): void {
    for (const watcher of this.#watchers) {
      if (!watcher.holds()) continue
      this.#watchers.delete(watcher)
      watcher.parked.unpark()
    }
  }
}

export function timeoutOf(name: string, timeoutMs: number): TimeoutError {
  return new TimeoutError(
    `${name} did not end within ${timeoutMs} ms of the call; its place is free when it has stopped.`,
    timeoutMs,
  )
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  )
}
