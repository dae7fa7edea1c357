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
import type { Item, Wired, WiredMemory } from './items.ts'
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
    this.#parts.asked.heard()
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
        return this.#read(
          item.args,
          args => this.tell(item.to, item.method, args as unknown[]),
          error => this.#lost(item.to, item.method, error),
        )
      case 'answer':
        return this.#read(
          item.value,
          value => this.answer(item.id, value),
          error => this.#parts.asked.get(item.id)?.fail(error),
        )
      case 'failure':
        return void this.#failAsk(item.id, item.failure)
      case 'gaveUp':
        return this.#parts.answers.get(item.id)?.giveUp?.(this.#parts.values.unfailure(item.failure))
      case 'leave':
        return this.#parts.answers.leaveStream(item.stream)
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
      case 'held':
        return this.#exported(item.to)?.reached(item.search)
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
          args: this.#parts.values.unwireIfPossible(item.args),
          reason,
        })
      }
      case 'failed': {
        const target = this.#parts.imports.get(item.of)
        return target === undefined ? undefined : this.#tellFailure(target, item)
      }
      case 'ask':
        return this.#read(
          item.args,
          args => this.ask(item.id, item.to, item.method, item.within ?? 0, args as unknown[]),
          error => this.#parts.answers.refuse(item.id, error),
        )
      default:
        return this.#parts.answers.request(item.id, item, item.within ?? 0)
    }
  }

  /** What a class of the program's makes of its own may throw: that is one message's end. */
  #read(wired: Wired, read: (value: unknown) => void, failed: (error: unknown) => void): void {
    let value: unknown
    try {
      value = this.#parts.values.unwire(wired)
    } catch (error) {
      return failed(error)
    }
    read(value)
  }

  #lost(to: number, method: string, error: unknown): void {
    const actor = this.#exported(to)?.name ?? `actor ${to}`
    system().deadLetter({ actor, method, args: [], reason: 'lost' })
    system().failed({ actor, error, during: method })
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

  #tellFailure(target: RemoteTarget, item: Extract<Item, { op: 'failed' }>): void {
    const { module } = target.definition.place
    const { values } = this.#parts
    const args = values.unwireIfPossible(item.args)
    const read = (memories: readonly WiredMemory[]) =>
      memories.map(memory => [memory.name, values.unwireIfPossible(memory.args)] as const)
    const before = read(item.before)
    const changed = Object.fromEntries(read(item.changed).map(([field, [from, to]]) => [field, { from, to }]))
    const tell = () =>
      target.onFailed?.(values.unwireReason(item.reason, module), item.method, args, { before, changed })
    void Promise.resolve(this.#learn(item.reason.failure, module)).then(tell)
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
