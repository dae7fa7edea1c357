/** Work on an executor of one model, for the length of a command. */
import type { Executor, Model } from '../index.ts'
import { interruptible } from './interruption.ts'
import { closeExecutors, openExecutor } from './models.ts'
import { occupying } from './occupied.ts'

/** Where the work runs. */
export interface Where {
  readonly on: Model
  readonly workers?: number
}

/**
 * Opens an executor, runs `work` on it and closes it, at once if the work fails. Ctrl-C aborts the
 * signal. On `coroutines` the work occupies this thread, where nothing can abort it: there `occupy`
 * runs it.
 */
export async function onModel<T>(
  { on, workers }: Where,
  work: (executor: Executor, signal: AbortSignal) => Promise<T>,
  occupy: (work: () => Promise<T>) => Promise<T> = occupying,
): Promise<T> {
  const opened = async (signal: AbortSignal) => {
    const executor = openExecutor(on, workers)
    let finished = false
    try {
      const result = await work(executor, signal)
      finished = true
      return result
    } finally {
      await closeExecutors([executor], { atOnce: !finished })
    }
  }
  if (on === 'coroutines') return await occupy(() => opened(new AbortController().signal))
  return await interruptible(opened)
}
