/** One ref for many actors of a class: each message goes to one of them. */
import { checkFunction, checkOptions, optionNames, shown } from '../checks.ts'
import { OptionError } from '../errors.ts'
import { ByKey } from './by-key.ts'
import type { Asking, Definition, Ended, Inlet, Limits, Method, Steps, Target } from './contract.ts'
import { ActorDiedError, InvalidActorError } from './errors.ts'
import { Loads } from './loads.ts'
import type { StopReason } from './reason.ts'
import { type Ref, refTo, targetIn } from './ref.ts'

/** What `router` may be told. */
export interface RouterOptions {
  /**
   * `turn` (the default): each in turn. `least-busy`: the one with the fewest asks of this router
   * under way, each in turn for tells. A function gives the key of a message: all of one key go to
   * one actor; when that ends, to others, and no other key moves. Routers of the same list agree on
   * it.
   */
  readonly by?: 'turn' | 'least-busy' | ((method: string, args: readonly unknown[]) => string | number)
}

const routerOptionNames = optionNames<RouterOptions>({ by: true })

/**
 * Makes one ref of many. Actors that have ended are passed over; when all have, asks reject with
 * ActorDiedError. Stopping or watching the router stops or watches all of them.
 *
 * @throws InvalidActorError if there is none, or they are of several classes
 * @throws OptionError
 * @example
 *     const workers = await Promise.all([1, 2, 3].map(() => tree.start(Resizer, [], { on: pool })))
 *     const resizer = router(workers, { by: 'least-busy' })
 *     await resizer.ask.resize(image)
 */
export function router<T extends object>(refs: readonly Ref<T>[], options: RouterOptions = {}): Ref<T> {
  checkOptions('router(refs, …)', options, routerOptionNames)
  const { by = 'turn' } = options
  if (by !== 'turn' && by !== 'least-busy') {
    if (typeof by === 'string')
      throw new OptionError(
        `router(refs, { by }) takes 'turn', 'least-busy' or a function; it got ${shown(by)}.`,
      )
    checkFunction('router(refs, { by })', by, '(method, args) => args[0].userId')
  }
  const targets = refs.map(ref => targetIn(ref))
  const [first] = targets
  if (first === undefined || targets.includes(undefined))
    throw new InvalidActorError('router(refs) takes a list of at least one ref, as start() gives them.')
  const { place } = first.definition
  const same = (target: Target | undefined) =>
    target?.definition.place.module === place.module && target.definition.place.name === place.name
  if (!targets.every(same)) throw new InvalidActorError('router(refs) takes refs of one class.')
  return refTo(new Router(targets as Target[], by)) as unknown as Ref<T>
}

class Router implements Target {
  readonly definition: Definition
  readonly name: string
  ref: object | undefined
  readonly #first: Target
  /** Who lives, as far as is known: the dead are left out when they are met. */
  readonly #living: Target[]
  readonly #by: Exclude<RouterOptions['by'], undefined>
  /** Asks under way, by who answers them; only where that is how one is chosen. */
  readonly #busy = new Loads<Target>()
  readonly #byKey: ByKey
  #turn = 0

  constructor(targets: readonly Target[], by: Exclude<RouterOptions['by'], undefined>) {
    const [first] = targets as [Target]
    this.definition = first.definition
    this.name = `router of ${targets.length} ${first.definition.name}`
    this.#first = first
    this.#living = [...targets]
    this.#by = by
    if (by === 'least-busy') for (const target of targets) this.#busy.add(target)
    this.#byKey = new ByKey(targets.length)
  }

  get ended(): StopReason | undefined {
    while (this.#living.at(-1)?.ended !== undefined) this.#living.pop()
    return this.#living.every(({ ended }) => ended !== undefined) ? this.#first.ended : undefined
  }

  /** It holds nothing itself. */
  readonly restart = 0
  readonly standstill = undefined
  readonly silentMs = 0
  joins(): void {}
  reached(): void {}

  tell(method: Method, args: readonly unknown[]): boolean {
    return (this.#for(method, args) ?? this.#first).tell(method, args) // A dead letter, of the dead.
  }

  deliver(method: Method, args: readonly unknown[], inlet: Inlet): boolean {
    return (this.#for(method, args) ?? this.#first).deliver(method, args, inlet)
  }

  ask(method: Method, args: readonly unknown[], limits: Limits | undefined): Promise<unknown> {
    return this.#asked(method, args, target => target.ask(method, args, limits))
  }

  askFor(
    method: Method,
    args: readonly unknown[],
    limits: Limits | undefined,
    asking: Asking | undefined,
  ): Promise<unknown> {
    return this.#asked(method, args, target => target.askFor(method, args, limits, asking))
  }

  stream(method: Method, args: readonly unknown[], limits: Limits | undefined): Steps {
    const target = this.#for(method, args) ?? this.#first
    return target.stream(method, args, limits)
  }

  async #asked(
    method: Method,
    args: readonly unknown[],
    ask: (target: Target) => Promise<unknown>,
  ): Promise<unknown> {
    const target = this.#for(method, args)
    if (target === undefined) throw new ActorDiedError(this.name, this.ended as StopReason, 'no')
    if (this.#by !== 'least-busy') return ask(target)
    this.#busy.change(target, 1)
    try {
      return await ask(target)
    } finally {
      this.#busy.change(target, -1)
    }
  }

  #for({ name }: Method, args: readonly unknown[]): Target | undefined {
    if (this.#by === 'turn') return this.#nextInTurn()
    if (this.#by === 'least-busy') return this.#leastBusy()
    return this.#ofKey(this.#by(name, args))
  }

  #nextInTurn(): Target | undefined {
    const living = this.#living
    while (living.length > 0) {
      this.#turn = (this.#turn + 1) % living.length
      const target = living[this.#turn] as Target
      if (target.ended === undefined) return target
      living.splice(this.#turn, 1)
      this.#turn -= 1
    }
    return undefined
  }

  #leastBusy(): Target | undefined {
    for (let target = this.#busy.least(); target !== undefined; target = this.#busy.least()) {
      if (target.ended === undefined) {
        this.#busy.change(target, 0) // A tell is over at once: the next goes to another one.
        return target
      }
      this.#busy.delete(target)
    }
    return undefined
  }

  #ofKey(key: string | number): Target | undefined {
    const lives = (at: number) => {
      const target = this.#living[at]
      return target !== undefined && target.ended === undefined
    }
    const at = this.#byKey.find(key, lives)
    return at === undefined ? undefined : this.#living[at]
  }

  watch(ended: Ended): () => void {
    const targets = [...this.#living]
    let left = targets.length
    if (left === 0) ended(this.#first.ended as StopReason)
    const unwatch = targets.map(target =>
      target.watch(reason => {
        left -= 1
        if (left === 0) ended(reason)
      }),
    )
    return () => {
      for (const one of unwatch) one()
    }
  }

  exit(reason: StopReason, from: string): void {
    for (const target of this.#living) target.exit(reason, from)
  }

  async stop(reason: StopReason, queued: 'finish' | 'drop', graceMs: number): Promise<void> {
    await Promise.all(this.#living.map(target => target.stop(reason, queued, graceMs)))
  }
}
