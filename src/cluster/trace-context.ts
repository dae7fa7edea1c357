/**
 * To which trace a task belongs: the `traceparent` of W3C Trace Context (Recommendation of 2021),
 * which goes with the task from whoever submits it to the node.
 *
 *     caller: traceparent() ─▶ Envelope, header of the message ─┊─▶ node: childOf ─▶ atonce.call.start, atonce.call.end
 */
import { runtime } from '../runtime/runtime.ts'

/** The name of the header, and of what it holds. */
export const traceHeader = 'traceparent'

/** Version, trace, span, flags; a trace and a span of zeros alone are none. */
const form = /^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/

export function isTraceparent(value: unknown): value is string {
  return typeof value === 'string' && form.test(value)
}

/**
 * What the program says its trace is; undefined if it says none. A trace that can't be told never
 * fails a call.
 */
export function traceparentFrom(ask: (() => string | undefined) | undefined): string | undefined {
  if (ask === undefined) return undefined
  try {
    const told = ask()
    return isTraceparent(told) ? told : undefined
  } catch {
    return undefined
  }
}

/** The same trace, with a span of its own: the run of a task on a node. */
export function childOf(traceparent: string): string {
  const [version, trace, , flags] = traceparent.split('-')
  let span = ''
  while (/^0*$/.test(span)) span = hex(8) + hex(8)
  return `${version}-${trace}-${span}-${flags}`
}

function hex(digits: number): string {
  return Math.floor(runtime().random() * 16 ** digits)
    .toString(16)
    .padStart(digits, '0')
}
