/**
 * One maze by one searcher and by several, then many mazes: `node gallery/maze/solvers.ts 500`.
 *
 *     linear             breadth first, here
 *     first to finish    wanderers on threads, each with a seed; when one is there, the others are given up
 *     best answer        the same, all to their ends: the shortest path counts
 *     level by level     breadth first by all threads together, a barrier after each level
 *     batch, linear      many mazes, one after the other
 *     batch              many mazes, each on a thread of its own
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { choose } from '../../src/choose.ts'
import { threads, wait } from '../../src/index.ts'
import { Barrier, SharedArray } from '../../src/sync.ts'
import { countFrom } from '../count-from.ts'
import { type TriedWay, tableOf, tryWays, type Way } from '../ways.ts'
import { isPath, makeMaze } from './maze.ts'
import { flood } from './search.ts'
import { atStart, floodTogether, type Search, solveMaze, wanderMaze } from './tasks.ts'

export interface SolverOptions {
  readonly cells: number
  readonly workers: number
  /** Counted rounds. */
  readonly rounds: number
  /** How many mazes the batch has, of a quarter of the cells in a row each. */
  readonly batch: number
}

export interface Solved {
  /** The ways through one maze, the plain one first; then those of the batch. */
  readonly one: readonly TriedWay[]
  readonly many: readonly TriedWay[]
  readonly shortest: number
  readonly levels: number
  /** Squares that could be searched at a time, at most. */
  readonly widest: number
}

const firstSeed = 42

/** @throws Error if a way gives a path that leads through a wall, or a wrong length */
export async function runSolvers({ cells, workers, rounds, batch }: SolverOptions): Promise<Solved> {
  const maze = makeMaze(cells, firstSeed, true)
  const { length: shortest, levels, widest } = flood(maze)
  const walls = SharedArray.from('u8', maze.walls)
  const search = newSearch(maze.side, walls, workers)
  await using pool = threads({ workers })
  const wanderers = () =>
    Array.from({ length: workers }, (_, seed) => pool.run(wanderMaze, walls, maze.side, seed))
  const checked = (path: Uint32Array): number => {
    if (!isPath(maze, path)) throw new Error('A wanderer went through a wall.')
    return path.length - 1
  }

  /** Each gives the moves of the path that it found. */
  const ways: Way<number>[] = [
    { name: 'linear', prepare: () => () => flood(maze).length },
    {
      name: 'first to finish',
      prepare: () => async () => {
        const racing = wanderers()
        const { settled, pending } = await wait(racing, { until: 'first' })
        for (const other of pending) other.cancel()
        await Promise.allSettled(pending)
        const [winner] = settled
        return checked(await (winner as (typeof racing)[number]))
      },
    },
    {
      name: 'best answer',
      prepare: () => async () => Math.min(...(await Promise.all(wanderers())).map(checked)),
    },
    {
      name: 'level by level',
      prepare() {
        atStart(search)
        return async () => {
          await pool.runOnEach(floodTogether, search)
          return search.distances.view.at(-(maze.side + 2)) as number
        }
      },
    },
  ]
  const one = await tryWays(ways, rounds, (moves, way) => {
    const isExact = way === 'linear' || way === 'level by level'
    if (isExact ? moves !== shortest : moves < shortest)
      throw new Error(`${way}: ${moves} moves, where the shortest way has ${shortest}.`)
  })
  return { one, many: await runBatch(batch), shortest, levels, widest }

  async function runBatch(count: number): Promise<readonly TriedWay[]> {
    const small = Math.max(2, cells >> 2)
    const inputs = Array.from({ length: count }, (_, at) => [small, firstSeed + at] as const)
    const expected = inputs.map(([of, seed]) => flood(makeMaze(of, seed)).length)
    return await tryWays<readonly number[]>(
      [
        { name: 'batch, linear', prepare: () => () => inputs.map(input => solveMaze(...input)) },
        { name: 'batch', prepare: () => () => pool.map(solveMaze, inputs) },
      ],
      rounds,
      (lengths, way) => {
        if (expected.some((length, at) => lengths[at] !== length)) throw new Error(`${way}: a wrong length.`)
      },
    )
  }
}

function newSearch(side: number, walls: SharedArray<'u8'>, parties: number): Search {
  const squares = side * side
  const [distances, line] = [new SharedArray('i32', squares), new SharedArray('i32', squares)]
  const marks = new SharedArray('i32', 4)
  return { side, threads: parties, walls, distances, line, marks, barrier: new Barrier(parties) }
}

/** One searcher never waits: with less of a core than this, others had it. */
const ownCore = 0.8

/** What the figures say of one maze and of many; nothing of it if other programs held the cores. */
export function learntOf({ one, many, levels, widest }: Omit<Solved, 'shortest'>): string {
  const [linear, ...others] = one
  const [plain, batched] = many
  const together = others.find(({ name }) => name === 'level by level')
  if (linear === undefined || plain === undefined || batched === undefined || together === undefined)
    throw new RangeError('Ways through one maze and through many are needed, each with the plain one first.')
  if ([linear, plain].some(({ cpuMs, workMs }) => cpuMs < ownCore * workMs))
    return 'Other programs held the cores: these figures say nothing.'
  const best = others.toSorted((a, b) => a.workMs - b.workMs)[0] as TriedWay
  const levelUs = (1_000 * (together.workMs - linear.workMs)) / levels
  return [
    `One maze: ${best.name} was the best of the others, ${(linear.workMs / best.workMs).toFixed(2)} times as fast as one searcher.`,
    `Level by level took ${Math.abs(levelUs).toFixed(1)} µs ${levelUs < 0 ? 'less' : 'more'} a level, of ${levels.toLocaleString('en-US')}, none of which has more than ${widest} squares.`,
    `Many mazes: ${(plain.workMs / batched.workMs).toFixed(2)} times as fast.`,
  ].join('\n')
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      workers: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      batch: { type: 'string', default: '64' },
    },
  })
  const { workers = String(Math.max(2, availableParallelism())), rounds, batch } = values
  const solved = await runSolvers({
    cells: countFrom('the number of cells', positionals[0] ?? '500'),
    workers: countFrom('--workers', workers),
    rounds: countFrom('--rounds', rounds),
    batch: countFrom('--batch', batch),
  })
  console.log(`The shortest way has ${solved.shortest.toLocaleString('en-US')} moves.`)
  console.log(`${tableOf(solved.one)}\n\n${tableOf(solved.many)}\n\n${learntOf(solved)}`)
  const { sentence } = await choose(solveMaze, { inputs: [[250, firstSeed]], count: 1 })
  console.log(`What the chooser says of one maze: ${sentence}`)
}
