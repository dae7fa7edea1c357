/** How long a supervisor waits before each restart in a row. */
import type { Backoff } from './settings.ts'

export class Pauses {
  readonly #backoff: Required<Backoff>
  #inARow = 0
  #endsMs = Number.NEGATIVE_INFINITY

  constructor(backoff: Required<Backoff>) {
    this.#backoff = backoff
  }

  /**
   * The pause after a failure now; `random` is from 0 to 1. The rule and its numbers are Apache
   * Pekko's.
   */
  next(nowMs: number, random: number): number {
    const { minMs, maxMs, jitter } = this.#backoff
    if (nowMs - this.#endsMs > (minMs + maxMs) / 2) this.#inARow = 0
    const delayMs = Math.min(maxMs, minMs * 2 ** this.#inARow) * (1 + jitter * random)
    this.#inARow += 1
    this.#endsMs = nowMs + delayMs
    return delayMs
  }
}
