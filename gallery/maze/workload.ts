/** Many mazes, each solved for itself: what several cores can do of it. */
import { progressAfter } from '../progress.ts'
import type { Size, Verdict, Workload } from '../workload.ts'
import { makeMaze } from './maze.ts'
import { flood } from './search.ts'
import { solveMaze } from './tasks.ts'

export interface MazeSize extends Size {
  /** Each maze has so many cells in a row, and as many rows. */
  readonly cells: number
  readonly count: number
  /** The first way's moves, those of all together, and the longest. */
  readonly known: readonly [first: number, total: number, longest: number]
}

const firstSeed = 42

// The known values come from a second implementation, in Python, whose search is another one: two
// waves that meet.
export const mazes: Workload<number[], MazeSize> = {
  name: 'maze',
  title: 'Shortest ways through mazes',
  lesson: 'Many mazes are work for many cores; one maze is not, whatever is tried on it.',
  sizes: {
    S: { label: '8 mazes of 40²', cells: 40, count: 8, known: [1_792, 8_816, 1_792] },
    M: { label: '64 mazes of 100²', cells: 100, count: 64, known: [5_412, 320_320, 7_956] },
    L: { label: '64 mazes of 250²', cells: 250, count: 64, known: [21_404, 1_591_580, 41_288] },
    workshop: { label: '8 mazes of 10²', cells: 10, count: 8, known: [92, 876, 136] },
  },
  defaultSize: 'M',

  serial({ cells, count }) {
    return seeds(count).map(seed => flood(makeMaze(cells, seed)).length)
  },

  parallel(executor, { cells, count }, options = {}) {
    const inputs = seeds(count).map(seed => [cells, seed] as const)
    return executor.map(solveMaze, inputs, progressAfter(0, count, options)) as Promise<number[]>
  },

  check(answer, { known }): Verdict {
    const found = [answer[0] ?? 0, answer.reduce((sum, length) => sum + length, 0), Math.max(0, ...answer)]
    const [shows, expected] = [inWords(found), inWords(known)]
    return { ok: shows === expected, shows, expected }
  },
}

function seeds(count: number): number[] {
  return Array.from({ length: count }, (_, at) => firstSeed + at)
}

function inWords([first = 0, total = 0, longest = 0]: readonly number[]): string {
  const [one, all, most] = [first, total, longest].map(moves => moves.toLocaleString('en-US'))
  return `${all} moves, ${one} in the first, ${most} at most`
}
