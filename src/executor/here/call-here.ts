/** A call on this event loop: the function itself, in its context, with nothing copied. */
import { ThrownValueError } from '../../errors.ts'
import { currentStrand, enterStrand } from '../../runtime/strand.ts'
import type { CallContext } from '../../task/context.ts'
import type { Outcome } from '../../task/results.ts'
import { isThenable, onSettled } from '../../task/thenable.ts'
import { dropMark } from '../../task/transfer.ts'
import { describeThrown, isError } from '../../thrown.ts'
import type { Inlet, Job } from '../backend.ts'
import { StreamCall } from './stream-call.ts'

/** The owner of a call that runs here: it is the job's `ready`, so the job leads to it. */
export interface CallHere {
  /** The generator of the job, once it was called. */
  stream: StreamCall | undefined
  /** The call is over. */
  ended(outcome: Outcome<unknown>): void
}

/**
 * Calls the job's task, to its end if it is a generator whose values are wanted, and tells `here`
 * how it ended. To be called in an asynchronous scope of its own: the call stays entered there,
 * which costs half of what running in it would.
 *
 * Not an async function: each step of one costs a promise, and a short task on a loop costs little
 * more than that.
 */
export function callHere(job: Job, call: CallContext, here: CallHere): void {
  const returned = (value: unknown) => {
    dropMark(value)
    here.ended({ ok: true, value })
  }
  const threw = (error: unknown) =>
    here.ended({
      ok: false,
      error: isError(error) ? error : new ThrownValueError(error, describeThrown(error)),
    })
  const args = job.args as readonly unknown[]
  let result: unknown
  try {
    for (const arg of args) dropMark(arg)
    call.around = currentStrand()
    enterStrand(call)
    result = job.stream === undefined ? job.task(...args) : streamHere(job, job.stream, args, call, here)
  } catch (error) {
    return threw(error)
  }
  if (isThenable(result)) onSettled(result, returned, threw)
  else returned(result)
}

/** The generator of a job that runs here, once it was called. */
export function streamOf(job: Job): StreamCall | undefined {
  return (job.ready as CallHere | undefined)?.stream
}

function streamHere(
  job: Job,
  inlet: Inlet,
  args: readonly unknown[],
  call: CallContext,
  here: CallHere,
): Promise<unknown> {
  const stream = new StreamCall(inlet.credit(), {
    yielded(value) {
      dropMark(value)
      inlet.yielded([value], 1)
      return 1
    },
    flush() {},
    returning: () => inlet.returning(),
  })
  here.stream = stream
  return stream.run(job.task, args, call)
}
