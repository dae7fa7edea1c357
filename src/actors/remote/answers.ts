/**
 * What the other side of a link asks of this one, from the moment it comes until it is answered.
 *
 *     ask, request ─▶ entered under its id ─▶ the target, or the supervisor's side (`Answerer`) ─▶ answer, failure
 *                          └─ gaveUp, the link breaks ─▶ given up; nothing is sent
 */
import { AbortError } from '../../errors.ts'
import type { Ask } from '../ask.ts'
import type { Asker, Asking, AskLink, Limits, Method, Target } from '../contract.ts'
import { ActorDiedError, InvalidActorError } from '../errors.ts'
import type { Request } from './items.ts'
import { Streams } from './streams.ts'
import type { LinkValues } from './values.ts'

/** What is being answered; whoever answers sets how it is given up. */
export type Answering = Pick<Asking, 'giveUp' | 'ask'>

/** The link, as its answers see it. */
export interface AnswersLink extends AskLink {
  readonly values: LinkValues
  exported(number: number): Target | undefined
  /** An ask of this side that waits for the other one. */
  asked(id: number): Ask | undefined
  sendAnswer(id: number, value: unknown): void
  sendFailure(id: number, error: unknown): void
}

/** Limits of an ask whose asker's side minds the time. */
const unlimited: Limits = { timeoutMs: Number.POSITIVE_INFINITY, signal: undefined }

export class Answers {
  readonly #link: AnswersLink
  readonly #answerer: (request: Request, answering: Answering) => unknown
  readonly #answering = new Map<number, Answering>()
  readonly #streams = new Streams()

  /** `answerer` answers requests that only one of the two sides takes. */
  constructor(link: AnswersLink, answerer: (request: Request, answering: Answering) => unknown) {
    this.#link = link
    this.#answerer = answerer
  }

  get(id: number): Answering | undefined {
    return this.#answering.get(id)
  }

  ask(id: number, to: number, method: string, withinId: number, args: readonly unknown[]): void {
    const asking = this.#enter(id, withinId)
    try {
      const target = this.#targetOf(to)
      this.#answerWith(id, target.askFor(methodOf(target, method), args, unlimited, asking))
    } catch (error) {
      this.#fail(id, error)
    }
  }

  /** An ask that came and can't be read. */
  refuse(id: number, error: unknown): void {
    this.#link.sendFailure(id, error)
  }

  request(id: number, request: Request, withinId: number): void {
    const asking = this.#enter(id, withinId)
    const asked = async () => this.#asks(id, request, asking)
    this.#answerWith(id, asked())
  }

  leaveStream(number: number): void {
    this.#streams.leave(number)
  }

  /** Nobody hears an answer any more. */
  giveUp(cause: unknown): void {
    const gone = new AbortError('Whoever asked is gone.', { cause })
    const answering = [...this.#answering.values()]
    this.#answering.clear()
    for (const { giveUp } of answering) giveUp?.(gone)
    this.#streams.leaveAll()
  }

  #enter(id: number, withinId: number): Asking {
    const within = withinId === 0 ? undefined : this.#link.asked(withinId)
    const asker = within === undefined ? undefined : askerOf(within)
    const asking: Asking = { link: this.#link, id, asker, giveUp: undefined, ask: undefined }
    this.#answering.set(id, asking)
    return asking
  }

  #answerWith(id: number, answer: Promise<unknown>): void {
    answer.then(
      value => {
        if (this.#answering.delete(id)) this.#link.sendAnswer(id, value)
      },
      error => this.#fail(id, error),
    )
  }

  #fail(id: number, error: unknown): void {
    if (this.#answering.delete(id)) this.#link.sendFailure(id, error)
  }

  #asks(id: number, request: Request, asking: Asking): unknown {
    switch (request.op) {
      case 'open': {
        const target = this.#targetOf(request.to)
        const args = this.#link.values.unwire(request.args) as unknown[]
        return this.#streams.open(id, target.stream(methodOf(target, request.method), args, unlimited))
      }
      case 'next':
      case 'return':
        return this.#streams.advance(request.op, request.stream, asking)
      case 'stop':
        return this.#targetOf(request.to).stop({ kind: 'stop' }, request.queued, request.graceMs)
      default:
        return this.#answerer(request, asking)
    }
  }

  #targetOf(number: number): Target {
    const target = this.#link.exported(number)
    if (target === undefined) throw new ActorDiedError(`actor ${number}`, { kind: 'noproc' }, 'no')
    return target
  }
}

/** Whoever has made an ask elsewhere, to answer one of this side's. */
function askerOf(within: Ask): Asker {
  const { target } = within
  return { name: target.name, self: target, current: { ask: within }, pendingAsks: () => [] }
}

function methodOf({ definition, name }: Target, method: string): Method {
  const found = definition.methods.get(method)
  if (found === undefined)
    throw new InvalidActorError(
      `${name} has no method ${method}: its class ${definition.name} is another one there.`,
    )
  return found
}
