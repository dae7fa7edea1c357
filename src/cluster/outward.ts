/**
 * What leaves the caller's side, and what is made of what comes back: the same for calls and for
 * submitted tasks.
 */
import { portableModule } from '../declared/portable-module.ts'
import { ProtocolError } from '../errors.ts'
import type { Job } from '../executor/backend.ts'
import type { Outcome } from '../task/results.ts'
import { nameOf, type Task } from '../task/task.ts'
import { messageOf } from '../thrown.ts'
import type { NestedReply } from '../wire/messages.ts'
import { encodeStores } from '../wire/propagation.ts'
import { outcomeOf } from '../worker/reply.ts'
import { crossing, type SentStore } from './messages.ts'

/** What the caller's propagated storages hold here, as it goes over a network. */
export function storesToSend(): readonly SentStore[] {
  return (encodeStores(crossing) ?? []).map(({ place, value, special }) => ({
    place: { module: portableModule(place.module), name: place.name, position: place.position },
    value,
    special,
  }))
}

/** The outcome that the reply tells of; a forged one is an error of its call. */
export function believed(reply: NestedReply, job: Job): Outcome<unknown> {
  try {
    return outcomeOf(reply, job)
  } catch (error) {
    const what = `a reply that can't be read (${messageOf(error)})`
    return { ok: false, error: new ProtocolError(what, { worker: 'A node', task: nameOf(job.task as Task) }) }
  }
}
