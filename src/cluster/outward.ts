/**
 * What leaves the caller's side, and what is made of what comes back: the same for calls and for
 * submitted tasks.
 */
import { portableModule } from '../declared/portable-module.ts'
import { ProtocolError } from '../errors.ts'
import { identityOf } from '../executor/address.ts'
import type { Job } from '../executor/backend.ts'
import type { Outcome } from '../task/results.ts'
import { nameOf, type Task } from '../task/task.ts'
import { messageOf } from '../thrown.ts'
import { detach, type Encoded, encode } from '../wire/codec.ts'
import type { NestedReply } from '../wire/messages.ts'
import { encodeStores } from '../wire/propagation.ts'
import { outcomeOf, uncopyable } from '../worker/reply.ts'
import { crossing, type Envelope, type SentStore, writeMessage } from './messages.ts'

/** What the caller's propagated storages hold here, as it goes over a network. */
export function storesToSend(): readonly SentStore[] {
  return (encodeStores(crossing) ?? []).map(({ place, value, special }) => ({
    place: { module: portableModule(place.module), name: place.name, position: place.position },
    value,
    special,
  }))
}

/** What goes with a job beside its arguments. */
export interface Sending {
  readonly id: string
  /** Who hears of it. */
  readonly to: string
  readonly credit: number
  readonly traceparent: string | undefined
}

/**
 * The job as it is stored, or why it can't be.
 * @throws InvalidTaskError: a mistake in the program
 */
export function taskOf(job: Job, { id, to, credit, traceparent }: Sending): Uint8Array | Error {
  const task = identityOf(job.task)
  try {
    const { args, inputs, stream } = job
    const encoded: Encoded =
      args === undefined ? encode(inputs, 'inputs', crossing) : encode(args, 'args', crossing)
    const envelope: Envelope = {
      kind: 'task',
      id,
      form: args === undefined ? 'chunk' : stream === undefined ? 'run' : 'stream',
      task,
      args: encoded.value,
      special: encoded.special,
      stores: storesToSend(),
      idempotent: job.task.idempotent,
      attempt: job.attempt ?? 1,
      to,
      keep: 'calls',
      retries: 0,
      retryDelayMs: 0,
      untilMs: Number.POSITIVE_INFINITY,
      credit,
      key: typeof job.to === 'object' ? undefined : job.to,
      ...(traceparent === undefined ? {} : { traceparent }),
    }
    const bytes = writeMessage(envelope)
    detach(encoded.transfer)
    return bytes
  } catch (error) {
    return uncopyable(job.args === undefined ? 'inputs' : 'args', error)
  }
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
