/** A call on this event loop: the function itself, in its context, with nothing copied. */
import { ThrownValueError } from '../errors.ts'
import { type CallContext, withContext } from '../task/context.ts'
import type { Outcome } from '../task/results.ts'
import { takeMarks } from '../task/transfer.ts'
import { describeThrown, isError } from '../wire/failure.ts'
import type { Inlet, Job } from './backend.ts'
import { StreamCall } from './worker/stream-call.ts'

/** Calls the job's task, to its end if it is a generator whose values are wanted; never rejects. */
export async function callHere(job: Job, call: CallContext): Promise<Outcome<unknown>> {
  const args = job.calls[0] as readonly unknown[]
  try {
    takeMarks(args)
    const value: unknown =
      job.stream === undefined
        ? await withContext(call, () => job.task(...args))
        : await streamHere(job, job.stream, args, call)
    takeMarks(value)
    return { ok: true, value }
  } catch (error) {
    return { ok: false, error: isError(error) ? error : new ThrownValueError(error, describeThrown(error)) }
  }
}

/** The generator of a job that runs here, once it was called. */
export function streamOf(job: Job): StreamCall | undefined {
  return job.ready as StreamCall | undefined
}

function streamHere(job: Job, inlet: Inlet, args: readonly unknown[], call: CallContext): Promise<unknown> {
  const stream = new StreamCall(inlet.credit(), {
    yielded(value) {
      takeMarks(value)
      inlet.yielded([value], 1)
      return 1
    },
    flush() {},
    returning: () => inlet.returning(),
  })
  job.ready = stream
  return stream.run(job.task, args, call)
}
