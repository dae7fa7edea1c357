/**
 * A look, some time after something was first watched, at what still is so. None is planned while
 * nothing is watched, and it does not keep the program alive.
 */
import type { Runtime } from '../runtime/seam.ts'

export class SecondLook {
  readonly #runtime: Runtime
  readonly #afterMs: number
  readonly #look: () => void
  #isPlanned = false

  constructor(runtime: Runtime, afterMs: number, look: () => void) {
    this.#runtime = runtime
    this.#afterMs = afterMs
    this.#look = look
  }

  /** Looks soon, if it is not to already; called during a look, it plans the next one. */
  plan(): void {
    if (this.#isPlanned) return
    this.#isPlanned = true
    const timer = this.#runtime.setTimer(this.#afterMs, () => {
      this.#isPlanned = false
      this.#look()
    })
    timer.unref()
  }
}
