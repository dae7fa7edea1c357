/**
 * Minimum and maximum of many small files: so little work in each that handing it out is what
 * costs.
 */
import type { Executor } from '../../src/index.ts'
import { filesIn } from '../kept-files.ts'
import type { ParallelOptions, Size, Verdict, Workload } from '../workload.ts'
import { type Extremes, extremesOf } from './extremes.ts'
import { foldersOf } from './files.ts'
import { findExtremes } from './tasks.ts'

export interface MinMaxSize extends Size {
  readonly files: number
}

/** Over all files: the sums of their minima and of their maxima, and the extremes of all. */
export interface MinMaxAnswer {
  readonly minima: number
  readonly maxima: number
  readonly least: number
  readonly greatest: number
}

// By Python's own generator and min() and max(), over the same files.
const known: ReadonlyMap<number, MinMaxAnswer> = new Map([
  [100, { minima: 90_343, maxima: 99_899_330, least: 40, greatest: 999_970 }],
  [1_000, { minima: 981_565, maxima: 998_968_473, least: 10, greatest: 999_999 }],
  [10_000, { minima: 10_029_762, maxima: 9_989_927_804, least: 10, greatest: 999_999 }],
])

export const minMax: Workload<MinMaxAnswer, MinMaxSize> = {
  name: 'min-max',
  title: 'Minimum and maximum of many files',
  lesson:
    'Ten thousand small files are ten thousand small tasks: only in chunks do they pay for being handed out.',
  sizes: {
    S: { label: '100 files of 1,000 integers', files: 100 },
    M: { label: '1,000 files of 1,000 integers', files: 1_000 },
    L: { label: '10,000 files of 1,000 integers', files: 10_000 },
    workshop: { label: '10,000 files of 1,000 integers', files: 10_000 },
  },
  defaultSize: 'L',

  serial: ({ files }) => together(pathsOf(files).map(extremesOf)),

  async parallel(executor: Executor, { files }: MinMaxSize, options: ParallelOptions = {}) {
    return together(await executor.map(findExtremes, pathsOf(files), options))
  },

  check(answer, { files }): Verdict {
    const expected = known.get(files)
    if (expected === undefined) throw new RangeError(`Nothing is known of ${files} files.`)
    return {
      ok: inWords(answer) === inWords(expected),
      shows: inWords(answer),
      expected: inWords(expected),
    }
  },
}

function pathsOf(files: number): string[] {
  return foldersOf(files).flatMap(filesIn)
}

function together(all: readonly Extremes[]): MinMaxAnswer {
  let [minima, maxima] = [0, 0]
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const [low, high] of all) {
    minima += low
    maxima += high
    least = Math.min(least, low)
    greatest = Math.max(greatest, high)
  }
  return { minima, maxima, least, greatest }
}

function inWords({ minima, maxima, least, greatest }: MinMaxAnswer): string {
  const sums = `minima add up to ${minima.toLocaleString('en-US')}, maxima to ${maxima.toLocaleString('en-US')}`
  return `${sums}; ${least} to ${greatest.toLocaleString('en-US')}`
}
