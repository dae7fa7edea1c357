/** One chunk of inputs, taken through all stages where it is: the far side of `parallel`. */
import { calledAs } from '../executor/address.ts'
import { urlOfCaller } from '../runtime/call-site.ts'
import { runtime } from '../runtime/runtime.ts'
import { context } from '../task/context.ts'
import { nameOf, type Task, task } from '../task/task.ts'
import { type EndingKind, type Helper, partOf } from './endings.ts'
import { asItIs, copied } from './kept.ts'
import { type Named, resolve } from './named.ts'
import { type Stage, Stages } from './stages.ts'

/** What is to be done with each chunk. */
export interface Plan {
  readonly stages: readonly Stage[]
  readonly ending: EndingKind
  /** What combines, compares or gives keys; `here` if only the caller's side needs it. */
  readonly helper: Named | undefined
  /** Whether what crosses is copied, so that what is kept of a chunk is, too. */
  readonly copies: boolean
}

export interface ChunkResult {
  readonly part: unknown
  /** How many inputs it was, and how long they took. */
  readonly inputs: number
  readonly workMs: number
}

async function parallelChunk(plan: Plan, inputs: ArrayLike<unknown>): Promise<ChunkResult> {
  const stages: Stage<Task>[] = []
  for (const { kind, task } of plan.stages) stages.push({ kind, task: await resolve(task) })
  const helper: Helper = plan.helper === undefined ? undefined : await resolve(plan.helper)
  const part = partOf(plan.ending, helper, plan.copies ? copied : asItIs)
  const through = new Stages(stages, value => part.take(value))
  const call = context()
  const startedMs = runtime().now()
  for (let at = 0; at < inputs.length; at += 1) {
    if (call.cancelled) call.throwIfCancelled()
    const done = through.take(inputs[at])
    if (done !== undefined) await done
  }
  return { part: part.value(), inputs: inputs.length, workMs: runtime().now() - startedMs }
}

// Bundled to CommonJS, there is no import.meta.
const where = import.meta.url ?? urlOfCaller(undefined)
const chunk: Task<typeof parallelChunk> = task(where, parallelChunk)
const chunkToRepeat: Task<typeof parallelChunk> = task(
  where,
  function parallelChunk(plan: Plan, inputs: ArrayLike<unknown>) {
    return chunk(plan, inputs)
  },
  { idempotent: true },
)

/**
 * The task that takes a chunk through those: it may be repeated if they all may, and has their
 * names, as errors can't tell which of them a worker was at.
 */
export function chunkTask(tasks: readonly Task[]): Task<typeof parallelChunk> {
  const all = tasks.every(({ idempotent }) => idempotent) ? chunkToRepeat : chunk
  return calledAs(all, tasks.length === 0 ? 'parallel' : tasks.map(nameOf).join(' → '))
}
