/**
 * What is known of an actor's class: its address, its methods, and the stubs through which refs
 * call them.
 *
 *     class Counter ─actor(import.meta, …)─▶ Definition ─▶ Ask and Tell classes, made once ─▶ ref.ask.add(2)
 *
 * The far side imports the same module and finds the class by module, name and position; code never
 * travels. A minifier may have taken the name: then the text of the class stands for it.
 */
import { checkCount, checkFunction, checkOptions, optionNames, shown } from '../checks.ts'
import { Declarations, type Place } from '../declared/declarations.ts'
import { digestOf } from '../declared/module-version.ts'
import type { Evaluation, Where } from '../declared/where.ts'
import { OptionError } from '../errors.ts'
import type { Definition, Limits, Method, Overflow, Target } from './contract.ts'
import { InvalidActorError } from './errors.ts'
import { valuesOf } from './stream.ts'

const { types } = process.getBuiltinModule('node:util')

/** What an actor's class promises about its actors. */
export interface ActorOptions {
  /**
   * How many messages may wait. Default 4,096; `Infinity` is for benchmarks and for senders that
   * count themselves.
   */
  readonly capacity?: number
  /**
   * What happens above `capacity`. `wait` (the default): an ask waits for room, and an actor that
   * told takes no further message of its own until there is room again. `reject`: the message
   * becomes a dead letter, an ask a MailboxFullError. `drop-oldest`: the oldest waiting message
   * makes room.
   */
  readonly overflow?: Overflow
  /**
   * Errors of an ask that are the actor's failure too, not only the caller's: these restart it.
   * Default: none.
   */
  readonly crashOn?: readonly (abstract new (
    ...args: any[]
  ) => unknown)[]
  /**
   * How many of its last messages a report of its failure shows, with what changed in its fields.
   * Default 0: keeps none.
   */
  readonly remember?: number
  /**
   * What a report shows in place of a message's arguments: passwords, for one, are not for logs.
   * Default: the arguments are shown.
   */
  readonly redact?: (method: string, args: readonly unknown[]) => readonly unknown[]
}

const actorOptionNames = optionNames<ActorOptions>({
  capacity: true,
  overflow: true,
  crashOn: true,
  remember: true,
  redact: true,
})
const overflows: readonly Overflow[] = ['wait', 'reject', 'drop-oldest']

/** A class whose instances can be actors; `new` still makes a plain instance, as for a test. */
export type ActorClass<T extends object = object, A extends readonly any[] = readonly any[]> = (new (
  ...args: A & any[]
) => T) & { readonly [definitionOf]: Definition }

export const definitionOf: unique symbol = Symbol.for('atonce.actor.1') as never

const definitions = new Declarations<Definition>('actors')

const usualCapacity = 4_096

/** Called by the system, never by message. */
const hooks = new Set(['constructor', 'onStart', 'onStop'])

/**
 * Declares a class whose instances can live as actors, here or on another thread; `new` still makes
 * a plain one.
 *
 * Call it at the top level of a module that workers can import, as `task()`. Every method becomes a
 * message, inherited ones too; fields, accessors, `#private` methods, `onStart` and `onStop` do
 * not.
 *
 * Its type has no private members: the declaration of an exported class expression may not show
 * them.
 *
 * @throws InvalidActorError if it is not a class, or is declared already
 * @throws DeclarationError if `where` names no module
 * @throws OptionError
 * @example
 *     export const Counter = actor(import.meta, class Counter {
 *       #n = 0
 *       add(k: number) { return (this.#n += k) }
 *     })
 */
export function actor<T extends object, A extends readonly any[]>(
  where: Where,
  cls: new (...args: A & any[]) => T,
  options: ActorOptions = {},
): ActorClass<{ [K in keyof T]: T[K] }, A> {
  if (!isClass(cls))
    throw new InvalidActorError(
      `actor(import.meta, cls) takes a class, as class Counter { add(k) { … } }; it got ${typeof cls === 'function' ? 'a function' : typeof cls}.`,
    )
  const name = cls.name || '(anonymous)'
  if (Object.hasOwn(cls, definitionOf)) throw new InvalidActorError(`${name} is an actor’s class already.`)
  const {
    capacity = usualCapacity,
    overflow = 'wait',
    crashOn = [],
    remember = 0,
    redact,
  } = checked(name, options)
  const methods = methodsOf(cls)
  const definition = definitions.declare(where, cls.name || `class ${digestOf(cls)}`, actor, place => ({
    name,
    place,
    make: cls,
    methods,
    capacity,
    overflow,
    crashOn,
    remember,
    redact,
    ...stubsOf(methods),
    stubsOf,
  }))
  return Object.defineProperty(cls, definitionOf, { value: definition }) as unknown as ActorClass<T, A>
}

/** Whether it was declared by `actor()`. */
export function isActorClass(value: unknown): value is ActorClass {
  return typeof value === 'function' && Object.hasOwn(value, definitionOf)
}

/**
 * The definition of what was given as an actor's class to that call.
 * @throws InvalidActorError, with the line that makes it one
 */
