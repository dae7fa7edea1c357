/** How many calls may begin in a stretch of time. */
import { checkOptions, checkWhole, optionNames, shown } from '../../checks.ts'
import { OptionError } from '../../errors.ts'

/** At most `calls` begin within `perMs`. */
export interface Rate {
  /** How many calls may begin in one window. */
  readonly calls: number
  /** How long a window is, in milliseconds. */
  readonly perMs: number
  /**
   * `'sliding'` (default): in no stretch of `perMs`, wherever it begins, do more than `calls`
   * begin; keeps 8 bytes for each of `calls`. `'fixed'`: a window of `perMs` begins with a call,
   * and the next one at its end if calls wait for it, or else with the next call; so up to twice as
   * many may begin around the border of two.
   */
  readonly window?: 'fixed' | 'sliding'
}

const rateNames = optionNames<Rate>({ calls: true, perMs: true, window: true })

/** Counts what has begun. */
export interface RateWindow {
  readonly calls: number
  /** How long until one more may begin; 0 for now. */
  delayMs(nowMs: number): number
  /** One has begun; only if `delayMs` was 0. */
  began(nowMs: number): void
}

/** @throws OptionError */
export function openWindow(rate: Rate): RateWindow {
  rate = checkOptions('new Limiter({ rate })', rate, rateNames)
  const { calls, perMs, window = 'sliding' } = rate
  checkWhole('new Limiter({ rate: { calls } })', calls, 1)
  if (!(perMs > 0 && Number.isFinite(perMs)))
    throw new OptionError(
      `new Limiter({ rate: { perMs } }) takes milliseconds above 0, as 1_000 for a second; it got ${shown(perMs)}.`,
    )
  if (window === 'sliding') return new SlidingWindow(calls, perMs)
  if (window === 'fixed') return new FixedWindow(calls, perMs)
  throw new OptionError(
    `new Limiter({ rate: { window } }) takes 'sliding' or 'fixed'; it got ${shown(window)}.`,
  )
}

class SlidingWindow implements RateWindow {
  /** When each of the last `calls` began; the oldest at `#next`. */
  readonly #begunMs: Float64Array
  readonly #perMs: number
  readonly calls: number
  #next = 0

  constructor(calls: number, perMs: number) {
    this.calls = calls
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
  readonly calls: number
  readonly #perMs: number
  #startMs = Number.NEGATIVE_INFINITY
  #begun = 0
  /** Whether calls wait for the next window: then it follows at once. */
  #awaited = false

  constructor(calls: number, perMs: number) {
    this.calls = calls
    this.#perMs = perMs
  }

  delayMs(nowMs: number): number {
    if (nowMs >= this.#startMs + this.#perMs || this.#begun < this.calls) return 0
    this.#awaited = true
    return this.#startMs + this.#perMs - nowMs
  }

  began(nowMs: number): void {
    const nextMs = this.#startMs + this.#perMs
    if (nowMs >= nextMs) {
      this.#startMs = this.#awaited && nowMs < nextMs + this.#perMs ? nextMs : nowMs
      this.#awaited = false
      this.#begun = 0
    }
    this.#begun += 1
  }
}
