/**
 * One side of a link: what leaves in one turn of the loop leaves together, and what comes finds its target by number.
 * README.md tells the protocol.
 */
import { AbortError } from '../../errors.ts'
import { classesOf, learnClassesOf } from '../../executor/caller.ts'
import type { Runtime } from '../../runtime/seam.ts'
import { type Crossing, decode, encodeNow } from '../../wire/codec.ts'
import { decodeFailure, encodeFailure, type WireFailure } from '../../wire/failure.ts'
import type { Transfer } from '../../wire/transport/transport.ts'
import { Ask } from '../ask.ts'
import type { Asker, Cause, Limits, Method, Target } from '../contract.ts'
import { actorsEvaluationOf } from '../definition.ts'
import { ActorDiedError, InvalidActorError } from '../errors.ts'
import type { StopReason } from '../reason.ts'
import { system } from '../system.ts'
import type { Item, Request, Wired, WiredReason, WiredRef } from './items.ts'
import { RemoteTarget } from './remote-target.ts'
import { onLink } from './wired-refs.ts'

/** What carries batches. */
export interface Carrier {
  readonly crossing: Crossing
  /** The other side, for messages: `thread 2`. */
  readonly name: string
  send(batch: readonly Item[], transfer: Transfer): void
  /** Asks are under way, so the program is to be kept alive, or none are. */
  waiting(some: boolean): void
}

/** Answers requests that only one of the two sides takes. */
export type Answerer = (link: Link, request: Request) => unknown

/** Limits of an ask whose asker's side minds the time. */
const unlimited: Limits = { timeoutMs: Number.POSITIVE_INFINITY, signal: undefined }

export class Link {
  readonly #carrier: Carrier
  readonly #runtime: Runtime
  readonly #answerer: Answerer
  readonly #exports = new Map<number, Target>()
  readonly #numbers = new WeakMap<Target, number>()
  readonly #imports = new Map<number, WeakRef<RemoteTarget>>()
  /** Asks of this side that wait for an answer, and what they are given up by. */
  readonly #asked = new Map<number, Ask>()
  /** Asks of the other side that are being answered here. */
  readonly #answering = new Map<number, AbortController>()
  readonly #streams = new Map<number, AsyncIterableIterator<unknown>>()
  readonly #released: FinalizationRegistry<number>
  #batch: Item[] = []
  #transfer: Transfer[number][] = []
  #lastExport = 0
  #lastId = 0
  #broken: StopReason | undefined

