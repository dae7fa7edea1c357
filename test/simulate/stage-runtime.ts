/** Virtual time for a play, which knows for which timers the program would be kept alive. */
import type { Runtime, Timer } from '../../src/runtime/runtime.ts'
import { VirtualRuntime } from '../../src/runtime/virtual.ts'

export class StageRuntime extends VirtualRuntime {
  readonly #held = new Set<object>()

  constructor(seed: number) {
    super({ seed, schedule: 'random' })
  }

  /** Whether a timer of the near side keeps the program alive. */
  get holdsProgram(): boolean {
    return this.#held.size > 0
  }

  override setTimer(delayMs: number, fire: () => void): Timer {
    const token = {}
    this.#held.add(token)
    const timer = super.setTimer(delayMs, () => {
      this.#held.delete(token)
      fire()
    })
    return {
      cancel: () => {
        this.#held.delete(token)
        timer.cancel()
      },
      unref: () => void this.#held.delete(token),
      ref: () => void this.#held.add(token),
    }
  }

  /** The same time, for what is not the program's own: its workers, and whoever plays it. */
  readonly outside: Runtime = {
    now: () => this.now(),
    random: () => this.random(),
    soon: (run, who) => this.soon(run, who),
    resume: (who, reason, step) => this.resume(who, reason, step),
    yieldToLoop: () => this.yieldToLoop(),
    setTimer: (delayMs, fire) => super.setTimer(delayMs, fire),
  }
}
