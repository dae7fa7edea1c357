/**
 * A worker's clock. The end of a call is the beginning of the next one, and many short calls share
 * one reading.
 */
import { callsPerLook, shortCallMs } from '../../policy.ts'
import { type Runtime, runtime } from '../../runtime/runtime.ts'

export class WorkClock {
  readonly #runtime: Runtime = runtime()
  /** As it was last looked at. */
  #nowMs = 0
  /**
   * How many calls have ended since then, how many may before it is read again, and what one of
   * them takes.
   */
  #untimed = 0
  #mostUntimed = 0
  #meanMs = 0

  /** As it was last looked at. */
  get nowMs(): number {
    return this.#nowMs
  }

  look(): number {
    const nowMs = this.#runtime.now()
    if (nowMs - this.#nowMs > this.#untimed * shortCallMs) this.#mostUntimed = 0 // One of them was long.
    this.#untimed = 0
    this.#nowMs = nowMs
    return nowMs
  }

  /**
   * How long the call took that has just ended. Where calls are too short to read the clock for
   * each, the mean of several.
   */
  timeOfCall(): number {
    this.#untimed += 1
    if (this.#untimed <= this.#mostUntimed) return this.#meanMs
    const calls = this.#untimed
    const beforeMs = this.#nowMs
    this.#meanMs = (this.look() - beforeMs) / calls
    this.#mostUntimed = this.#meanMs < shortCallMs ? callsPerLook - 1 : 0
    return this.#meanMs
  }
}
