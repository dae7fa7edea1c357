/**
 * What a worker's answer means, as an outcome; and what it means that something could not be sent.
 */
import { AtonceError, SerializationError } from '../errors.ts'
import type { Job } from '../executor/backend.ts'
import { callerError } from '../executor/caller.ts'
import type { Outcome } from '../task/results.ts'
import { isError, messageOf } from '../thrown.ts'
import { decode } from '../wire/codec.ts'
import { forgeryIn, type WireFailure } from '../wire/failure.ts'
import type { NestedReply } from '../wire/messages.ts'

/** The outcome that the reply tells of; throws what no AtonceError is if the reply was forged. */
export function outcomeOf(reply: NestedReply, job: Job): Outcome<unknown> {
  switch (reply.kind) {
    case 'done':
      return decoded(reply)
    case 'failed':
      return failed(reply.failure, job)
    case 'doneChunk':
      return {
        ok: true,
        value: reply.outcomes.map(
          (outcome): Outcome<unknown> => (outcome.ok ? decoded(outcome) : failed(outcome.failure, job)),
        ),
      }
  }
}

function decoded({ value, special }: { value: unknown; special: boolean }): Outcome<unknown> {
  try {
    return { ok: true, value: decode(value, special) }
  } catch (error) {
    if (error instanceof AtonceError) return { ok: false, error } // An instance that can't be made here.
    throw error
  }
}

function failed(failure: WireFailure, job: Job): Outcome<unknown> {
  const error = callerError(failure, job)
  const forgery = forgeryIn(error)
  if (forgery !== undefined) throw new TypeError(forgery)
  return { ok: false, error }
}

/** The failures that it tells of. */
export function failuresIn(reply: NestedReply): readonly WireFailure[] {
  if (reply.kind === 'done') return []
  return reply.kind === 'failed'
    ? [reply.failure]
    : reply.outcomes.flatMap(outcome => (outcome.ok ? [] : [outcome.failure]))
}

/** The platform could not copy the arguments that the scan let pass. */
export function unsendable(cause: unknown): Outcome<never> {
  return { ok: false, error: uncopyable('args', cause) }
}

/**
 * What is wrong with a value that can't be sent: the scan's own refusal, or one for what the
 * platform found.
 */
export function uncopyable(root: string, cause: unknown): Error {
  if (isError(cause) && 'code' in cause && String(cause.code).startsWith('ATONCE_')) return cause
  return new SerializationError(root, `${root} can't be copied: ${messageOf(cause)}`, { cause })
}
