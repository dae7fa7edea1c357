/**
 * Tells nodes that a queue has something, at most once in a while: what is submitted meanwhile, one
 * more tells.
 */
import { runtime } from '../../runtime/runtime.ts'

const everyMs = 2

export class ReadyHints {
  readonly #publish: (queue: string) => void
  /** Queues that something was said of just now, and whether there is more to say. */
  readonly #said = new Map<string, boolean>()

  constructor(publish: (queue: string) => void) {
    this.#publish = publish
  }

  say(queue: string): void {
    if (this.#said.has(queue)) {
      this.#said.set(queue, true)
      return
    }
    this.#publish(queue)
    this.#said.set(queue, false)
    runtime().setTimer(everyMs, () => {
      const isMore = this.#said.get(queue) === true
      this.#said.delete(queue)
      if (isMore) this.say(queue)
    })
  }
}
