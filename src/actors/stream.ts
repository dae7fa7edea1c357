/**
 * The values of a generator method, one after the other: each `next` is an ask, so other messages
 * have their turn between two values, and a stream that nobody reads costs nothing.
 */

import type { Limits, Method } from './contract.ts'
import { ActorDiedError } from './errors.ts'
import type { LiveActor } from './live-actor.ts'

/** An actor here, as a stream needs it. */
export interface Streaming extends LiveActor {
  askOwn(run: () => unknown, what: string, incarnation: number, limits: Limits | undefined): Promise<unknown>
}

type Values = Iterator<unknown, unknown, unknown> | AsyncIterator<unknown, unknown, unknown>

/** Calls the method with the first `next`; leaving the loop runs the generator's `finally`. */
export function openStream(
  actor: Streaming,
  method: Method,
  args: readonly unknown[],
  limits: Limits | undefined,
): AsyncIterableIterator<unknown> {
  let values: Values | undefined
  let incarnation: number | undefined
  let over = false
  const step = async (advance: (values: Values) => unknown): Promise<IteratorResult<unknown>> => {
    // The generator belongs to the instance that began it.
    incarnation ??= actor.incarnation
    if (actor.incarnation !== incarnation) {
      over = true
      throw new ActorDiedError(actor.name, { kind: 'restart' }, 'maybe')
    }
    const run = () => {
      values ??= method.fn.apply(actor.instance, args as unknown[]) as Values
      return advance(values)
    }
    try {
      const result = (await actor.askOwn(run, method.name, incarnation, limits)) as IteratorResult<unknown>
      if (result.done === true) over = true
      return result
    } catch (error) {
      over = true
      throw error
    }
  }
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next: async () => (over ? { done: true, value: undefined } : step(generator => generator.next())),
    async return(value?: unknown) {
      if (over || values === undefined) {
        over = true
        return { done: true, value }
      }
      const ended = await step(generator => generator.return?.(value) ?? { done: true, value })
      over = true
      return ended
    },
  }
}
