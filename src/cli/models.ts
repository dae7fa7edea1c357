/** An executor of each model, for the length of a command. */
import { coroutines, type Executor, type Model, processes, threads } from '../index.ts'
import { printAside } from './result-stream.ts'

/** An executor of the model; coroutines have no workers to count, they share this event loop. */
export function openExecutor(model: Model, workers: number | undefined): Executor {
  const options = workers === undefined ? {} : { workers }
  if (model === 'threads') return threads(options)
  if (model === 'processes') return processes({ ...options, onOutput: printAside })
  return coroutines()
}

/**
 * Closes executors when their work has ended, or `atOnce`: after a failure or an interrupt nobody
 * waits for the rest.
 */
export async function closeExecutors(
  executors: Iterable<Executor>,
  { atOnce }: { atOnce: boolean },
): Promise<void> {
  await Promise.all([...executors].map(executor => executor.close(atOnce ? { graceMs: 0 } : {})))
}
