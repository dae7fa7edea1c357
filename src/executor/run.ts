/** `run`: one call, as a job and a future. */
import { ClosedError, TimeoutError } from '../errors.ts'
import { runtime, type Timer } from '../runtime/runtime.ts'
import { abortError, Future } from '../task/future.ts'
import { type AnyFunction, nameOf, type Result, type Task } from '../task/task.ts'
import type { Backend, Job } from './backend.ts'
import type { CallOptions } from './call-options.ts'
import { captureCaller } from './caller.ts'

export function runOne<F extends AnyFunction>(
  backend: Backend,
  options: CallOptions,
  task: Task<F>,
  args: readonly unknown[],
  calledAs: Function,
): Future<Result<F>> {
  const { signal, timeoutMs, priority = 0 } = options
  const name = nameOf(task)
  let timer: Timer | undefined
  const stop = (error: Error) => {
    control.reject(error, 'cancelled')
    backend.cancel(job, error)
  }
  const aborted = () => {
    // Whoever owns the signal knows that it aborted: a future that nobody awaits is no lost error then.
    control.future.catch(() => {})
    stop(abortError(`${name}, run on ${backend.name},`, signal?.reason))
  }
  const control = Future.create<Result<F>>(reason =>
    stop(abortError(`${name}, run on ${backend.name},`, reason)),
  )
  const job: Job = {
    task,
    calls: [args],
    chunk: false,
    priority,
    caller: captureCaller(task, calledAs),
    started: control.started,
    progressed: control.progressed,
    settled(outcome) {
      timer?.cancel()
      signal?.removeEventListener('abort', aborted)
      if (outcome.ok) control.resolve(outcome.value as Result<F>)
      else control.reject(outcome.error, outcome.error instanceof ClosedError ? 'cancelled' : 'failed')
    },
  }
  if (signal?.aborted) {
    aborted()
    return control.future
  }
  backend.submit(job)
  if (!control.future.settled) {
    signal?.addEventListener('abort', aborted, { once: true })
    if (timeoutMs !== undefined && timeoutMs !== Number.POSITIVE_INFINITY) {
      timer = runtime().setTimer(timeoutMs, () => {
        const where =
          control.future.state === 'queued' ? 'it was still waiting for a worker' : 'it was running'
        stop(new TimeoutError(`${name} did not end within ${timeoutMs} ms of the call; ${where}.`, timeoutMs))
      })
    }
  }
  return control.future
}
