/**
 * Events for whoever wants them: typed topics, on this thread.
 *
 *     publish(prices, { symbol, price }) ─▶ each subscriber, in the order they came ─▶ a message of its actor
 *
 * An actor's subscription ends with it, and is renewed by `onStart` after a restart.
 */
import { checkFunction } from '../checks.ts'
import { currentActor } from './current.ts'
import { system } from './system.ts'

/** What can be published and subscribed to; the name is for pictures and errors. */
export interface Topic<T> {
  readonly name: string
  /** How many subscribe to it. */
  readonly subscribers: number
  /**
   * Tells all subscribers, each as a message of its own; returns how many. Outside of actors they
   * are told after this turn. For an actor whose mailbox is full, its class's `overflow` says what
   * happens, as for a `tell`.
   */
  publish(event: T): number
  /**
   * Calls `hear` with each event from now on; in an actor, as one of its messages, until it ends or
   * restarts.
   * @returns what ends the subscription
   */
  subscribe(hear: (event: T) => unknown): () => void
}

/**
 * Makes a topic. Its subscribers are those of this thread; each thread has topics of its own.
 * @example
 *     const prices = topic<{ symbol: string; price: number }>('prices')
 *     prices.subscribe(({ symbol, price }) => this.note(symbol, price)) // in onStart of an actor
 *     prices.publish({ symbol: 'ACME', price: 42 })
 */
export function topic<T>(name: string): Topic<T> {
  return new LocalTopic<T>(name)
}

class LocalTopic<T> implements Topic<T> {
  readonly name: string
  readonly #hearers = new Set<(event: T) => boolean>()

  constructor(name: string) {
    this.name = name
  }

  get subscribers(): number {
    return this.#hearers.size
  }

  publish(event: T): number {
    let told = 0
    for (const hearer of [...this.#hearers]) if (hearer(event)) told += 1
    return told
  }

  subscribe(hear: (event: T) => unknown): () => void {
    checkFunction('topic.subscribe(hear)', hear, 'event => this.note(event)')
    const actor = currentActor()
    let subscribed = true
    const { runtime } = system()
    const { name } = this
    const hearer = (event: T) => {
      const tell = () => (subscribed ? hear(event) : undefined)
      if (actor !== undefined) return actor.hear(tell, name, event)
      runtime.soon(tell, name)
      return true
    }
    const end = () => {
      subscribed = false
      this.#hearers.delete(hearer)
      stay?.()
    }
    this.#hearers.add(hearer)
    const stay = actor?.onLeaving(end)
    return end
  }
}
