/**
 * The values of a generator method, one after the other: each step is an ask, so other messages
 * have their turn between two values, and a stream that nobody reads costs nothing. Its `finally`
 * runs when its reader leaves or gives up, and when the actor's instance ends.
 */

import type { Asking, Limits, Method, Steps } from './contract.ts'
import { ActorDiedError } from './errors.ts'
import type { LiveActor } from './live-actor.ts'

/** An actor here, as a stream needs it. */
export interface Streaming extends LiveActor {
  askOwn(
    run: () => unknown,
    what: string,
    incarnation: number,
    limits: Limits | undefined,
    asking: Asking | undefined,
  ): Promise<unknown>
}

type Values = Iterator<unknown, unknown, unknown> | AsyncIterator<unknown, unknown, unknown>

/** Calls the method with the first step. */
export function openStream(
  actor: Streaming,
  method: Method,
  args: readonly unknown[],
  limits: Limits | undefined,
): Steps {
  let values: Values | undefined
  let incarnation: number | undefined
  let stay = () => {}
  const begin = (): Values => {
    const begun = method.fn.apply(actor.instance, args as unknown[]) as Values
    values = begun
    stay = actor.onLeaving(() => void close())
    return begun
  }
  /** Nobody waits for what its `finally` does. */
  const close = async (): Promise<void> => {
    stay()
    try {
      await values?.return?.()
    } catch (error) {
      actor.system.failed({ actor: actor.name, error, during: method.name })
    }
  }
  const step = async (
    advance: (values: Values) => unknown,
    asking: Asking | undefined,
  ): Promise<IteratorResult<unknown>> => {
    // The generator belongs to the instance that began it.
    incarnation ??= actor.incarnation
    if (actor.incarnation !== incarnation) throw new ActorDiedError(actor.name, { kind: 'restart' }, 'maybe')
    const run = () => advance(values ?? begin())
    const result = (await actor.askOwn(
      run,
      method.name,
      incarnation,
      limits,
      asking,
    )) as IteratorResult<unknown>
    if (result.done === true) stay()
    return result
  }
  return {
    next: asking => step(generator => generator.next(), asking),
    return: asking => step(generator => generator.return?.() ?? { done: true, value: undefined }, asking),
    leave() {
      if (values !== undefined && actor.incarnation === incarnation) actor.post(close)
    },
  }
}

/** The values as who reads them has them; leaving the loop runs the generator's `finally`. */
export function valuesOf(steps: Steps): AsyncIterableIterator<unknown> {
  let begun = false
  let over = false
  /** A step was answered: what ends the stream now has been worked on. */
  let ran = false
  const step = async (how: 'next' | 'return'): Promise<IteratorResult<unknown>> => {
    begun = true
    try {
      const result = await steps[how](undefined)
      ran = true
      over ||= how === 'return' || result.done === true
      return result
    } catch (error) {
      over = true
      steps.leave() // The step may have been given up, and the generator be at a `yield`.
      throw ran && error instanceof ActorDiedError
        ? new ActorDiedError(error.actor, error.reason, 'maybe')
        : error
    }
  }
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next: async () => (over ? { done: true, value: undefined } : step('next')),
    async return(value?: unknown) {
      if (!over && begun) await step('return')
      over = true
      return { done: true, value }
    },
  }
}
