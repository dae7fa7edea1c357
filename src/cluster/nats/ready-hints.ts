/**
 * Tells nodes that a lane of a queue has something, at most once in a while: what is submitted
 * meanwhile, one more tells.
 */
import { runtime } from '../../runtime/runtime.ts'
import type { Lane } from './pull.ts'

const everyMs = 2

export class ReadyHints {
  readonly #publish: (queue: string, lane: Lane) => void
  /** Lanes that something was said of just now, and whether there is more to say. */
  readonly #said = new Map<string, boolean>()

  constructor(publish: (queue: string, lane: Lane) => void) {
    this.#publish = publish
  }

  say(queue: string, lane: Lane): void {
    const name = `${queue}-${lane}`
    if (this.#said.has(name)) {
      this.#said.set(name, true)
      return
    }
    this.#publish(queue, lane)
    this.#said.set(name, false)
    runtime().setTimer(everyMs, () => {
      const isMore = this.#said.get(name) === true
      this.#said.delete(name)
      if (isMore) this.say(queue, lane)
    })
  }
}
