/**
 * One side of a link: what leaves in one turn of the loop leaves together. What comes is told in
 * coming.ts; README.md tells the protocol.
 */
import type { Runtime } from '../../runtime/seam.ts'
import type { Crossing } from '../../wire/codec.ts'
import type { Transfer } from '../../wire/transport/transport.ts'
import { Ask } from '../ask.ts'
import type { Cause, Seeking, Target } from '../contract.ts'
import { ActorDiedError } from '../errors.ts'
import type { Remembered } from '../memory.ts'
import type { StopReason } from '../reason.ts'
import { type DeadLetter, system } from '../system.ts'
import { type Answering, Answers, type AnswersLink } from './answers.ts'
import { Asked, type AskedOwner } from './asked.ts'
import { BatchWriter } from './batch.ts'
import { Coming } from './coming.ts'
import { Exports } from './exports.ts'
import { Holding } from './holding.ts'
import { Imports } from './imports.ts'
import type { Item, Request, WiredRef } from './items.ts'
import { RemoteTarget } from './remote-target.ts'
import type { Status } from './stirring.ts'
import { LinkValues } from './values.ts'

/** What carries batches. */
export interface Carrier {
  readonly crossing: Crossing
  /** The other side, for messages: `thread 2`. */
  readonly name: string
  /** On another machine, maybe: places go by names, and no message has anything imported. */
  readonly isElsewhere: boolean
  send(batch: readonly unknown[], transfer: Transfer): void
  /** Whether the program is to be kept alive, as asks or tells are under way. Near side only. */
  readonly waiting: ((some: boolean) => void) | undefined
  /** Ends the other side, which does not react; only where that is a worker of this one. */
  readonly kill: (() => void) | undefined
}

/** Answers requests that only one of the two sides takes. */
export type Answerer = (link: Link, request: Request, answering: Answering) => unknown

export class Link implements AnswersLink, AskedOwner {
  readonly values: LinkValues
  readonly #carrier: Carrier
  readonly #runtime: Runtime
  readonly #exports: Exports
  readonly #imports: Imports
  readonly #leaving = new BatchWriter()
  readonly #coming: Coming
  readonly #asked = new Asked(this)
  readonly #answers: Answers
  readonly holding: Holding
  #broken: StopReason | undefined

