/**
 * What an entity has answered, of each caller: kept with its state, so that a call which comes
 * again is answered, not worked on.
 *
 * A caller numbers its calls, and says with each which is the oldest that it still waits for.
 * Answers to older ones are forgotten; an older call is a copy that was late, and nobody waits for
 * it.
 */
import type { EntityCall, KeptAnswers, Reply } from './messages.ts'

/** Of the callers that were heard last. */
const mostCallers = 256

interface OfCaller {
  oldest: number
  readonly replies: Map<number, Reply>
}

export class Answered {
  /** Whoever was heard last is last. */
  readonly #callers = new Map<string, OfCaller>()

  constructor(kept: KeptAnswers = []) {
    for (const [caller, oldest, replies] of kept)
      this.#callers.set(caller, { oldest, replies: new Map(replies) })
  }

  /** The answer that it had, or that it is late, or undefined: it is new. */
  find({ to, number, oldest }: EntityCall): Reply | 'late' | undefined {
    const of = this.#callers.get(to) ?? { oldest: 0, replies: new Map<number, Reply>() }
    this.#callers.delete(to)
    this.#callers.set(to, of)
    if (number < of.oldest) return 'late'
    of.oldest = Math.max(of.oldest, oldest)
    for (const before of of.replies.keys()) if (before < of.oldest) of.replies.delete(before)
    return of.replies.get(number)
  }

  put({ to, number }: EntityCall, reply: Reply): void {
    this.#callers.get(to)?.replies.set(number, reply)
    for (const caller of this.#callers.keys()) {
      if (this.#callers.size <= mostCallers) return
      this.#callers.delete(caller)
    }
  }

  /** The change that it tells of was not stored. */
  forget({ to, number }: EntityCall): void {
    this.#callers.get(to)?.replies.delete(number)
  }

  kept(): KeptAnswers {
    return [...this.#callers].map(([caller, { oldest, replies }]) => [caller, oldest, [...replies]])
  }
}
