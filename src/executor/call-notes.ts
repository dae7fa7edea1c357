/**
 * What the events of a call say apart from its times: its number, who made it, who runs it. Kept
 * outside of the call, and only while a tool listens, so that it costs nothing otherwise.
 */
import { callsAreTraced, type TracedWorker, workerAsTold } from '../trace.ts'

export interface CallNote {
  readonly id: number
  readonly maker: number | undefined
  readonly traceparent: string | undefined
  readonly cameMs: number | undefined
  beganMs: number | undefined
  worker: TracedWorker | undefined
}

const notes = new WeakMap<object, CallNote>()
let lastId = 0

/** The call has come; `maker` stands for the call that made it. */
export function note(call: object, cameMs?: number, maker?: object): CallNote {
  const made = {
    id: ++lastId,
    maker: maker && notes.get(maker)?.id,
    traceparent: traceparentOf(call),
    cameMs,
    beganMs: undefined,
    worker: undefined,
  }
  notes.set(call, made)
  return made
}

/** Of a job that came from a cluster, or of a loop's call for one. */
function traceparentOf(call: {
  readonly traceparent?: string | undefined
  readonly job?: { readonly traceparent?: string | undefined }
}): string | undefined {
  return call.traceparent ?? call.job?.traceparent
}

/** Notes the worker that is given the call, while a tool listens. */
export function noteWorker(call: object, worker: Partial<TracedWorker>): void {
  if (callsAreTraced()) noteOf(call).worker = workerAsTold(worker)
}

/** What was noted. A call that came before any tool listened gets a new note. */
export function noteOf(call: object): CallNote {
  return notes.get(call) ?? note(call)
}
