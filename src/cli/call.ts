/** One input as the arguments of one call, by the rule that `map` has. */
import type { Task } from '../index.ts'
import { parameterCount } from '../task/arity.ts'
import { UsageError } from './ending.ts'
import { type InputOptions, openInputs } from './inputs.ts'
import { jsonLine } from './json.ts'
import { loadTarget, type Target } from './target.ts'

/**
 * A task of one parameter takes the input itself; of several, the input is the list of its
 * arguments.
 */
export function argumentsOf(task: Task, input: unknown): readonly unknown[] {
  return parameterCount(task) === 1 ? [input] : (input as readonly unknown[])
}

/** @throws UsageError if the task takes several arguments and the input is not a list */
export function checkInput(label: string, task: Task, input: unknown, index: number): void {
  const count = parameterCount(task)
  if (count === 1 || Array.isArray(input)) return
  const shape =
    count === 0
      ? 'an empty list: []'
      : `a list of its arguments, as [${input === null ? 'null' : short(input)}, …]`
  throw new UsageError(
    `${label} takes ${count === 0 ? 'no' : 'several'} arguments, so each input is ${shape}; input ${index + 1} is ${short(input)}.`,
  )
}

function short(input: unknown): string {
  const text = jsonLine(input)
  return text.length > 30 ? `${text.slice(0, 29)}…` : text
}

/** The inputs, each checked as it goes by. */
export async function* checkedInputs(
  label: string,
  task: Task,
  items: Iterable<unknown> | AsyncIterable<unknown>,
): AsyncGenerator<unknown, void, void> {
  let index = 0
  for await (const input of items) {
    checkInput(label, task, input, index++)
    yield input
  }
}

/** The task that was typed, and all inputs for it, each checked. */
export async function taskAndInputs(
  text: string,
  { input, as }: InputOptions,
): Promise<{ readonly target: Target; readonly inputs: unknown[] }> {
  const target = await loadTarget(text)
  const { items } = await openInputs(input, as)
  return { target, inputs: await Array.fromAsync(checkedInputs(target.label, target.task, items)) }
}
