/**
 * The pilot: when two ways are too near to tell, some items are run on both, in turns, and decide.
 */
import { coroutines } from '../coroutines/coroutines.ts'
import type { Executor } from '../executor/executor.ts'
import { takesItems } from '../executor/map/packed.ts'
import { estimate } from '../measure/estimate.ts'
import { processes } from '../processes/processes.ts'
import { runtime } from '../runtime/runtime.ts'
import type { Task } from '../task/task.ts'
import { threads } from '../threads/threads.ts'
import type { Prediction } from './predict.ts'

/**
 * So much work each side gets in a round; the start of workers is paid before, and counted from the
 * calibration.
 */
const roundMs = 40
const rounds = 3

/** The predictions again; those of the finalists are now from what they took. */
export async function pilot(
  task: Task,
  calls: readonly (readonly unknown[])[],
  predictions: readonly Prediction[],
  finalists: readonly Prediction[],
  items: number,
): Promise<Prediction[]> {
  const sides = finalists.map(prediction => ({
    prediction,
    executor: executorFor(prediction),
    tookMs: [] as number[],
  }))
  try {
    const fastest = Math.min(...finalists.map(({ ms }) => ms.median / items))
    const count = Math.max(1, Math.min(items, Math.round(roundMs / Math.max(fastest, 1e-6)), 100_000))
    const inputs = Array.from({ length: count }, (_, at) => calls[at % calls.length] as readonly unknown[])
    for (const { executor } of sides) await runAll(task, executor, inputs)
    for (let round = 0; round < rounds; round += 1)
      for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
        const begun = runtime().now()
        await runAll(task, side.executor, inputs)
        side.tookMs.push(((runtime().now() - begun) * items) / count)
      }
  } finally {
    await Promise.all(sides.map(({ executor }) => executor?.close({ graceMs: 0 })))
  }
  return predictions.map(prediction => {
    const side = sides.find(one => one.prediction === prediction)
    return side === undefined ? prediction : measured(prediction, side.tookMs)
  })
}

function measured(prediction: Prediction, tookMs: readonly number[]): Prediction {
  const ms = estimate(tookMs)
  const draws = prediction.draws.map((_, at) => tookMs[at % tookMs.length] as number)
  return { ...prediction, ms, draws }
}

function executorFor({ way, workers, concurrency }: Prediction): Executor | undefined {
  if (way === 'plain loop') return undefined
  if (way === 'coroutines') return coroutines({ concurrency })
  return way === 'processes' ? processes({ workers, onOutput: passOn }) : threads({ workers })
}

/** Where a command has moved standard output, worker processes would not know. */
function passOn({ stream, text }: { readonly stream: 'stdout' | 'stderr'; readonly text: string }): void {
  process[stream].write(text)
}

async function runAll(
  task: Task,
  executor: Executor | undefined,
  calls: readonly (readonly unknown[])[],
): Promise<void> {
  if (executor === undefined)
    for (const args of calls) await (task as (...all: unknown[]) => unknown)(...args)
  else await executor.map(task, (takesItems(task) ? calls.map(([item]) => item) : calls) as never[])
}
