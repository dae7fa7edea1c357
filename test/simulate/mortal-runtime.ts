/**
 * The runtime of one played worker: a view of the simulated one, which ends with the worker.
 *
 * A thread or process that dies takes along what it would have done next. So does this: its timers,
 * and whoever waits, do not go on. Each worker also has a runtime of its own, as each thread has:
 * actors keep what they share by it.
 */
import { everyoneParked } from '../../src/runtime/park.ts'
import type { Runtime, Timer } from '../../src/runtime/runtime.ts'

export class MortalRuntime implements Runtime {
  readonly #of: Runtime
  readonly #timers = new Set<Timer>()
  #dead = false

  constructor(of: Runtime) {
    this.#of = of
  }

  get isDead(): boolean {
    return this.#dead
  }

  /** Nothing that was begun here goes on. */
  end(): void {
    this.#dead = true
    for (const timer of this.#timers) timer.cancel()
    this.#timers.clear()
    for (const parked of everyoneParked(this)) parked.fail(new Error('Its worker has died.'))
  }

  now(): number {
    return this.#of.now()
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    if (this.#dead) return { cancel() {}, ref() {}, unref() {} }
    const timer = this.#of.setTimer(delayMs, () => {
      this.#timers.delete(timer)
      fire()
    })
    this.#timers.add(timer)
    return {
      cancel: () => {
        this.#timers.delete(timer)
        timer.cancel()
      },
      ref: () => timer.ref(),
      unref: () => timer.unref(),
    }
  }

  soon(run: () => void, who?: string): void {
    this.#of.soon(() => this.#dead || run(), who)
  }

  yieldToLoop(): Promise<void> {
    return new Promise(resolve => void this.#of.yieldToLoop().then(() => this.#dead || resolve()))
  }

  resume(who: string, reason: string, step: () => void): void {
    if (!this.#dead) this.#of.resume(who, reason, () => this.#dead || step())
  }

  random(): number {
    return this.#of.random()
  }
}
