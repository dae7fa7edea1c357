/**
 * The models by the names they have in code, and an executor of each for the length of a command.
 */
import { coroutines, type Executor, type Model, processes, threads } from '../index.ts'
import { UsageError } from './ending.ts'
import { printAside } from './result-stream.ts'
import { didYouMean, oneOf } from './suggestion.ts'

export const models: readonly Model[] = ['coroutines', 'threads', 'processes']

/** Reads `--on threads`. */
export function parseModel(text: string): Model {
  const model = models.find(name => name === text.trim())
  if (model !== undefined) return model
  throw new UsageError(
    `Unknown model ${JSON.stringify(text)} in --on: it takes ${oneOf(models)}.${didYouMean(text, models)}`,
  )
}

/** Reads `--on coroutines,threads`: at least one, each once. */
export function parseModels(text: string): Model[] {
  return [...new Set(text.split(',').map(parseModel))]
}

/** Reads a count such as `--workers 4`. */
export function parseCount(option: string): (text: string) => number {
  return text => {
    const count = Number(text)
    if (Number.isSafeInteger(count) && count >= 1) return count
    throw new UsageError(
      `${option} takes a whole number from 1 up, as ${option} 4; it got ${JSON.stringify(text)}.`,
    )
  }
}

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
