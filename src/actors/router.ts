/** One ref for many actors of a class: each message goes to one of them. */
import { checkFunction, checkOptions, optionNames, shown } from '../checks.ts'
import { OptionError } from '../errors.ts'
import type { Asking, Definition, Ended, Inlet, Limits, Method, Steps, Target } from './contract.ts'
import { ActorDiedError, InvalidActorError } from './errors.ts'
import type { StopReason } from './reason.ts'
import { ActorRef, type Ref, targetIn } from './ref.ts'

/** What `router` may be told. */
export interface RouterOptions {
  /**
   * `turn` (the default): each in turn. `least-busy`: the one with the fewest asks of this router
   * under way. A function gives the key of a message: all of one key go to one actor, and to as few
   * others as can be when one ends.
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
  return new ActorRef(new Router(targets as Target[], by), undefined) as unknown as Ref<T>
}

class Router implements Target {
  readonly definition: Definition
  readonly name: string
  readonly #targets: readonly Target[]
  readonly #by: Exclude<RouterOptions['by'], undefined>
  readonly #busy = new Map<Target, number>()
  #turn = 0

  constructor(targets: readonly Target[], by: Exclude<RouterOptions['by'], undefined>) {
    const [first] = targets as [Target]
    this.definition = first.definition
    this.name = `router of ${targets.length} ${first.definition.name}`
    this.#targets = targets
    this.#by = by
  }

  get ended(): StopReason | undefined {
    return this.#targets.every(({ ended }) => ended !== undefined) ? this.#targets[0]?.ended : undefined
  }

  /** It holds nothing itself. */
  readonly restart = 0
  readonly standstill = undefined
  joins(): void {}

  tell(method: Method, args: readonly unknown[]): boolean {
    return this.#for(method, args)?.tell(method, args) ?? false
  }

  deliver(method: Method, args: readonly unknown[], inlet: Inlet): boolean {
    return this.#for(method, args)?.deliver(method, args, inlet) ?? false
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
    const target = this.#for(method, args) ?? (this.#targets[0] as Target)
    return target.stream(method, args, limits)
  }

  async #asked(
    method: Method,
    args: readonly unknown[],
    ask: (target: Target) => Promise<unknown>,
  ): Promise<unknown> {
    const target = this.#for(method, args)
    if (target === undefined) throw new ActorDiedError(this.name, this.ended as StopReason, 'no')
    const busy = this.#busy
    busy.set(target, (busy.get(target) ?? 0) + 1)
    try {
      return await ask(target)
    } finally {
      busy.set(target, (busy.get(target) as number) - 1)
    }
  }

  #for({ name }: Method, args: readonly unknown[]): Target | undefined {
    const living = this.#targets.filter(({ ended }) => ended === undefined)
    if (living.length === 0) return undefined
    if (this.#by === 'turn') {
      this.#turn += 1
      return living[this.#turn % living.length]
    }
    if (this.#by === 'least-busy') return best(living, target => -(this.#busy.get(target) ?? 0))
    const key = String(this.#by(name, args))
    return best(living, target => hash(`${target.name}\0${key}`))
  }

  watch(ended: Ended): () => void {
    let left = this.#targets.length
    const unwatch = this.#targets.map(target =>
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
    for (const target of this.#targets) target.exit(reason, from)
  }

  async stop(reason: StopReason, queued: 'finish' | 'drop', graceMs: number): Promise<void> {
    await Promise.all(this.#targets.map(target => target.stop(reason, queued, graceMs)))
  }
}

/** The first with the highest score. */
function best(targets: readonly Target[], score: (target: Target) => number): Target | undefined {
  let found: Target | undefined
  let highest = Number.NEGATIVE_INFINITY
  for (const target of targets) {
    const its = score(target)
    if (its > highest) {
      highest = its
      found = target
    }
  }
  return found
}

/**
 * Each key goes to the actor with the highest hash of both: when one ends, only its keys move.
 * David Thaler and Chinya Ravishankar, "Using Name-Based Mappings to Increase Hit Rates", IEEE/ACM
 * Transactions on Networking 6(1), 1998. The hash is FNV-1a (Fowler, Noll, Vo) with a last mixing
 * step, as names differ in their last letters only.
 */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193)
  value ^= value >>> 16
  value = Math.imul(value, 0x7feb352d)
  return (value ^ (value >>> 15)) >>> 0
}
