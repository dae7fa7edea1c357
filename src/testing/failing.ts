/**
 * Actors that fail, or whose worker dies, at a message of the test's choice, wherever they live.
 *
 *     here       a message ─▶ Count ─▶ is it the one? ─▶ work, fail
 *     elsewhere  a message ─▶ ask Fuse, where the test runs ─▶ Count ─▶ is it the one? ─▶ work, fail or end the worker
 *
 * One count for all actors of the class, which outlives their workers: so a test can play each
 * number in turn, at any place.
 */
import { Cell } from '../actors/cell.ts'
import type { Definition, Method, Variant } from '../actors/contract.ts'
import { type ActorClass, actor, definitionIn, definitionOf } from '../actors/definition.ts'
import { type Ref, refTo } from '../actors/ref.ts'
import { system } from '../actors/system.ts'
import { admitVariant } from '../actors/variants.ts'
import { checkCount, checkOptions, optionNames, shown } from '../checks.ts'
import { listErrorClasses, OptionError } from '../errors.ts'
import { endWorker } from '../worker/far/crash.ts'

/** What a message fails with that `failingAt` chose. */
export class InjectedFailure extends Error {}
listErrorClasses({ InjectedFailure })

/** What `failingAt` may be told. */
export interface FailingOptions {
  /**
   * `actor` (the default): the message throws. `worker`: the thread or process that the actor lives
   * in ends at once, as by `kill -9`; of an actor on this thread, the message throws.
   */
  readonly dies?: 'actor' | 'worker'
}

const failingOptionNames = optionNames<FailingOptions>({ dies: true })

/** Where a class fails, and how. */
export interface Injection {
  readonly at: number
  readonly when: 'before' | 'after'
  readonly dies: 'actor' | 'worker'
}

/**
 * The same class, whose actors fail at the `at`th message that any of them works on, from 1 up:
 * `before` it does anything, or `after` it has done its work and before it answers. Timers and
 * watches are not counted. For a test that plays every number in turn.
 *
 * The same here, on `threads()` and in `processes()`; there each message first asks the test's
 * thread for its number, so methods that were synchronous wait for that. Not on `cluster()`.
 *
 * @throws InvalidActorError if `cls` was not declared by `actor()`
 * @throws OptionError
 * @example
 *   for (let at = 1; at <= 20; at += 1) await play(failingAt(Account, at, 'after', { dies: 'worker'
 *   }))
 */
export function failingAt<T extends object, A extends readonly any[]>(
  cls: ActorClass<T, A>,
  at: number,
  when: 'before' | 'after',
  options: FailingOptions = {},
): ActorClass<T, A> {
  const { dies = 'actor' } = checkOptions('failingAt(…)', options, failingOptionNames)
  checkCount('failingAt(cls, at, …)', at)
  if (when !== 'before' && when !== 'after')
    throw new OptionError(`failingAt(cls, at, when) takes 'before' or 'after'; it got ${shown(when)}.`)
  if (dies !== 'actor' && dies !== 'worker')
    throw new OptionError(`failingAt(…, { dies }) takes 'actor' or 'worker'; it got ${shown(dies)}.`)
  return countedFailing(cls, { at, when, dies }, elsewhere).cls
}

const elsewhere: Pick<Variant, 'module' | 'name'> = { module: import.meta.url, name: 'failing' }

/** A failing class, and how many messages its actors have worked on; `by` makes it elsewhere. */
export function countedFailing<T extends object, A extends readonly any[]>(
  cls: ActorClass<T, A>,
  injection: Injection,
  by = elsewhere,
): { readonly cls: ActorClass<T, A>; readonly count: Count } {
  const count = new Count(injection.at)
  const make = class extends (cls as unknown as new (...args: any[]) => object) {}
  const definition: Definition = {
    ...failing(definitionIn(cls), { ...injection, isNext: () => count.isNext(), end() {} }),
    make,
    variant: { ...by, args: () => [injection, fuseOf(count)] },
  }
  Object.defineProperty(make, definitionOf, { value: definition })
  return { cls: make as unknown as ActorClass<T, A>, count }
}

/** Counts the messages of all actors of one failing class. */
export class Count {
  messages = 0
  readonly #at: number

  constructor(at: number) {
    this.#at = at
  }

  /** Counts one more; whether it is the one. */
  isNext(): boolean {
    this.messages += 1
    return this.messages === this.#at
  }
}

/** The count, for actors elsewhere. A statement: the bundle takes names from class expressions. */
class Fuse {
  readonly #count: Count

  constructor(count: Count) {
    this.#count = count
  }

  isNext(): boolean {
    return this.#count.isNext()
  }
}

const FuseActor = actor(import.meta, Fuse, { capacity: Number.POSITIVE_INFINITY })

export type FuseRef = Ref<Fuse>

/** One for each start: it goes when nobody there has it any more. */
function fuseOf(count: Count): FuseRef {
  const cell = new Cell(system(), definitionIn(FuseActor), [count], undefined)
  void cell.start()
  return refTo(cell) as unknown as FuseRef
}

admitVariant(elsewhere.name, (declared, injection: Injection, fuse: FuseRef) =>
  failingElsewhere(declared, injection, fuse, endThisWorker),
)

/** What the far side makes of the declared class; `end` ends its worker. */
export function failingElsewhere(
  declared: Definition,
  injection: Injection,
  fuse: FuseRef,
  end: () => void,
): Definition {
  const { ask } = fuse.with({ timeoutMs: Number.POSITIVE_INFINITY })
  // Nobody waits for a message that was given up: whether it is the one does not matter.
  return failing(declared, { ...injection, isNext: () => ask.isNext().catch(() => false), end })
}

/** At once: nothing that waits to be sent leaves. */
function endThisWorker(): void {
  const { isMainThread } = process.getBuiltinModule('node:worker_threads')
  if (isMainThread) process.kill(process.pid, 'SIGKILL')
  else endWorker(1)
}

interface Failing extends Injection {
  readonly isNext: () => boolean | Promise<boolean>
  readonly end: () => void
}

function failing(declared: Definition, how: Failing): Definition {
  const methods = new Map(
    [...declared.methods].map(([name, method]) => [
      name,
      // What waits for its number goes on in its actor.
      { ...method, fn: (method.streams ? failingStream : failingMethod)(method, how), entersContext: true },
    ]),
  )
  const crashOn = [...declared.crashOn, InjectedFailure]
  // Refs call by the methods that their stubs were made with, so these are made anew.
  return { ...declared, methods, crashOn, ...declared.stubsOf(methods) }
}

function failingMethod({ name, fn }: Method, how: Failing): Method['fn'] {
  return function (this: object, ...args) {
    const work = (isIt: boolean): unknown => {
      if (isIt && how.when === 'before') fail(name, how)
      const result = fn.apply(this, args)
      return isIt ? Promise.resolve(result).then(() => fail(name, how)) : result
    }
    const isNext = how.isNext()
    return typeof isNext === 'boolean' ? work(isNext) : isNext.then(work)
  }
}

/** A stream is one message: it fails before its first value, or after its last. */
function failingStream({ name, fn }: Method, how: Failing): Method['fn'] {
  return async function* (this: object, ...args) {
    const isIt = await how.isNext()
    if (isIt && how.when === 'before') fail(name, how)
    yield* fn.apply(this, args) as AsyncIterable<unknown>
    if (isIt) fail(name, how)
  }
}

function fail(name: string, { at, when, dies, end }: Failing): never {
  if (dies === 'worker') end()
  throw new InjectedFailure(`message ${at}, ${name}, fails ${when} its work`)
}
