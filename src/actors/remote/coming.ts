/**
 * What comes over a link finds its target, its ask, or whoever is to answer it, by number.
 *
 *     batch ─▶ tell, ask, answer ─▶ Exports · Answers · Asked
 *           └▶ item, by its op ───▶ the same, Imports, the searches for circles
 */
import { learnClassesOf } from '../../executor/caller.ts'
import type { WireFailure } from '../../wire/failure.ts'
import { Ask } from '../ask.ts'
import type { PendingAsk, Target } from '../contract.ts'
import { actorsEvaluationOf } from '../definition.ts'
import { system } from '../system.ts'
import type { Answers } from './answers.ts'
import type { Asked } from './asked.ts'
import { BatchNames, type BatchReader } from './batch.ts'
import type { Exports } from './exports.ts'
import type { Holding } from './holding.ts'
import type { Imports } from './imports.ts'
import type { Item } from './items.ts'
import type { RemoteTarget } from './remote-target.ts'
import type { Status } from './stirring.ts'
import type { LinkValues } from './values.ts'

/** The parts of a link that hear what comes. */
export interface LinkParts {
  /** The other side is on another machine, maybe: no message has anything imported. */
  readonly isElsewhere: boolean
  readonly values: LinkValues
  readonly exports: Exports
  readonly imports: Imports
  readonly asked: Asked
  readonly answers: Answers
  readonly holding: Holding
  /** The other side may forget that number, however often it came. */
  release(number: number): void
}

export class Coming implements BatchReader {
  readonly #parts: LinkParts
  readonly #names = new BatchNames()

  constructor(parts: LinkParts) {
    this.#parts = parts
  }

  /** @throws TypeError if that is not a batch */
  receive(batch: unknown): void {
    this.#parts.holding.came += 1
    this.#names.read(batch, this)
  }

  tell(to: number, name: string, args: readonly unknown[]): void {
    const exported = this.#parts.exports.get(to)
    const method = exported?.target.definition.methods.get(name)
    if (exported !== undefined && method !== undefined) exported.target.deliver(method, args, exported.inlet)
    else
      system().deadLetter({
        actor: exported?.target.name ?? `actor ${to}`,
        method: name,
        args,
        reason: 'ended',
      })
  }

  ask(id: number, to: number, method: string, within: number, args: readonly unknown[]): void {
    this.#parts.answers.ask(id, to, method, within, args)
  }

  answer(id: number, value: unknown): void {
    this.#parts.asked.get(id)?.answer(value)
  }

  item(item: Item): void {
    switch (item.op) {
      case 'tell':
        return this.tell(item.to, item.method, this.#parts.values.unwire(item.args) as unknown[])
      case 'answer':
        return this.answer(item.id, this.#parts.values.unwire(item.value))
      case 'failure':
        return void this.#failAsk(item.id, item.failure)
      case 'gaveUp':
        return this.#parts.answers.get(item.id)?.giveUp?.(this.#parts.values.unfailure(item.failure))
      case 'ended': {
        const target = this.#parts.imports.get(item.of)
        this.#parts.imports.delete(item.of)
        this.#parts.release(item.of)
        return target?.end(this.#parts.values.unwireReason(item.reason, target.definition.place.module))
      }
      case 'done':
        return this.#parts.imports.get(item.of)?.done(item.count)
      case 'status':
        return this.#heardStatus(item.of, item.quiet)
      case 'seek':
        return system().lines.circles.reach(this.#parts.asked.get(item.id), item.seeking)
      case 'awaits':
        return this.#reach(this.#parts.answers.get(item.id)?.ask, item.restart)
      case 'joins':
        this.#exported(item.to)?.joins(item.restart)
        return system().impasses.lookSoon(item.restart)
      case 'exit':
        return this.#exported(item.to)?.exit(this.#parts.values.unwireReason(item.reason), item.from)
      case 'release':
        return this.#parts.exports.release(item.of, item.count)
      case 'dead': {
        const { actor, method, reason } = item
        return system().deadLetter({
          actor,
          method,
          args: this.#parts.values.unwire(item.args) as unknown[],
          reason,
        })
      }
      case 'failed': {
        const target = this.#parts.imports.get(item.of)
        return target === undefined ? undefined : void this.#tellFailure(target, item)
      }
      case 'ask':
        return this.ask(
          item.id,
          item.to,
          item.method,
          item.within ?? 0,
          this.#parts.values.unwire(item.args) as unknown[],
        )
      default:
        return this.#parts.answers.request(item.id, item, item.within ?? 0)
    }
  }

  #heardStatus(of: Status, quiet: number): void {
    for (let at = 0; at < of.length; at += 4) {
      const [number, busy, waiting, done] = of.slice(at, at + 4) as [number, number, number, number]
      const target = this.#parts.imports.get(number)
      target?.progress.heard(busy > 0, waiting)
      target?.done(done)
    }
    this.#parts.holding.quiet(quiet)
  }

  async #failAsk(id: number, failure: WireFailure): Promise<void> {
    const ask = this.#parts.asked.get(id)
    const module = ask?.target.definition.place.module
    await this.#learn(failure, module)
    this.#parts.asked.get(id)?.fail(this.#parts.values.unfailure(failure, module))
  }

  async #tellFailure(target: RemoteTarget, item: Extract<Item, { op: 'failed' }>): Promise<void> {
    const { module } = target.definition.place
    const args = this.#parts.values.unwire(item.args) as unknown[]
    await this.#learn(item.reason.failure, module)
    target.onFailed?.(this.#parts.values.unwireReason(item.reason, module), item.method, args)
  }

  /** Error classes that the actor's module exports are known here too, once they are needed. */
  #learn(failure: WireFailure | undefined, module: string | undefined): Promise<void> | undefined {
    if (failure === undefined || module === undefined) return undefined
    const evaluation = actorsEvaluationOf(module)
    if (evaluation === undefined && this.#parts.isElsewhere) return undefined
    return learnClassesOf([failure], module, evaluation)
  }

  /** What was asked from there over this link is waited for by a supervisor. */
  #reach(ask: PendingAsk | undefined, restart: number): void {
    if (ask instanceof Ask) system().impasses.reach(ask, restart)
  }

  #exported(number: number): Target | undefined {
    return this.#parts.exports.get(number)?.target
  }
}
