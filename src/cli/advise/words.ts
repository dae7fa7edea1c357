/** What a choice has found, as rows of a table; the terminal and the report tell the same. */
import type { Choice } from '../../choose.ts'
import { duration, durationWithin } from '../figures.ts'

export const titles: readonly string[] = ['model', 'predicted [95 %]', 'this thread busy', '']

/** Each way that was thought of, the chosen one marked. */
export function adviceRows({ predictions, way: chosen }: Choice): string[][] {
  return predictions.map(({ way, ms, blockedMs, vetoed }) => [
    `${way === chosen ? '▸ ' : '  '}${way}`,
    vetoed === undefined ? durationWithin(ms) : '–',
    vetoed === undefined ? duration(blockedMs) : '–',
    vetoed === undefined ? '' : 'not possible',
  ])
}