export function definitionIn(cls: unknown, call = 'start(cls, args)'): Definition {
  const found =
    typeof cls === 'function' && Object.hasOwn(cls, definitionOf)
      ? (cls as { [definitionOf]?: Definition })[definitionOf]
      : undefined
  if (found !== undefined) return found
  const name = typeof cls === 'function' && cls.name !== '' ? cls.name : 'Counter'
  throw new InvalidActorError(
    `${call} takes an actor’s class; it got ${typeof cls === 'function' ? `${name}, which is not declared` : String(cls)}. ` +
      `Declare it in a module of its own: export const ${name} = actor(import.meta, class ${name} { … })`,
  )
}

/** Which evaluation of a module has declared its actors. */
export function actorsEvaluationOf(module: string): Evaluation | undefined {
  return definitions.evaluationOf(module)
}

/** All classes that this program's modules have declared. */
export function definedActors(): Iterable<Definition> {
  return definitions.all()
}

/** The class that was declared at that place on this side. */
export function findDefinition(place: Place): Definition | undefined {
  return definitions.find(place)
}

/** What is known of a class that this side has not imported: its methods' names. */
export function definitionOfNames(
  place: Place,
  {
    methods: names,
    streams,
    capacity,
    overflow,
  }: Pick<Definition, 'capacity' | 'overflow'> & {
    readonly methods: readonly string[]
    readonly streams: readonly string[]
  },
): Definition {
  const absent = () => {
    throw new InvalidActorError(`${place.name} is not imported here: ${place.module}`)
  }
  const methods = new Map(
    names.map(name => [name, { name, fn: absent, streams: streams.includes(name), entersContext: false }]),
  )
  return {
    name: place.name,
    place,
    make: class {},
    methods,
    capacity,
    overflow,
    crashOn: [],
    remember: 0,
    redact: undefined,
    ...stubsOf(methods),
    stubsOf,
  }
}

function checked(name: string, options: ActorOptions): ActorOptions {
  const what = `actor(import.meta, ${name}, …)`
  options = checkOptions(what, options, actorOptionNames)
  if (options.capacity !== undefined) checkCount(`${what}: capacity`, options.capacity)
  if (options.overflow !== undefined && !overflows.includes(options.overflow))
    throw new OptionError(
      `${what}: overflow takes ${overflows.join(', ')}; it got ${shown(options.overflow)}.`,
    )
  if (options.crashOn !== undefined && !options.crashOn.every(one => typeof one === 'function'))
    throw new OptionError(`${what}: crashOn takes classes of errors, as [RangeError].`)
  if (options.remember !== undefined && options.remember !== 0)
    checkCount(`${what}: remember`, options.remember)
  if (options.redact !== undefined)
    checkFunction(`${what}: redact`, options.redact, '(method, args) => args.map(() => "…")')
  return options
}

function isClass(value: unknown): value is new () => object {
  return typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value))
}

/** The methods of a class, the nearest first where several have a name. */
function methodsOf(cls: new (...args: any[]) => object): Map<string, Method> {
  const methods = new Map<string, Method>()
  for (
    let prototype = cls.prototype as object | null;
    prototype !== null && prototype !== Object.prototype;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    for (const name of Object.getOwnPropertyNames(prototype)) {
      const fn: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.value
      if (typeof fn !== 'function' || hooks.has(name) || methods.has(name)) continue
      methods.set(name, {
        name,
        fn: fn as Method['fn'],
        streams: types.isGeneratorFunction(fn),
        entersContext: types.isAsyncFunction(fn) || types.isGeneratorFunction(fn),
      })
    }
  }
  return methods
}

/** The methods as messages that are answered. Classes, as a Proxy costs each call a tenth more. */
class AskStubs {
  readonly #target: Target
  readonly #limits: Limits | undefined

  constructor(target: Target, limits: Limits | undefined) {
    this.#target = target
    this.#limits = limits
  }

  static of(method: Method): (this: AskStubs, ...args: unknown[]) => unknown {
    return method.streams
      ? function (...args) {
          return valuesOf(this.#target.stream(method, args, this.#limits))
        }
      : function (...args) {
          return this.#target.ask(method, args, this.#limits)
        }
  }
}

/** The methods as messages that nobody answers. */
class TellStubs {
  readonly #target: Target

  constructor(target: Target) {
    this.#target = target
  }

  static of(method: Method): (this: TellStubs, ...args: unknown[]) => boolean {
    if (method.streams)
      return () => {
        throw new InvalidActorError(
          `${method.name} is a generator method, and does nothing until its values are read: for await (const value of ref.ask.${method.name}(…)).`,
        )
      }
    return function (...args) {
      return this.#target.tell(method, args)
    }
  }
}

function stubsOf(methods: ReadonlyMap<string, Method>): Pick<Definition, 'Ask' | 'Tell'> {
  return { Ask: stubs(AskStubs, methods), Tell: stubs(TellStubs, methods) }
}

interface StubBase<C extends new (...args: any[]) => object> {
  readonly prototype: object
  new (...args: ConstructorParameters<C>): object
  of(method: Method): (...args: unknown[]) => unknown
}

function stubs<C extends new (...args: any[]) => object>(
  base: C & StubBase<C>,
  methods: ReadonlyMap<string, Method>,
): new (
  ...args: ConstructorParameters<C>
) => object {
  const Stubs = class extends (base as new (...args: any[]) => object) {}
  for (const method of methods.values())
    Object.defineProperty(Stubs.prototype, method.name, { value: base.of(method) })
  return Stubs as new (
    ...args: ConstructorParameters<C>
  ) => object
}