  constructor(carrier: Carrier, answerer: Answerer) {
    this.#carrier = carrier
    this.#runtime = system().runtime
    this.values = new LinkValues(this, carrier)
    this.holding = new Holding(system(), carrier.waiting)
    this.#answers = new Answers(this, (request, answering) => answerer(this, request, answering))
    this.#exports = new Exports({
      ended: (of, reason) => this.#send({ op: 'ended', of, reason: this.values.wireReason(reason) }),
      done: (of, count) => this.#send({ op: 'done', of, count }),
    })
    const release = (of: number, count: number) => this.#send({ op: 'release', of, count })
    this.#imports = new Imports(release)
    this.#coming = new Coming({
      isElsewhere: carrier.isElsewhere,
      values: this.values,
      exports: this.#exports,
      imports: this.#imports,
      asked: this.#asked,
      answers: this.#answers,
      holding: this.holding,
      release: number => release(number, Number.POSITIVE_INFINITY),
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
  sendTell(to: number, method: string, args: readonly unknown[]): void {
    if (this.#broken !== undefined) return
    const wired = this.#leaving.canBeFlat(args) ? undefined : this.values.wire(args, 'args')
    this.#flushSoon()
    this.holding.told()
    if (wired === undefined) this.#leaving.tell(to, method, args)
    else this.#leaving.item({ op: 'tell', to, method, args: wired })
  }

  /**
   * Sends an ask, and enters it to be answered; the program is kept alive meanwhile.
   * @throws SerializationError naming the path of what can't cross; nothing is sent then
   */
  sendAsk(ask: Ask, to: number, method: string, args: readonly unknown[]): void {
    if (this.#broken !== undefined) return ask.fail(new ActorDiedError(ask.target.name, this.#broken, 'no'))
    this.#flushSoon()
    if (this.#leaving.ask(this.#asked.nextId, to, method, this.idOf(ask.within) ?? 0, args))
      this.#asked.enter(ask)
    else this.request(ask, { op: 'ask', to, method, args: this.values.wire(args, 'args') })
  }

  /** Sends a request that is not a message of the target's, and waits for the answer. */
  answerOf(target: Target, what: string, request: Request, timeoutMs: number): Promise<unknown> {
    const ask = new Ask(target, what, undefined)
    ask.limit({ timeoutMs, signal: undefined }, system().lines)
    this.request(ask, request)
    return ask.promise
  }

  /** Sends a request, and enters `ask` to be answered; the program is kept alive meanwhile. */
  request(ask: Ask, request: Request): void {
    if (this.#broken !== undefined) return ask.fail(new ActorDiedError(ask.target.name, this.#broken, 'no'))
    this.#send({ ...request, id: this.#asked.enter(ask), within: this.idOf(ask.within) })
  }

  /** So many asks wait for an answer. */
  waits(count: number): void {
    this.holding.asks(count)
  }

  gaveUp(id: number, reason: unknown): void {
    this.#send({ op: 'gaveUp', id, failure: this.values.failure(reason) })
  }

  /** The id of the ask that `cause` answers, if that came over this link. */
  idOf(cause: Cause | undefined): number | undefined {
    const ask = cause?.ask
    return ask?.link === this ? ask.linkId : undefined
  }

  seek(id: number, seeking: Seeking): void {
    this.#send({ op: 'seek', id, seeking })
  }

  leaveStream(stream: number): void {
    this.#send({ op: 'leave', stream })
  }

  awaits(id: number, restart: number): void {
    this.#send({ op: 'awaits', id, restart })
  }

  held(to: number, search: number): void {
    this.#send({ op: 'held', to, search })
  }

  joins(to: number, restart: number): void {
    this.#send({ op: 'joins', to, restart })
  }

  sendAnswer(id: number, value: unknown): void {
    if (this.#broken !== undefined) return
    this.#flushSoon()
    if (this.#leaving.answer(id, value)) return
    try {
      this.#leaving.item({ op: 'answer', id, value: this.values.wire(value, 'result') })
    } catch (error) {
      this.sendFailure(id, error)
    }
  }

  sendFailure(id: number, error: unknown): void {
    this.#send({ op: 'failure', id, failure: this.values.failure(error) })
  }

  /** Says how actors fare; with `quiet`, that all that came was worked on. */
  status(of: Status, quiet: boolean): void {
    this.#send({ op: 'status', of, quiet: quiet ? this.holding.came : 0 })
  }

  exit(to: number, reason: StopReason, from: string): void {
    this.#send({ op: 'exit', to, reason: this.values.wireReason(reason), from })
  }

  /** Says that the supervised actor under that number has failed, and waits. */
  failed(
    of: number,
    reason: StopReason,
    method: string | undefined,
    args: readonly unknown[],
    { before, changed }: Remembered,
  ): void {
    this.#send({
      op: 'failed',
      of,
      reason: this.values.wireReason(reason),
      method,
      args: this.values.wireIfPossible(args),
      before: before.map(([name, its]) => ({ name, args: this.values.wireIfPossible(its) })),
      changed: Object.entries(changed).map(([name, { from, to }]) => ({
        name,
        args: this.values.wireIfPossible([from, to]),
      })),
    })
  }

  /** Tells of a message that no actor there will see. */
  deadLetter({ actor, method, args, reason }: DeadLetter): void {
    this.#send({ op: 'dead', actor, method, args: this.values.wireIfPossible(args), reason })
  }

  /** Ends the other side, if it is a worker of this one. */
  kill(): void {
    this.#carrier.kill?.()
  }

  #send(item: Item): void {
    if (this.#broken !== undefined) return
    this.#flushSoon()
    this.#leaving.item(item)
  }

  #flushSoon(): void {
    if (this.#leaving.isEmpty) this.#runtime.soon(this.#flush, 'actors')
  }

  readonly #flush = (): void => {
    const transfer = this.values.takeTransfer()
    if (this.#broken !== undefined || this.#leaving.isEmpty) return
    this.holding.leaves()
    this.#carrier.send(this.#leaving.take(), transfer)
  }

  // ── refs ──

  /** The number under which the other side reaches `target`. */
  export(target: Target): number {
    return this.#exports.export(target)
  }

  /** Of a target that is exported: its number, and how many of the tells have left its mailbox. */
  progressOf(target: Target & { readonly waiting: number }): { number: number; done: number } | undefined {
    return this.#exports.progressOf(target)
  }

  exported(number: number): Target | undefined {
    return this.#exports.get(number)?.target
  }

  wireRef(target: Target): WiredRef {
    const { definition, name } = target
    const back = target instanceof RemoteTarget ? target.numberOn(this) : undefined
    const methods = [...definition.methods.values()]
    const { ended } = target
    return {
      number: back ?? (ended === undefined ? this.export(target) : 0),
      ours: back === undefined,
      ended: ended === undefined ? undefined : this.values.wireReason(ended),
      name,
      capacity: definition.capacity,
      overflow: definition.overflow,
      place: this.values.placeFor(definition),
      methods: methods.map(method => method.name),
      streams: methods.filter(({ streams }) => streams).map(method => method.name),
    }
  }

  unwireRef(ref: WiredRef): Target {
    if (!ref.ours) return this.exported(ref.number) ?? RemoteTarget.gone(ref, { kind: 'noproc' })
    if (ref.ended !== undefined) return RemoteTarget.gone(ref, this.values.unwireReason(ref.ended))
    const known = this.#imports.get(ref.number)
    const target = known ?? new RemoteTarget(ref)
    if (known === undefined) target.attach(this, ref.number)
    this.#imports.enter(ref.number, target)
    return target
  }

  /** From now on `ended` of that number is for `target`. */
  import(number: number, target: RemoteTarget): void {
    this.#imports.enter(number, target)
  }

  // ── what comes ──

  /** @throws TypeError if that is not a batch */
  receive(batch: unknown): void {
    this.#coming.receive(batch)
    this.holding.heard()
  }

  asked(id: number): Ask | undefined {
    return this.#asked.get(id)
  }

  // ── its end ──

  /** Nothing comes and nothing goes any more: who waits is told. */
  break(error: unknown): void {
    if (this.#broken !== undefined) return
    const reason: StopReason = { kind: 'gone', error }
    this.#broken = reason
    this.#leaving.take()
    this.holding.end()
    this.#asked.fail(reason)
    this.#answers.giveUp(error)
    this.#exports.clear()
    for (const target of this.#imports.take()) target.lost(reason, this)
  }
}
