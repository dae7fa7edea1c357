/** Asks of this side that wait for an answer of the other one, by the numbers they were sent by. */
import type { Ask } from '../ask.ts'
import type { AskPath } from '../contract.ts'
import { ActorDiedError } from '../errors.ts'
import type { StopReason } from '../reason.ts'
import type { Progress } from './progress.ts'
import { RemoteTarget } from './remote-target.ts'

export interface AskedOwner extends AskPath {
  /** So many wait now. */
  waits(count: number): void
  gaveUp(id: number, reason: unknown): void
}

export class Asked {
  readonly #owner: AskedOwner
  readonly #asks = new Map<number, Ask>()
  /** Given up here, by their numbers; the other side may be at work on them still. */
  readonly #givenUp = new Map<number, Progress>()
  #lastId = 0

  constructor(owner: AskedOwner) {
    this.#owner = owner
  }

  get(id: number): Ask | undefined {
    return this.#asks.get(id)
  }

  /** The number of the next that is entered. */
  get nextId(): number {
    return this.#lastId + 1
  }

  /** `ask` is sent, under the number that this returns. */
  enter(ask: Ask): number {
    this.#lastId += 1
    const id = this.#lastId
    const { target } = ask
    ask.sentOver = this.#owner
    ask.sentId = id
    this.#asks.set(id, ask)
    this.#owner.waits(this.#asks.size)
    const progress = target instanceof RemoteTarget ? target.progress : undefined
    progress?.ask(id, ask.method)
    ask.onSettled = reason => {
      this.#asks.delete(id)
      this.#owner.waits(this.#asks.size)
      if (reason === undefined) return progress?.answered(id)
      if (progress !== undefined) this.#givenUp.set(id, progress)
      this.#owner.gaveUp(id, reason)
    }
    return id
  }

  /** The other side lives: from now on it says itself what it is at work on. */
  heard(): void {
    for (const [id, progress] of this.#givenUp) progress.answered(id)
    this.#givenUp.clear()
  }

  /** No answer comes any more. */
  fail(reason: StopReason): void {
    this.heard()
    for (const ask of [...this.#asks.values()]) ask.fail(new ActorDiedError(ask.target.name, reason, 'maybe'))
  }
}
