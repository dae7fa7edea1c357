/** What workers do for min and max: a path goes out, two numbers come back. */
import { task } from '../../src/index.ts'
import { type Extremes, extremesOf } from './extremes.ts'

/** The least and the greatest integer of a file. */
export const findExtremes = task(import.meta, function findExtremes(path: string): Extremes {
  return extremesOf(path)
})
