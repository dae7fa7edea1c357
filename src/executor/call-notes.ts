/**
 * What the events of a call tell beside its times: its number, who made it, who runs it. Kept apart
 * from the call, and only while somebody listens, so that it costs nothing while nobody does.
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

/** The call has come; `maker` is what stands for the call that made it. */
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

/** The worker is given the call; noted while somebody listens. */
export function noteWorker(call: object, worker: Partial<TracedWorker>): void {
  if (callsAreTraced()) noteOf(call).worker = workerAsTold(worker)
}

/** What was noted; of a call that came before anybody listened, as little as is known. */
export function noteOf(call: object): CallNote {
  return notes.get(call) ?? note(call)
}
