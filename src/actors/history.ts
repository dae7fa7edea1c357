/** The failures of actors that their supervisors keep in mind: when, why, in which method. */
import { wallMs } from '../runtime/wall.ts'
import { inShort, type StopReason } from './reason.ts'

/** A failure that a supervisor keeps in mind. */
export interface PastFailure {
  readonly actor: string
  readonly at: Date
  /** Undefined if it stopped itself, and was restarted. */
  readonly error: unknown
  /** The method that failed; undefined of a start, a timer, a link, a death of where it lived. */
  readonly method: string | undefined
}

export const noFailures: readonly PastFailure[] = []

/** Of each child so many failures are kept; older ones are forgotten. */
const mostKept = 10

/** Who fails now and then. */
interface Child {
  readonly name: string
  readonly failures: readonly PastFailure[]
}

/** Its failures, after one more. */
export function withFailure(
  { name, failures }: Child,
  { error }: StopReason,
  method: string | undefined,
): readonly PastFailure[] {
  const one = { actor: name, at: new Date(wallMs()), error, method }
  return latest([...failures, one])
}

/** The last ones of several actors, oldest first. */
export function historyOf(children: readonly Child[]): readonly PastFailure[] {
  return latest(
    children.flatMap(({ failures }) => failures).sort((one, other) => Number(one.at) - Number(other.at)),
  )
}

function latest(failures: readonly PastFailure[]): readonly PastFailure[] {
  return failures.slice(-mostKept)
}

/** In a few words. */
export function whyOf({ error }: { readonly error?: unknown }): string {
  return error === undefined ? 'it stopped itself' : inShort(error)
}
