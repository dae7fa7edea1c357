/**
 * One slow path for every way to wait. A primitive writes it once, as a generator that yields where
 * it waits for a word to change, and is run by whoever calls:
 *
 *     acquireSync ─▶ block   ─ the thread stops (Atomics.wait)          ─▶ resumes the generator
 *     acquire     ─▶ suspend ─ the caller is parked (Atomics.waitAsync)  ─▶ resumes the generator
 *     explore     ─▶ block, over simulated atomics
 *
 * A wait is cut into slices: when one ends, the generator looks whether the owner lives and whether
 * threads wait in a circle. No wake-up depends on that; the explorer proves the algorithms with
 * slices that never end.
 */
import { checkMs } from '../checks.ts'
import { TimeoutError } from '../errors.ts'
import { blockingNow, type Woken, waitAsync } from '../runtime/atomics.ts'
import { park } from '../runtime/park.ts'
import { parkSync } from '../runtime/park-sync.ts'
import { runtime } from '../runtime/runtime.ts'

/**
 * How long a waiter sleeps before it looks about; a thread that has died, or a deadlock, is noticed
 * after so long.
 */
export const sliceMs = 100

/** What a waiter waits for: that the word no longer holds `expected`, or a notification. */
export interface Wait {
  readonly words: Int32Array
  readonly at: number
  readonly expected: number
  /** Passes on a notification that came too late, to one that still waits. */
  readonly passOn: (() => void) | undefined
}

/**
 * Why a generator goes on: it was notified; the word has changed already; a slice is over; its
 * caller waits no longer.
 */
export type Resumed = 'woken' | 'changed' | 'slice' | 'over'

/** A slow path; returns whether it got what it waited for, and must have cleaned up if not. */
export type Waiting = Generator<Wait, boolean, Resumed>

/** What ends a wait on shared memory. */
export interface SyncWaitOptions {
  /** The wait ends after so many milliseconds, with a TimeoutError. Default: never. */
  readonly timeoutMs?: number | undefined
}

/** What ends a wait that does not block its thread. */
export interface WaitOptions extends SyncWaitOptions {
  /** The wait ends when it aborts, with its reason. Default: none. */
  readonly signal?: AbortSignal | undefined
}

/** @throws OptionError */
export function timeoutOf(call: string, timeoutMs: number | undefined): number {
  if (timeoutMs === undefined) return Number.POSITIVE_INFINITY
  checkMs(`${call} with { timeoutMs }`, timeoutMs)
  return timeoutMs
}

/**
 * Runs a slow path on this thread, which stops while it waits.
 * @throws TimeoutError
 */
export function block(waiting: Waiting, reason: string, timeoutMs: number): void {
  const endMs = timeoutMs === Number.POSITIVE_INFINITY ? timeoutMs : blockingNow() + timeoutMs
  let step = waiting.next()
  while (!step.done) {
    const leftMs = endMs === Number.POSITIVE_INFINITY ? endMs : Math.max(0, endMs - blockingNow())
    const { words, at, expected } = step.value
    const woken = parkSync(words, at, expected, Math.min(leftMs, sliceMs))
    step = waiting.next(
      woken === 'ok'
        ? 'woken'
        : woken === 'not-equal'
          ? leftMs > 0
            ? 'changed'
            : 'over'
          : leftMs <= sliceMs
            ? 'over'
            : 'slice',
    )
  }
  if (!step.value) throw tooLate(reason, timeoutMs)
}

/**
 * Runs a slow path whose caller waits without stopping its thread.
 * Rejects with TimeoutError, with the signal's reason, or with that of the cancelled strand around.
 */
export async function suspend(
  waiting: Waiting,
  reason: string,
  resource: object,
  options: WaitOptions = {},
): Promise<void> {
  const { signal } = options
  const timeoutMs = timeoutOf(reason, options.timeoutMs)
  const endMs = runtime().now() + timeoutMs
  let why: unknown
  const over = (because: unknown): Resumed => {
    why = because
    return 'over'
  }
  let step = waiting.next()
  while (!step.done) {
    const { words, at, expected, passOn } = step.value
    const woken = waitAsync(words, at, expected, sliceMs)
    let resumed: Resumed = 'changed'
    if (typeof woken !== 'string') {
      try {
        resumed = await parked(woken, passOn, reason, resource, {
          signal,
          timeoutMs: Math.max(0, endMs - runtime().now()),
        })
      } catch (error) {
        resumed = over(error instanceof TimeoutError ? tooLate(reason, timeoutMs) : error)
      }
    } else if (signal?.aborted) resumed = over(signal.reason)
    else if (runtime().now() >= endMs) resumed = over(tooLate(reason, timeoutMs))
    step = waiting.next(resumed)
  }
  if (!step.value) throw why
}

/**
 * The platform's wait keeps no program alive and can't be taken back: a timer does the one,
 * `passOn` makes up for the other.
 */
function parked(
  woken: Promise<Woken>,
  passOn: Wait['passOn'],
  reason: string,
  resource: object,
  options: WaitOptions,
): Promise<Resumed> {
  const parked = park<Resumed>(reason, resource, options)
  const alive = runtime().setTimer(10 * sliceMs, () => parked.unpark('slice'))
  void woken.then(how => {
    alive.cancel()
    if (!parked.unpark(how === 'ok' ? 'woken' : 'slice') && how === 'ok') passOn?.()
  })
  return parked.promise.finally(() => alive.cancel())
}

function tooLate(reason: string, timeoutMs: number): TimeoutError {
  return new TimeoutError(`The wait for ${reason} did not end within ${timeoutMs} ms.`, timeoutMs)
}
