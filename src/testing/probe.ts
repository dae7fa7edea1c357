/**
 * Stand-ins for actors in tests: one that only notes what it is sent, and one that fails at a
 * message of the test's choice.
 */
import { Cell } from '../actors/cell.ts'
import type { Definition, Method } from '../actors/contract.ts'
import { type ActorClass, definitionIn, definitionOf } from '../actors/definition.ts'
import { ActorRef, type Ref } from '../actors/ref.ts'
import { system } from '../actors/system.ts'

/** A message as a probe has seen it. */
export interface Probed {
  readonly method: string
  readonly args: readonly unknown[]
}

/** An actor that a test looks through: it keeps what it is sent. Made by `probe()`. */
export interface Probe<T extends object> {
  /** Takes every message of the class; what asks it for something is answered undefined. */
  readonly ref: Ref<T>
  /** The messages that `next` has not given yet. */
  readonly waiting: readonly Probed[]
  /** The next message, once it is there. */
  next(): Promise<Probed>
}

/**
 * An actor with the methods of `cls` that only notes what it is sent, on this thread.
 * @throws InvalidActorError if `cls` was not declared by `actor()`
 * @example
 *     const till = probe(Till)
 *     shop.tell.sellTo(till.ref)
 *     assert.deepEqual(await till.next(), { method: 'pay', args: [3] })
 */
export function probe<T extends object, A extends readonly any[]>(cls: ActorClass<T, A>): Probe<T> {
  const waiting: Probed[] = []
  let look: (() => void) | undefined
  const definition = withMethods(definitionIn(cls), class Probe {}, ({ name }) => (...args) => {
    waiting.push({ method: name, args })
    look?.()
  })
  const cell = new Cell(system(), definition, [], undefined)
  void cell.start()
  return {
    ref: new ActorRef(cell, undefined) as unknown as Ref<T>,
    get waiting() {
      return [...waiting]
    },
    async next() {
      while (waiting.length === 0)
        await new Promise<void>(resolve => {
          look = resolve
        })
      return waiting.shift() as Probed
    },
  }
}

/** What a message fails with that `failingAt` chose. */
export class InjectedFailure extends Error {
  override name = 'InjectedFailure'
}

/**
 * The same class, whose actors fail at the `at`th message that any of them works on, from 1 up:
 * `before` it does anything, or `after` it has done its work and before it answers. For a test that
 * plays every number in turn. On this thread.
 * @throws InvalidActorError if `cls` was not declared by `actor()`
 * @example
 *     for (let at = 1; at <= 20; at += 1) await play(failingAt(Account, at, 'after'))
 */
export function failingAt<T extends object, A extends readonly any[]>(
  cls: ActorClass<T, A>,
  at: number,
  when: 'before' | 'after',
): ActorClass<T, A> {
  let count = 0
  const failing = class extends (cls as unknown as new (...args: any[]) => object) {}
  const original = definitionIn(cls)
  const definition = withMethods(original, failing, ({ name, fn }) => {
    const failure = () => new InjectedFailure(`message ${at}, ${name}, fails ${when} its work`)
    return function (this: object, ...args: unknown[]) {
      count += 1
      const fails = count === at
      if (fails && when === 'before') throw failure()
      const result = fn.apply(this, args)
      if (!fails) return result
      return Promise.resolve(result).then(() => {
        throw failure()
      })
    }
  })
  const crashOn = [...original.crashOn, InjectedFailure]
  return Object.defineProperty(failing, definitionOf, {
    value: { ...definition, crashOn },
  }) as unknown as ActorClass<T, A>
}

/** The definition of a class that takes the same messages, by other functions. */
function withMethods(
  definition: Definition,
  make: new (...args: any[]) => object,
  as: (method: Method) => (...args: any[]) => unknown,
): Definition {
  const methods = new Map(
    [...definition.methods].map(([name, method]) => [name, { ...method, fn: as(method) }]),
  )
  // Refs call by the methods that their stubs were made with, so these are made anew.
  return { ...definition, make, methods, ...definition.stubsOf(methods) }
}
