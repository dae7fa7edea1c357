/**
 * Whether a task takes the arguments that have come for it from the network: asked on the node,
 * before the task is called.
 *
 *     decoded ─▶ the task's schema ─┬─ no issues ─▶ called
 *                                   └─ issues ─▶ ArgumentsRefusedError to the caller; nothing runs
 */

import { takesItems, unpackedAt } from '../executor/map/packed.ts'
import type { Schema, Task } from '../task/task.ts'
import { nameOf } from '../task/task.ts'
import type { WireFailure } from '../wire/failure.ts'
import { ArgumentsRefusedError } from './errors.ts'
import type { ChunkInputs } from './node-chunk.ts'
import { failureOf } from './node-job.ts'

/** Why not; undefined if it takes them. */
export async function refusalOf(task: Task, args: readonly unknown[]): Promise<unknown> {
  const { accepts } = task
  if (accepts === undefined) return undefined
  try {
    const { issues } = await accepts['~standard'].validate(args)
    return issues === undefined ? undefined : new ArgumentsRefusedError(nameOf(task), issues.map(inWords))
  } catch (error) {
    return error
  }
}

/** The chunk without the inputs that the task does not take; they fail alone. */
export async function acceptedOf(task: Task, chunk: ChunkInputs): Promise<ChunkInputs> {
  if (task.accepts === undefined) return chunk
  const asItems = takesItems(task)
  const inputs: unknown[] = []
  const failures = new Map<number, WireFailure>(chunk.failures)
  let next = 0
  for (let at = 0; at < chunk.count; at += 1) {
    if (chunk.failures.has(at)) continue
    const input = unpackedAt(chunk.inputs, next)
    next += 1
    const why = await refusalOf(task, asItems ? [input] : (input as readonly unknown[]))
    if (why === undefined) inputs.push(input)
    else failures.set(at, failureOf(why))
  }
  return { inputs, failures, count: chunk.count }
}

type Issue = NonNullable<Awaited<ReturnType<Schema['~standard']['validate']>>['issues']>[number]

/** As `args[0].amount: expected a number`. */
function inWords({ message, path = [] }: Issue): string {
  const keys = path.map(part => (typeof part === 'object' ? part.key : part))
  return `args${keys.map(key => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('')}: ${message}`
}
