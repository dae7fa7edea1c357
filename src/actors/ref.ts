/** What users hold of an actor: the same wherever it lives, and across its restarts. */
import { checkMs, checkOptions, checkSignal, checkTimeout, optionNames, shown } from '../checks.ts'
import { OptionError } from '../errors.ts'
import type { Limits, Target } from './contract.ts'
import { type StopReason, stopped } from './reason.ts'

/** The names of the methods that are messages. */
type MethodNames<T> = {
  [K in keyof T]: K extends 'onStart' | 'onStop' | `__#${string}`
    ? never
    : K extends string
      ? T[K] extends (...args: any[]) => any
        ? K
        : never
      : never
}[keyof T]

/**
 * What an ask of a method gives: its values as they come for a generator, a promise of its result
 * for any other.
 */
type Answer<R> = [R] extends [never]
  ? Promise<never>
  : R extends Generator<infer Y, any, any> | AsyncGenerator<infer Y, any, any>
    ? AsyncIterableIterator<Y>
    : Promise<Awaited<R>>

/** The methods of an actor, each of which sends a message and brings the answer. */
export type Asks<T> = {
  readonly [K in MethodNames<T>]: T[K] extends (...args: infer A) => infer R
    ? (...args: A) => Answer<R>
    : never
}

/** Whether it is a generator method. */
type Streams<F> = F extends (...args: any[]) => infer R
  ? [R] extends [never]
    ? false
    : R extends Generator<any, any, any> | AsyncGenerator<any, any, any>
      ? true
      : false
  : false

/**
 * The methods of an actor, each of which sends a message; false if it became a dead letter. Not
 * generator methods: a stream that nobody reads does nothing.
 */
export type Tells<T> = {
  readonly [K in MethodNames<T> as Streams<T[K]> extends true ? never : K]: T[K] extends (
    ...args: infer A
  ) => any
    ? (...args: A) => boolean
    : never
}

/** One watch; another of the same actor is another one. */
export interface Watch extends Disposable {
  /**
   * Resolves when the actor has ended for good, never for a restart; at once if it has. Never
   * rejects.
   */
  readonly down: Promise<StopReason>
}

/** What `ref.with` sets for the asks of the view that it gives. */
export interface AskOptions {
  /**
   * An ask that is not answered by then rejects with TimeoutError. Default 5,000 ms; `Infinity`
   * waits for ever.
   */
  readonly timeoutMs?: number
  /** An ask is given up when it aborts. Default: none. */
  readonly signal?: AbortSignal
}

const askOptionNames = optionNames<AskOptions>({ timeoutMs: true, signal: true })

/** What `ref.stop` may be told. */
export interface StopOptions {
  /**
   * What becomes of the messages that wait: `finish` (the default) does them first, `drop` makes
   * dead letters of them.
   */
  readonly queued?: 'finish' | 'drop'
  /** How long it may take. Default 5,000 ms; 0 fences it at once. */
  readonly graceMs?: number
}

const stopOptionNames = optionNames<StopOptions>({ queued: true, graceMs: true })

/**
 * An actor, as the program sees it. On one side of a link all refs of an actor are one object, but
 * for those that `with` has made: they can be compared by `===`, and be kept in a Set.
 */
export interface Ref<T extends object = object> {
  /**
   * `await ref.ask.add(2)`: rejects with what the method threw; at once with ActorDiedError when
   * the actor dies.
   */
  readonly ask: Asks<T>
  /**
   * `ref.tell.add(2)`: sends and goes on. Returns false if the message is a dead letter; never
   * throws for the actor's state.
   */
  readonly tell: Tells<T>
  readonly name: string
  /** Why it has ended; undefined while it lives, or is being restarted. */
  readonly ended: StopReason | undefined
  /**
   * The same actor with other limits for its asks.
   * @throws OptionError
   */
  with(options: AskOptions): Ref<T>
  /** Watches it, until the watch is disposed of. */
  watch(): Watch
  /**
   * Stops it for good. Resolves when it has ended; after `graceMs` it is fenced: what it still
   * does, nobody hears.
   * @throws OptionError
   */
  stop(options?: StopOptions): Promise<void>
}

const targetOf: unique symbol = Symbol.for('atonce.actor-ref.1') as never

export class ActorRef implements Ref {
  readonly #target: Target
  readonly #limits: Limits | undefined
  #ask: object | undefined
  #tell: object | undefined

  constructor(target: Target, limits: Limits | undefined) {
    this.#target = target
    this.#limits = limits
  }

  get ask(): Asks<object> {
    this.#ask ??= new this.#target.definition.Ask(this.#target, this.#limits)
    return this.#ask as Asks<object>
  }

  get tell(): Tells<object> {
    this.#tell ??= new this.#target.definition.Tell(this.#target)
    return this.#tell as Tells<object>
  }

  get name(): string {
    return this.#target.name
  }

  get ended(): StopReason | undefined {
    return this.#target.ended
  }

  with(options: AskOptions): Ref {
    options = checkOptions('ref.with(…)', options, askOptionNames)
    const { timeoutMs = this.#limits?.timeoutMs ?? 5_000, signal = this.#limits?.signal } = options
    checkTimeout('ref.with({ timeoutMs })', timeoutMs)
    checkSignal('ref.with({ signal })', signal)
    return new ActorRef(this.#target, { timeoutMs, signal })
  }

  watch(): Watch {
    let unwatch = () => {}
    const down = new Promise<StopReason>(resolve => {
      unwatch = this.#target.watch(resolve)
    })
    return { down, [Symbol.dispose]: () => unwatch() }
  }

  stop(options: StopOptions = {}): Promise<void> {
    options = checkOptions('ref.stop(…)', options, stopOptionNames)
    const { queued = 'finish', graceMs = 5_000 } = options
    checkMs('ref.stop({ graceMs })', graceMs)
    if (queued !== 'finish' && queued !== 'drop')
      throw new OptionError(`ref.stop({ queued }) takes 'finish' or 'drop'; it got ${shown(queued)}.`)
    return this.#target.stop(stopped, queued, graceMs)
  }

  get [targetOf](): Target {
    return this.#target
  }
}

/** The ref of `target`: always the same one, so that refs can be compared, and be keys of a map. */
export function refTo(target: Target): ActorRef {
  target.ref ??= new ActorRef(target, undefined)
  return target.ref as ActorRef
}

/** What a ref points at; undefined for anything else. */
export function targetIn(value: unknown): Target | undefined {
  return value instanceof ActorRef ? value[targetOf] : undefined
}
