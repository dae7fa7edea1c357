/** Reads what options are given. */
import { type SizeName, sizeNames } from '../../gallery/workload.ts'
import type { Model } from '../index.ts'
import { usualNumbers } from '../measure/usual-numbers.ts'
import { UsageError } from './ending.ts'
import { didYouMean, oneOf } from './suggestion.ts'

/** The models by the names they have in code. */
export const models: readonly Model[] = ['coroutines', 'threads', 'processes']

/**
 * What of a file is passed to the task: its bytes as a Uint8Array, its text (UTF-8), or its path.
 */
export type FileForm = 'bytes' | 'text' | 'path'

const fileForms: readonly FileForm[] = ['bytes', 'text', 'path']

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

/** Reads `--port 4222`. */
export function parsePort(text: string): number {
  const port = Number(text)
  if (Number.isSafeInteger(port) && port >= 1 && port <= 65_535) return port
  throw new UsageError(
    `--port takes a whole number from 1 to 65535, as --port 4222; it got ${JSON.stringify(text)}.`,
  )
}

/** Reads `--workers 1..8` or `--workers 1,2,4`. */
export function parseNumbers(text: string): number[] {
  const range = /^(\d+)\.\.(\d+)$/.exec(text.trim())
  const numbers =
    range === null
      ? text.split(',').map(Number)
      : [
          Number(range[1]),
          ...usualNumbers(Math.min(Number(range[2]), 4_096)).filter(number => number >= Number(range[1])),
        ]
  if (numbers.length > 0 && numbers.every(number => Number.isSafeInteger(number) && number >= 1))
    return [...new Set(numbers)]
  throw new UsageError(
    `--workers takes numbers of workers, as 1..8 or 1,2,4; it got ${JSON.stringify(text)}.`,
  )
}

/** Reads `--as text`. */
export function parseFileForm(text: string): FileForm {
  const form = fileForms.find(name => name === text)
  if (form !== undefined) return form
  throw new UsageError(`--as takes ${oneOf(fileForms)}; it got ${JSON.stringify(text)}.`)
}

/** Reads `--size M`. */
export function parseSize(text: string): SizeName {
  const size = sizeNames.find(name => name.toLowerCase() === text.toLowerCase())
  if (size !== undefined) return size
  throw new UsageError(
    `Unknown size ${JSON.stringify(text)} in --size: it takes ${oneOf(sizeNames)}.${didYouMean(text, sizeNames)}`,
  )
}
