/**
 * Checks from time to time whether the worker uses more memory than it may. Reading that costs some
 * microseconds.
 */
import { runtime } from '../../runtime/runtime.ts'

const everyMs = 100

export class MemoryGauge {
  readonly #limitBytes: number
  readonly #usedBytes: () => number
  #lookedAtMs = Number.NEGATIVE_INFINITY
  #said = false

  constructor(limitMiB: number, usedBytes: () => number) {
    this.#limitBytes = limitMiB * 2 ** 20
    this.#usedBytes = usedBytes
  }

  /** Whether the limit was just found to be passed; true once. */
  passes(): boolean {
    const nowMs = runtime().now()
    if (this.#said || nowMs - this.#lookedAtMs < everyMs) return false
    this.#lookedAtMs = nowMs
    this.#said = this.#usedBytes() > this.#limitBytes
    return this.#said
  }
}
