/** A stand-in for an actor in tests, which only notes what it is sent. */
import { Cell } from '../actors/cell.ts'
import type { Definition, Method } from '../actors/contract.ts'
import { type ActorClass, definitionIn } from '../actors/definition.ts'
import { type Ref, refTo } from '../actors/ref.ts'
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
    ref: refTo(cell) as unknown as Ref<T>,
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
