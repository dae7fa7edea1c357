/**
 * `limiter.run`: one call, from its place to its outcome.
 *
 *     admit ─▶ parked until it has got a place ─granted─▶ (the caller's context) #begin ─▶ fn ─▶ ended
 */
import { TimeoutError } from '../../errors.ts'
import { timerIn } from '../../runtime/limit.ts'
import { park } from '../../runtime/park.ts'
import { realRuntime } from '../../runtime/real.ts'
import { runtime, type Timer } from '../../runtime/runtime.ts'
import { currentStrand, enterStrand } from '../../runtime/strand.ts'
import { onAwait } from '../../task/on-await.ts'
import { isThenable } from '../../task/thenable.ts'
import { type Asker, CallStrand, currentLimitedCall, LimitedCall, type LimitedContext } from './call.ts'
import type { Limits, Places } from './places.ts'

export class LimitedRun implements Asker {
  readonly #places: Places
  readonly #reason: string

  constructor(places: Places) {
    this.#places = places
    this.#reason = `a place in ${places.name}`
  }

  /** Lets a call run when it is its turn; resolves to what its function returns. */
  admit(
    fn: (context: LimitedContext) => unknown,
    limits: Limits | undefined,
    priority: number,
    weight: number,
  ): Promise<unknown> {
    const parent = currentStrand()
    const call = new LimitedCall(this.#places, this, fn, parent, priority, weight)
    const refusal = this.#places.refusal(call)
    if (refusal !== undefined) return Promise.reject(refusal)
    if (limits?.timeoutMs === 0 && !limits.signal?.aborted && parent?.stopped !== true)
      return Promise.reject(timeoutOf(callName(call, this.#places), 0)) // Its time is over: nothing runs.
    if (limits !== undefined || parent !== undefined) return this.#admitGuarded(call, limits)
    // It is tempting to park here too; but nothing can end this wait, a hundred thousand of them
    // may wait at once, and a third of their memory would be for telling what `limiter.queued`
    // tells.
    const place = new Promise<LimitedCall>(keepOpen)
    call.open = kept
    this.#places.enter(call)
    return place.then(this.#begin)
  }

  granted(call: LimitedCall): void {
    const { parked, open } = call
    if (parked !== undefined) return void parked.unpark(call)
    const now = runtime()
    if (now === realRuntime) open?.(call)
    else now.resume(callName(call, this.#places), this.#reason, () => open?.(call))
  }

  dropped(call: LimitedCall, error: Error): void {
    if (call.parked !== undefined) call.parked.fail(error)
    else call.open?.(Promise.reject(error))
  }

  /**
   * Runs as a reaction to the promise of the place, and so in the context that `run` was called in.
   */
  readonly #begin = (call: LimitedCall): unknown =>
    this.#call(call, new CallStrand(callName(call, this.#places), call))

  #call(call: LimitedCall, strand: CallStrand): unknown {
    enterStrand(strand)
    try {
      const returned = call.fn(strand)
      if (isThenable(returned)) return this.#settled(call, returned)
      this.#places.ended(call)
      return returned
    } catch (error) {
      this.#places.ended(call)
      throw error
    }
  }

  /** `await` takes a thenable's first answer only, whatever it does. */
  async #settled(call: LimitedCall, returned: PromiseLike<unknown>): Promise<unknown> {
    try {
      return await returned
    } finally {
      this.#places.ended(call)
    }
  }

  // ── a call that can be stopped ──

  #admitGuarded(call: LimitedCall, limits: Limits | undefined): Promise<unknown> {
    const parked = park<LimitedCall>(this.#reason, this.#places.resource, {
      ...limits,
      onGivenUp: () => void this.#places.withdraw(call),
    })
    if (parked.state !== 'waiting') return parked.promise
    call.parked = parked
    const deadlineMs = limits?.timeoutMs === undefined ? undefined : runtime().now() + limits.timeoutMs
    this.#places.enter(call)
    const promise = parked.promise.then(() => this.#beginGuarded(call, limits, deadlineMs))
    if (currentLimitedCall() === undefined) return promise
    return onAwait(promise, () => currentLimitedCall()?.waitsFor(call))
  }

  /**
   * When it is stopped, its promise rejects at once; its place is free when its function has ended.
   */
  #beginGuarded(
    call: LimitedCall,
    limits: Limits | undefined,
    deadlineMs: number | undefined,
  ): Promise<unknown> {
    const strand = new CallStrand(callName(call, this.#places), call)
    let timer: Timer | undefined
    const outcome = park<unknown>(`${strand.name} to end`, call, {
      signal: limits?.signal,
      onGivenUp: ({ promise }) => {
        timer?.cancel()
        promise.catch(reason => {
          strand.stop(reason)
          this.#places.goesOn(call)
        })
      },
    })
    if (outcome.state !== 'waiting') {
      this.#places.ended(call)
      return outcome.promise
    }
    if (deadlineMs !== undefined)
      timer = timerIn(Math.max(0, deadlineMs - runtime().now()), () => {
        const error = timeoutOf(strand.name, limits?.timeoutMs as number)
        if (!outcome.failFor(error)) return
        strand.stop(error)
        this.#places.goesOn(call)
      })
    // In a reaction of its own: what follows here must not run in the strand of the call.
    Promise.resolve(strand)
      .then(entered => this.#call(call, entered))
      .then(
        value => void outcome.unpark(value),
        error => void outcome.failFor(error),
      )
      .then(() => timer?.cancel())
    return outcome.promise
  }
}

/**
 * How the newest promise of a place is resolved: one function for all promises, where each would
 * need its own.
 */
let kept: ((call: LimitedCall | Promise<never>) => void) | undefined
function keepOpen(resolve: (call: LimitedCall | Promise<never>) => void): void {
  kept = resolve
}

export function timeoutOf(name: string, timeoutMs: number): TimeoutError {
  return new TimeoutError(
    `${name} did not end within ${timeoutMs} ms of the call; its place is free when it has stopped.`,
    timeoutMs,
  )
}

function callName(call: LimitedCall, places: Places): string {
  return call.fn.name || `a call of ${places.name}`
}
