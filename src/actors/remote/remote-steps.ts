/**
 * The steps of a generator method elsewhere: the first opens the stream there, each goes by its
 * number.
 */
import type { Ask } from '../ask.ts'
import type { Asking, Limits, Method, Steps } from '../contract.ts'
import { ActorDiedError } from '../errors.ts'
import type { StopReason } from '../reason.ts'
import type { Request } from './items.ts'
import type { TargetLink } from './target-link.ts'

/** The near end of the actor, as its streams see it. */
export interface Stepping {
  readonly name: string
  readonly number: number
  readonly link: TargetLink | undefined
  readonly ended: StopReason | undefined
  newAsk(method: string, limits: Limits | undefined, asking: Asking | undefined): Ask
  whenAttached(ask: Ask, send: (link: TargetLink) => void): void
}

export function openRemoteStream(
  target: Stepping,
  method: Method,
  args: readonly unknown[],
  limits: Limits | undefined,
): Steps {
  let opened: Promise<unknown> | undefined
  /**
   * The generator lives where it was opened: another worker knows another one, or none, by its
   * number.
   */
  let openedOn: TargetLink | undefined
  /** Its number there is that of the stream. */
  let opening: Ask | undefined
  const ask = (asking: Asking | undefined, request: (link: TargetLink) => Request): Promise<unknown> => {
    const made = target.newAsk(method.name, limits, asking)
    opening ??= made
    target.whenAttached(made, link => link.request(made, request(link)))
    return made.promise
  }
  const step = async (
    op: 'next' | 'return',
    asking: Asking | undefined,
  ): Promise<IteratorResult<unknown>> => {
    opened ??= ask(asking, link => {
      openedOn = link
      return { op: 'open', to: target.number, method: method.name, args: link.values.wire(args, 'args') }
    })
    const stream = (await opened) as number
    if (target.link !== openedOn) {
      if (op === 'return') return { done: true, value: undefined } // It died with its worker.
      throw new ActorDiedError(target.name, target.ended ?? { kind: 'gone' }, 'maybe')
    }
    const result = (await ask(asking, () => ({ op, stream }))) as IteratorResult<unknown> | undefined
    return result ?? { done: true, value: undefined }
  }
  return {
    next: asking => step('next', asking),
    return: asking => step('return', asking),
    leave() {
      if (openedOn !== undefined && openedOn === target.link) openedOn.leaveStream(opening?.sentId ?? 0)
    },
  }
}
