/**
 * A task of the user's own as a subject: the plain loop calls it input by input, an executor maps
 * it over them.
 */
import { inspect, isDeepStrictEqual } from 'node:util'
import { argumentsOf } from '../call.ts'
import { summaryOf, UsageError } from '../ending.ts'
import { counted } from '../figures.ts'
import { jsonLine } from '../json.ts'
import type { Target } from '../target.ts'
import type { Checked, Subject } from './subject.ts'

/** `inputWords` are the words that were typed for the inputs; the next command repeats them. */
export function taskSubject(
  { label, task }: Target,
  inputs: readonly unknown[],
  inputWords: string,
): Subject {
  let reference: readonly unknown[] | undefined
  return {
    kind: 'task',
    name: label,
    title: `${label}: ${counted(inputs.length, 'input')}`,
    prepareSerial() {
      const calls = copyOf(inputs).map(input => argumentsOf(task, input))
      return async () => {
        const results: unknown[] = []
        for (const args of calls) results.push(await task(...args))
        return results
      }
    },
    prepareOn(executor, onProgress) {
      const own = copyOf(inputs) as never[]
      return async () => executor.map(task, own, { onProgress })
    },
    check(answer) {
      const results = answer as readonly unknown[]
      reference ??= results
      return compareWith(reference, results)
    },
    commandToRun: model => `npx atonce run ${label} ${inputWords} --on ${model}`,
    commandToMeasure: runs => `npx atonce compare ${label} ${inputWords} --runs ${runs}`,
  }
}

/** A task may change what it is given, and on this thread it is given the inputs themselves. */
function copyOf(inputs: readonly unknown[]): unknown[] {
  try {
    return structuredClone(inputs) as unknown[]
  } catch (error) {
    throw new UsageError(`The inputs can't be copied: ${summaryOf(error)}`, { cause: error })
  }
}

/** Equal in depth, class and order to what the plain loop gave. */
function compareWith(reference: readonly unknown[], results: readonly unknown[]): Checked {
  const differs = results.findIndex((result, index) => !isDeepStrictEqual(result, reference[index]))
  if (differs !== -1) {
    return {
      ok: false,
      shows: `result ${differs + 1} is ${short(results[differs])}, the plain loop's is ${short(reference[differs])}`,
    }
  }
  return { ok: results.length === reference.length, shows: counted(results.length, 'result') }
}

function short(value: unknown): string {
  const text = shown(value)
  return text.length > 40 ? `${text.slice(0, 39)}…` : text
}

function shown(value: unknown): string {
  try {
    return jsonLine(value)
  } catch {
    return inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY }) // It has no JSON.
  }
}
