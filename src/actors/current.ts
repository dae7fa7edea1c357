/**
 * The actor in which code runs: while a method runs, by a variable; after an `await` in it, by its
 * asynchronous context. A context for each message would cost more than the message.
 */
import { currentStrand, Strand } from '../runtime/strand.ts'
import type { LiveActor } from './live-actor.ts'

let running: LiveActor | undefined

/** One incarnation of an actor: its waits and scopes end with it. */
export class ActorStrand extends Strand {
  readonly actor: LiveActor

  constructor(actor: LiveActor) {
    super(actor.name, undefined)
    this.actor = actor
  }
}

export function currentActor(): LiveActor | undefined {
  if (running !== undefined) return running
  let strand = currentStrand()
  while (strand !== undefined && !(strand instanceof ActorStrand)) strand = strand.parent
  return strand?.actor
}

/** What runs until `leaveActor` is part of `actor`; returns what to leave to. */
export function enterActor(actor: LiveActor): LiveActor | undefined {
  const outer = running
  running = actor
  return outer
}

export function leaveActor(outer: LiveActor | undefined): void {
  running = outer
}
