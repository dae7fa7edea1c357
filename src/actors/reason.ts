/** Why an actor ended, as watchers, `onStop` and supervisors are told. */
import { isError, messageOf } from '../thrown.ts'

/**
 * - `stop`: it was asked to, or stopped itself.
 * - `shutdown`: its supervisor ended it.
 * - `failure`: it threw, or what it was linked to failed; `error` says what.
 * - `killed`: it did not stop in time. On this thread it is fenced: it may still run, and nobody
 *   hears it.
 * - `restart`: only `onStop` is told this; the actor goes on as a new instance.
 * - `gone`: the place it lived on is gone; `error` says how.
 * - `noproc`: there was no such actor when it was asked for.
 */
export interface StopReason {
  readonly kind: 'stop' | 'shutdown' | 'failure' | 'killed' | 'restart' | 'gone' | 'noproc'
  readonly error?: unknown
}

export const stopped: StopReason = { kind: 'stop' }
export const shutdown: StopReason = { kind: 'shutdown' }
export const restarting: StopReason = { kind: 'restart' }

/** Whether a supervisor restarts a `transient` child after it, and links pass it on. */
export function isAbnormal({ kind }: StopReason): boolean {
  return kind === 'failure' || kind === 'killed' || kind === 'gone'
}

/** What an error says of itself within another one's message, where its own would say too much. */
export const shortForm: unique symbol = Symbol.for('atonce.short-form.1') as never

/** An error as a part of a sentence, without its full stop; whatever was thrown. */
export function inShort(error: unknown): string {
  if (!isError(error)) return messageOf(error)
  try {
    return (error as { [shortForm]?: string })[shortForm] ?? error.message.replace(/\.$/, '')
  } catch {
    return messageOf(error)
  }
}

/** As `instanceof`; false of what throws when it is looked at. */
export function isA(error: unknown, cls: abstract new (...args: any[]) => unknown): boolean {
  try {
    return error instanceof cls
  } catch {
    return false
  }
}

/** For messages: `it was stopped`, `it failed: balance below 0`. */
export function inWords({ kind, error }: StopReason): string {
  const why = error === undefined ? '' : `: ${inShort(error)}`
  switch (kind) {
    case 'stop':
      return 'it was stopped'
    case 'shutdown':
      return 'its supervisor stopped it'
    case 'failure':
      return `it failed${why}`
    case 'killed':
      return 'it did not stop in time and was given up'
    case 'restart':
      return `it was restarted${why}`
    case 'gone':
      return `where it lived is gone${why}`
    case 'noproc':
      return 'there is no such actor'
  }
}
