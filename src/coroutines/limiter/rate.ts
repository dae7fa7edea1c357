/** How many calls may begin in a stretch of time. */
import { checkOptions, optionNames } from '../../checks.ts'
import { OptionError } from '../../errors.ts'

/** At most `calls` begin within `perMs`. */
export interface Rate {
  /** How many calls may begin in one window. */
  readonly calls: number
  readonly perMs: number
  /**
   * `'sliding'` (default): in no stretch of `perMs`, wherever it begins, do more than `calls` begin; keeps 8 bytes for
   * each of `calls`. `'fixed'`: windows of `perMs` lie end to end from the first call on, so up to twice as many may
   * begin around the border of two.
   */
  readonly window?: 'fixed' | 'sliding'
}

const rateNames = optionNames<Rate>({ calls: true, perMs: true, window: true })

/** Counts what has begun. */
export interface RateWindow {
  /** How long until one more may begin; 0 for now. */
  delayMs(nowMs: number): number
  /** One has begun; only if `delayMs` was 0. */
  began(nowMs: number): void
}

/** @throws OptionError */
export function openWindow(rate: Rate): RateWindow {
  rate = checkOptions('new Limiter({ rate })', rate, rateNames)
  const { calls, perMs, window = 'sliding' } = rate
  if (!(Number.isSafeInteger(calls) && calls >= 1))
    throw new OptionError(
      `new Limiter({ rate: { calls } }) takes a whole number from 1 up; it got ${String(calls)}.`,
    )
  if (!(perMs > 0 && Number.isFinite(perMs)))
    throw new OptionError(
      `new Limiter({ rate: { perMs } }) takes milliseconds above 0, as 1_000 for a second; it got ${String(perMs)}.`,
    )
  if (window === 'sliding') return new SlidingWindow(calls, perMs)
  if (window === 'fixed') return new FixedWindow(calls, perMs)
  throw new OptionError(
    `new Limiter({ rate: { window } }) takes 'sliding' or 'fixed'; it got ${String(window)}.`,
  )
}

class SlidingWindow implements RateWindow {
  /** When each of the last `calls` began; the oldest at `#next`. */
  readonly #begunMs: Float64Array
  readonly #perMs: number
  #next = 0

  constructor(calls: number, perMs: number) {
    this.#begunMs = new Float64Array(calls).fill(Number.NEGATIVE_INFINITY)
    this.#perMs = perMs
  }

  delayMs(nowMs: number): number {
    return Math.max(0, (this.#begunMs[this.#next] as number) + this.#perMs - nowMs)
  }

  began(nowMs: number): void {
    this.#begunMs[this.#next] = nowMs
    this.#next = (this.#next + 1) % this.#begunMs.length
  }
}

class FixedWindow implements RateWindow {
  readonly #calls: number
  readonly #perMs: number
  #startMs: number | undefined
  #begun = 0

  constructor(calls: number, perMs: number) {
    this.#calls = calls
    this.#perMs = perMs
  }

  delayMs(nowMs: number): number {
    const startMs = this.#startOf(nowMs)
    return startMs !== this.#startMs || this.#begun < this.#calls ? 0 : startMs + this.#perMs - nowMs
  }

  began(nowMs: number): void {
    const startMs = this.#startOf(nowMs)
    if (startMs !== this.#startMs) this.#begun = 0
    this.#startMs = startMs
    this.#begun += 1
  }

  /** When the window began that this moment is in. */
  #startOf(nowMs: number): number {
    if (this.#startMs === undefined) return nowMs
    return this.#startMs + Math.floor((nowMs - this.#startMs) / this.#perMs) * this.#perMs
  }
}
