/** A call on this event loop: the function itself, in its context, with nothing copied. */
import { ThrownValueError } from '../errors.ts'
import { type CallContext, withContext } from '../task/context.ts'
import type { Outcome } from '../task/results.ts'
import type { Task } from '../task/task.ts'
import { takeMarks } from '../task/transfer.ts'
import { describeThrown, isError } from '../wire/failure.ts'

/** Calls the task; never rejects. */
export async function callHere(
  task: Task,
  args: readonly unknown[],
  call: CallContext,
): Promise<Outcome<unknown>> {
  try {
    takeMarks(args)
    const value: unknown = await withContext(call, () => task(...args))
    takeMarks(value)
    return { ok: true, value }
  } catch (error) {
    return { ok: false, error: isError(error) ? error : new ThrownValueError(error, describeThrown(error)) }
  }
}
