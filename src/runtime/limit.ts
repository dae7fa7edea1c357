/**
 * What ends something before its time: a signal that aborts, a time that passes. Begun and ended
 * together, so that nothing of it stays behind.
 */
import { type Runtime, runtime, type Timer } from './runtime.ts'
import { offAbort, onAbort } from './signals.ts'

/** Of users' options; undefined and `Infinity` are no limit. */
export interface Limits {
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number | undefined
}

/** Who is told, of at most one of both in each turn of events: it ends the limit then. */
export interface LimitOwner {
  /** The signal has aborted, with that reason. */
  aborted(reason: unknown): void
  /** The time has passed. */
  timedOut(timeoutMs: number): void
}

/** A signal and a time that are watched. */
export class Limit {
  readonly #signal: AbortSignal | undefined
  readonly #listener: (() => void) | undefined
  readonly #timer: Timer | undefined

  private constructor({ signal, timeoutMs }: Limits, owner: LimitOwner, within: Runtime) {
    this.#signal = signal
    if (signal !== undefined) {
      this.#listener = () => owner.aborted(signal.reason)
      onAbort(signal, this.#listener)
    }
    this.#timer = timerIn(timeoutMs, () => owner.timedOut(timeoutMs as number), within)
  }

  /**
   * Watches what there is; undefined if that is nothing. A signal that has aborted already tells
   * nobody: look before.
   */
  static begin(limits: Limits, owner: LimitOwner, within: Runtime = runtime()): Limit | undefined {
    return limits.signal === undefined && isEndless(limits.timeoutMs)
      ? undefined
      : new Limit(limits, owner, within)
  }

  /** Watches no more; may be called again. */
  end(): void {
    this.#timer?.cancel()
    if (this.#listener !== undefined) offAbort(this.#signal as AbortSignal, this.#listener)
  }
}

/** Calls `passed` after `ms`; undefined if that is never. */
export function timerIn(
  ms: number | undefined,
  passed: () => void,
  within: Runtime = runtime(),
): Timer | undefined {
  return isEndless(ms) ? undefined : within.setTimer(ms as number, passed)
}

function isEndless(ms: number | undefined): boolean {
  return ms === undefined || ms === Number.POSITIVE_INFINITY
}
