/** Refs in messages: a number on the link that the message takes. */
import { shareOwn } from '../../declared/shareable.ts'
import type { Target } from '../contract.ts'
import { InvalidActorError } from '../errors.ts'
import { ActorRef, refTo, targetIn } from '../ref.ts'
import type { WiredRef } from './items.ts'

/** What gives numbers to targets, and targets to numbers. */
export interface RefLink {
  wireRef(target: Target): WiredRef
  unwireRef(ref: WiredRef): Target
}

/** The link whose message is being made or read; both are done at once. */
let current: RefLink | undefined

/** Makes or reads a message of `link`. */
export function onLink<T>(link: RefLink, body: () => T): T {
  const outer = current
  current = link
  try {
    return body()
  } finally {
    current = outer
  }
}

shareOwn('ActorRef', ActorRef, {
  pack(ref: ActorRef): WiredRef {
    if (current === undefined)
      throw new InvalidActorError(
        `a ref of ${ref.name} goes only in messages between actors. Send it to an actor on that worker, or call the actor here and send what it answers`,
      )
    return current.wireRef(targetIn(ref) as Target)
  },
  unpack(ref: WiredRef): ActorRef {
    if (current === undefined)
      throw new InvalidActorError('A ref came in what is not a message between actors.')
    return refTo(current.unwireRef(ref))
  },
})
