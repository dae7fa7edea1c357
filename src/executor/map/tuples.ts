/**
 * The inputs of a task that does not have exactly one parameter: a list of arguments for each call.
 */
import { OptionError } from '../../errors.ts'
import { nameOf, type Task } from '../../task/task.ts'
import type { Batch } from './inputs.ts'

/** The batch as far as its inputs are tuples; one that is none ends the inputs, at its place. */
export function tuplesOf(batch: Batch, task: Task, readBefore: number): Batch {
  for (let at = 0; at < batch.inputs.length; at += 1) {
    const input: unknown = batch.inputs[at]
    if (Array.isArray(input)) continue
    const what = input === null ? 'null' : typeof input
    const error = new OptionError(
      `map(${nameOf(task)}, inputs) takes a list of arguments for each call, as [[1, 2], [3, 4]], since ${nameOf(task)} does not have exactly one parameter; input ${readBefore + at + 1} is ${what === 'object' ? 'an object' : what === 'undefined' || what === 'null' ? what : `a ${what}`}.`,
    )
    return { inputs: batch.inputs.slice(0, at), ended: true, failed: { error } }
  }
  return batch
}
