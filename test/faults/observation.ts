/**
 * What the arena reports, one line of JSON each, written at once so that a dying program has said
 * all it saw.
 */
import { inspect } from 'node:util'

/** The four looks at every fault. */
export const slots = ['running', 'queued', 'later', 'close'] as const
export type Slot = (typeof slots)[number]

/** How one call ended, with the real value or error. */
export type Outcome =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'error'; readonly error: unknown }
  | { readonly kind: 'pending' }

/** How an outcome differs from what a row declares. */
export type ProblemKind =
  | 'hang' // it did not settle within the limit
  | 'swallowed' // it should have failed, and gave a result instead
  | 'corrupted' // a value arrived that is not the one that was sent
  | 'refused' // it should have given a value, and failed instead
  | 'lost' // the error arrived without parts of it
  | 'wrong error' // it failed, with another error than declared
  | 'late' // it settled, later than promised
  | 'main died' // the main program ended in a way that the row does not declare
  | 'lingers' // the main program had nothing left to do and did not end
  | 'stuck' // the main program did not get to the end of the row
  | 'orphan' // a process outlived the main program

export interface Problem {
  readonly kind: ProblemKind
  readonly text: string
}

/** One look at one fault. */
export interface Observation {
  readonly slot: Slot
  /** What was seen, in a few words. */
  readonly seen: string
  readonly ms: number
  readonly problem?: Problem
}

/** What the arena asks of its host, or tells it. */
export type ArenaLine =
  | { readonly line: 'observed'; readonly observation: Observation }
  /** A signal for the arena itself, or for it and all its workers, as a terminal sends it. */
  | { readonly line: 'signal'; readonly signal: NodeJS.Signals; readonly to: 'main' | 'all' }
  /** Stop all processes of the arena for a while, as a laptop does whose lid is closed. */
  | { readonly line: 'suspend'; readonly ms: number }
  /** The fault could not be brought about. */
  | { readonly line: 'moot'; readonly why: string }
  /** Nothing is left to do: from here the program must end by itself. */
  | { readonly line: 'end' }

/** An outcome in a few words, for the table. */
export function describe(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'pending':
      return 'pending'
    case 'value':
      return shorten(inspectSafely(outcome.value), 48)
    case 'error':
      return describeError(outcome.error)
  }
}

function describeError(error: unknown): string {
  if (!(error instanceof Error)) return `not an Error: ${shorten(inspectSafely(error), 40)}`
  const { code } = error as { code?: unknown }
  const name = typeof code === 'string' ? code.replace(/^ATONCE_/, '') : error.name
  return `${name}: ${shorten(String(error.message) || '(no message)', 60)}`
}

function inspectSafely(value: unknown): string {
  try {
    return inspect(value, {
      depth: 1,
      breakLength: Number.POSITIVE_INFINITY,
      maxStringLength: 40,
      maxArrayLength: 6,
      getters: false,
    })
  } catch {
    return '(a value that cannot be shown)'
  }
}

/** One line of at most `length` characters. */
export function shorten(text: string, length: number): string {
  const line = text.replace(/\s+/g, ' ')
  return line.length > length ? `${line.slice(0, length - 1)}…` : line
}