  constructor(carrier: Carrier, answerer: Answerer) {
    this.#carrier = carrier
    this.#runtime = system().runtime
    this.#answerer = answerer
    this.#released = new FinalizationRegistry(number => {
      if (this.#imports.get(number)?.deref() === undefined) {
        this.#imports.delete(number)
        this.#send({ op: 'release', of: number })
      }
    })
  }

  /** As `thread 2`. */
  get name(): string {
    return this.#carrier.name
  }

  /** Why nothing goes over it any more. */
  get broken(): StopReason | undefined {
    return this.#broken
  }

  // ── what leaves ──

  /** @throws SerializationError naming the path of what can't cross; nothing is sent then */
  tell(to: number, method: string, args: readonly unknown[]): void {
    const wired = this.wire(args, 'args')
    this.#send({ op: 'tell', to, method, args: wired })
  }

  /** Sends a request that is no message of the target's, and waits for the answer. */
  ask(target: Target, what: string, request: Request, timeoutMs: number): Promise<unknown> {
    const ask = new Ask(target, what, undefined)
    ask.limit({ timeoutMs, signal: undefined }, system().lines)
    this.request(ask, request)
    return ask.promise
  }

  /** Sends a request, and enters `ask` to be answered; the program is kept alive meanwhile. */
  request(ask: Ask, request: Request): void {
    if (this.#broken !== undefined) return ask.fail(new ActorDiedError(ask.target.name, this.#broken, 'no'))
    this.#lastId += 1
    const id = this.#lastId
    if (this.#asked.size === 0) this.#carrier.waiting(true)
    this.#asked.set(id, ask)
    ask.onSettled = reason => {
      this.#asked.delete(id)
      if (this.#asked.size === 0) this.#carrier.waiting(false)
      if (reason !== undefined) this.#send({ op: 'gaveUp', id, failure: this.failure(reason) })
    }
    this.#send({ ...request, id })
  }

  /** The id of the ask that `cause` answers, if that came over this link. */
  idOf(cause: Cause | undefined): number | undefined {
    const ask = cause?.ask
    return ask?.link === this ? ask.linkId : undefined
  }

  exit(to: number, reason: StopReason, from: string): void {
    this.#send({ op: 'exit', to, reason: this.wireReason(reason), from })
  }

  /** Says that the supervised actor under that number has failed, and waits. */
  failed(of: number, reason: StopReason, method: string | undefined, args: readonly unknown[]): void {
    this.#send({
      op: 'failed',
      of,
      reason: this.wireReason(reason),
      method,
      args: this.#wireIfPossible(args),
    })
  }

  #send(item: Item): void {
    if (this.#broken !== undefined) return
    this.#batch.push(item)
    if (this.#batch.length === 1) this.#runtime.soon(() => this.#flush(), 'actors')
  }

  #flush(): void {
    const [batch, transfer] = [this.#batch, this.#transfer]
    this.#batch = []
    this.#transfer = []
    if (this.#broken === undefined && batch.length > 0) this.#carrier.send(batch, transfer)
  }

  // ── values ──

  /** @throws SerializationError */
  wire(value: unknown, root: string): Wired {
    if (Array.isArray(value) && value.every(isPlainPrimitive)) return { value: value.slice(), special: false }
    const encoded = onLink(this, () => encodeNow(value, root, this.#carrier.crossing))
    this.#transfer.push(...encoded.transfer)
    return { value: encoded.value, special: encoded.special }
  }

  unwire({ value, special }: Wired): unknown {
    return special ? onLink(this, () => decode(value, true, 'message')) : value
  }

  failure(error: unknown): WireFailure {
    return onLink(this, () =>
      encodeFailure(error, (value, path) => encodeNow(value, path, this.#carrier.crossing)),
    )
  }

  unfailure(failure: WireFailure, module?: string): unknown {
    return onLink(this, () => decodeFailure(failure, decode, classesOf(module)))
  }

  wireReason({ kind, error }: StopReason): WiredReason {
    return { kind, failure: error === undefined ? undefined : this.failure(error) }
  }

  unwireReason({ kind, failure }: WiredReason, module?: string): StopReason {
    const known = kind as StopReason['kind']
    return failure === undefined ? { kind: known } : { kind: known, error: this.unfailure(failure, module) }
  }

  #wireIfPossible(args: readonly unknown[]): Wired {
    try {
      return this.wire(args, 'args')
    } catch {
      return { value: [], special: false }
    }
  }

  // ── refs ──

  /** The number under which the other side reaches `target`. */
  export(target: Target): number {
    const known = this.#numbers.get(target)
    if (known !== undefined && this.#exports.has(known)) return known
    this.#lastExport += 1
    const number = this.#lastExport
    this.#numbers.set(target, number)
    this.#exports.set(number, target)
    target.watch(reason => this.#exportEnded(number, reason))
    return number
  }

  #exportEnded(number: number, reason: StopReason): void {
    if (this.#exports.delete(number)) this.#send({ op: 'ended', of: number, reason: this.wireReason(reason) })
  }

  exported(number: number): Target | undefined {
    return this.#exports.get(number)
  }

  wireRef(target: Target): WiredRef {
    const { definition, name } = target
    const back = target instanceof RemoteTarget ? target.numberOn(this) : undefined
    const methods = [...definition.methods.values()]
    return {
      number: back ?? this.export(target),
      ours: back === undefined,
      name,
      place: definition.place,
      methods: methods.map(method => method.name),
      streams: methods.filter(({ streams }) => streams).map(method => method.name),
    }
  }

  unwireRef(ref: WiredRef): Target {
    if (!ref.ours) {
      const own = this.#exports.get(ref.number)
      if (own !== undefined) return own
      return RemoteTarget.gone(ref)
    }
    const known = this.#imports.get(ref.number)?.deref()
    if (known !== undefined) return known
    const target = new RemoteTarget(ref)
    target.attach(this, ref.number)
    this.import(ref.number, target)
    this.#released.register(target, ref.number)
    return target
  }

  /** From now on `ended` of that number is for `target`. */
  import(number: number, target: RemoteTarget): void {
    this.#imports.set(number, new WeakRef(target))
  }

  // ── what comes ──

  receive(batch: readonly Item[]): void {
    for (const item of batch) this.#receive(item)
  }

  #receive(item: Item): void {
    switch (item.op) {
      case 'tell': {
        const target = this.#exports.get(item.to)
        const method = target?.definition.methods.get(item.method)
        if (target !== undefined && method !== undefined)
          target.tell(method, this.unwire(item.args) as unknown[])
        return
      }
      case 'answer':
        return this.#asked.get(item.id)?.answer(this.unwire(item.value))
      case 'failure':
        return void this.#failAsk(item.id, item.failure)
      case 'gaveUp':
        return this.#answering.get(item.id)?.abort(this.unfailure(item.failure))
      case 'ended': {
        const target = this.#imports.get(item.of)?.deref()
        this.#imports.delete(item.of)
        return target?.end(this.unwireReason(item.reason))
      }
      case 'exit':
        return this.#exports.get(item.to)?.exit(this.unwireReason(item.reason), item.from)
      case 'release':
        return void this.#exports.delete(item.of)
      case 'failed': {
        const target = this.#imports.get(item.of)?.deref()
        return target === undefined ? undefined : void this.#tellFailure(target, item)
      }
      default:
        return void this.#answer(item.id, item)
    }
  }

  async #failAsk(id: number, failure: WireFailure): Promise<void> {
    const ask = this.#asked.get(id)
    const module = ask?.target.definition.place.module
    await this.#learn(failure, module)
    this.#asked.get(id)?.fail(this.unfailure(failure, module))
  }

  async #tellFailure(target: RemoteTarget, item: Extract<Item, { op: 'failed' }>): Promise<void> {
    const { module } = target.definition.place
    const args = this.unwire(item.args) as unknown[]
    await this.#learn(item.reason.failure, module)
    target.onFailed?.(this.unwireReason(item.reason, module), item.method, args)
  }

  /** Error classes that the actor's module exports are known here too, once somebody asks. */
  #learn(failure: WireFailure | undefined, module: string | undefined): Promise<void> | undefined {
    if (failure === undefined || module === undefined) return undefined
    return learnClassesOf([failure], module, actorsEvaluationOf(module))
  }

  async #answer(id: number, request: Request): Promise<void> {
    try {
      const value = await this.#asks(id, request)
      this.#send({ op: 'answer', id, value: this.wire(value, 'result') })
    } catch (error) {
      this.#send({ op: 'failure', id, failure: this.failure(error) })
    } finally {
      this.#answering.delete(id)
    }
  }

  #asks(id: number, request: Request): unknown {
    switch (request.op) {
      case 'ask': {
        const target = this.#targetOf(request.to)
        const controller = new AbortController()
        this.#answering.set(id, controller)
        const within = request.within === undefined ? undefined : this.#asked.get(request.within)
        return target.askFor(
          methodOf(target, request.method),
          this.unwire(request.args) as unknown[],
          { ...unlimited, signal: controller.signal },
          {
            link: this,
            id,
            asker: within === undefined ? undefined : askerOf(within),
          },
        )
      }
      case 'open': {
        const target = this.#targetOf(request.to)
        this.#streams.set(
          id,
          target.stream(methodOf(target, request.method), this.unwire(request.args) as unknown[], unlimited),
        )
        return id
      }
      case 'next':
      case 'return':
        return this.#advance(request.op, request.stream)
      case 'stop':
        return this.#targetOf(request.to).stop({ kind: 'stop' }, request.queued, request.graceMs)
      default:
        return this.#answerer(this, request)
    }
  }

  async #advance(op: 'next' | 'return', number: number): Promise<unknown> {
    const values = this.#streams.get(number)
    if (values === undefined) return { done: true, value: undefined }
    try {
      const result = await (op === 'next' ? values.next() : values.return?.())
      if (result === undefined || result.done === true) this.#streams.delete(number)
      return result
    } catch (error) {
      this.#streams.delete(number)
      throw error
    }
  }

  #targetOf(number: number): Target {
    const target = this.#exports.get(number)
    if (target === undefined) throw new ActorDiedError(`actor ${number}`, { kind: 'noproc' }, 'no')
    return target
  }

  // ── its end ──

  /** Nothing comes and nothing goes any more: who waits is told. */
  break(error: unknown): void {
    if (this.#broken !== undefined) return
    const reason: StopReason = { kind: 'gone', error }
    this.#broken = reason
    this.#batch = []
    for (const ask of [...this.#asked.values()])
      ask.fail(new ActorDiedError(ask.target.name, reason, 'maybe'))
    for (const controller of this.#answering.values())
      controller.abort(new AbortError('Whoever asked is gone.', { cause: error }))
    const imported = [...this.#imports.values()]
    this.#imports.clear()
    this.#exports.clear()
    for (const target of imported) target.deref()?.lost(reason)
  }
}

/** Whoever has made an ask elsewhere, to answer one of this side's. */
function askerOf(within: Ask): Asker {
  return { name: within.target.name, self: within.target, current: { ask: within } }
}

function methodOf({ definition, name }: Target, method: string): Method {
  const found = definition.methods.get(method)
  if (found === undefined)
    throw new InvalidActorError(
      `${name} has no method ${method}: its class ${definition.name} is another one there.`,
    )
  return found
}

function isPlainPrimitive(value: unknown): boolean {
  switch (typeof value) {
    case 'number':
    case 'string':
    case 'boolean':
    case 'undefined':
    case 'bigint':
      return true
    default:
      return value === null
  }
}
