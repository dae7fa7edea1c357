/** Why an actor failed: what its supervisor knows, for whoever must mend it. */

import { isError, messageOf } from '../thrown.ts'
import type { Definition } from './contract.ts'
import { type PastFailure, whyOf } from './history.ts'
import type { Message } from './mailbox.ts'
import type { Change, Remembered } from './memory.ts'
import type { StopReason } from './reason.ts'

/** A message as a report shows it; `redact` of the class's options has seen its arguments. */
export interface ReportedMessage {
  readonly method: string
  readonly args: readonly unknown[]
}

/** Why an actor failed, as `onFailure` is told. */
export interface FailureReport {
  readonly actor: string
  readonly error: unknown
  /** What it worked on. */
  readonly message: ReportedMessage | undefined
  /**
   * The last messages before that, oldest first; as many as `remember` of the class's options says.
   */
  readonly before: readonly ReportedMessage[]
  /**
   * The fields that have changed since this instance started, where they can be copied. Only with
   * `remember`.
   */
  readonly changed: Readonly<Record<string, Change>>
  /** How often it was started again before this failure, by failures of others too. */
  readonly restarts: number
  /** The failures of this actor before this one, the last ten of them, oldest first. */
  readonly history: readonly PastFailure[]
  /** Lines that repeat it in a test. */
  readonly replay: string
  toString(): string
}

/** Who has failed, as far as a report goes. */
export interface Failed {
  readonly name: string
  readonly restarts: number
  readonly failures: readonly PastFailure[]
  /** Undefined of a supervisor. */
  readonly known:
    | (Remembered & { readonly definition: Definition; readonly args: readonly unknown[] })
    | undefined
}

export function reportOf(child: Failed, reason: StopReason, message: Message | undefined): FailureReport {
  const { known } = child
  const shownArgs = (method: string, args: readonly unknown[]): ReportedMessage => ({
    method,
    args: known?.definition.redact?.(method, args) ?? args,
  })
  const before = known?.before.map(([method, args]) => shownArgs(method, args)) ?? []
  const at = message?.method === undefined ? undefined : shownArgs(message.method.name, message.args)
  const played = at === undefined ? before : [...before, at]
  const report = {
    actor: child.name,
    error: reason.error,
    message: at,
    before,
    changed: known?.changed ?? {},
    restarts: child.restarts,
    history: child.failures,
    replay: known === undefined ? '' : replayOf(known.definition.name, known.args, played),
  }
  return { ...report, toString: () => textOf(report) }
}

function textOf({
  actor,
  error,
  message,
  before,
  changed,
  restarts,
  history,
  replay,
}: Omit<FailureReport, 'toString'>): string {
  const lines = [`${actor} failed: ${stackOf(error)}`]
  if (message !== undefined) lines.push(`while it worked on ${call(message)}`)
  if (before.length > 0) lines.push(`after ${before.map(call).join(', ')}`)
  for (const [field, { from, to }] of Object.entries(changed))
    lines.push(`${field}: ${json(from)} → ${json(to)}`)
  lines.push(`restarts so far: ${restarts}`)
  for (const past of history) lines.push(`${past.at.toISOString()}: ${whyOf(past)}${duringOf(past)}`)
  if (replay !== '') lines.push('To see it again:', replay)
  return lines.join('\n    ')
}

function stackOf(error: unknown): string {
  try {
    return isError(error) ? (error.stack ?? messageOf(error)) : messageOf(error)
  } catch {
    return messageOf(error)
  }
}

function duringOf({ method }: PastFailure): string {
  return method === undefined ? '' : ` (in ${method})`
}

function replayOf(cls: string, args: readonly unknown[], messages: readonly ReportedMessage[]): string {
  return [
    `const it = new ${cls}(${args.map(json).join(', ')})`,
    ...messages.map(message => `await it.${call(message)}`),
  ].join('\n    ')
}

function call({ method, args }: ReportedMessage): string {
  return `${method}(${args.map(json).join(', ')})`
}

function json(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return messageOf(value)
  }
}
