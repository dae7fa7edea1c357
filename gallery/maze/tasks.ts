/** What workers do in mazes. */
import { context, move, task } from '../../src/index.ts'
import type { Barrier, SharedArray } from '../../src/sync.ts'
import { endsOf, makeMaze } from './maze.ts'
import { flood, wander } from './search.ts'

/** The moves of the shortest way through the maze of a seed: two numbers out, one back. */
export const solveMaze = task(import.meta, function solveMaze(cells: number, seed: number): number {
  return flood(makeMaze(cells, seed)).length
})

/** A wanderer's path, on walls that all threads see; empty if it was given up. */
export const wanderMaze = task(
  import.meta,
  function wanderMaze(walls: SharedArray<'u8'>, side: number, seed: number): Uint32Array<ArrayBuffer> {
    const call = context()
    const maze = { side, walls: walls.view as Uint8Array }
    return move(Uint32Array.from(wander(maze, seed, () => call.cancelled) ?? []))
  },
)

/** What the threads of one search share. */
export interface Search {
  readonly side: number
  readonly threads: number
  readonly walls: SharedArray<'u8'>
  /** From the start; -1 where nobody has been. */
  readonly distances: SharedArray<'i32'>
  /** Squares in the order in which they were reached. */
  readonly line: SharedArray<'i32'>
  /** Where in `line` this level begins and ends, and the next one ends; threads that have come. */
  readonly marks: SharedArray<'i32'>
  readonly barrier: Barrier
}

const [levelFrom, levelTo, lineEnd, come] = [0, 1, 2, 3]

/**
 * One thread's part of a search breadth first: its share of each level, then it waits for the
 * others. Who reaches a square first is settled by one exchange of its distance.
 */
export const floodTogether = task(import.meta, function floodTogether(search: Search): void {
  const { side, threads, barrier } = search
  const [walls, distances] = [search.walls.view, search.distances.view]
  const [line, marks] = [search.line.view, search.marks.view]
  const part = Atomics.add(marks, come, 1)
  for (;;) {
    const [from, to] = [marks[levelFrom] as number, marks[levelTo] as number]
    if (from === to) return
    for (let at = from + part; at < to; at += threads) {
      const square = line[at] as number
      const distance = (distances[square] as number) + 1
      for (const step of [1, -1, side, -side]) {
        if (walls[square + step] !== 0) continue
        if (Atomics.compareExchange(distances, square + step, -1, distance) !== -1) continue
        line[Atomics.add(marks, lineEnd, 1)] = square + step
      }
    }
    // The last to come opens the next level, before any of them goes on.
    barrier.waitSync({
      action() {
        marks[levelFrom] = to
        marks[levelTo] = marks[lineEnd] as number
      },
    })
  }
})

/** Sets a search to its beginning. */
export function atStart({ side, walls, distances, line, marks }: Search): void {
  const { start } = endsOf({ side, walls: walls.view as Uint8Array })
  distances.view.fill(-1)
  distances.view[start] = 0
  line.view[0] = start
  marks.view.set([0, 1, 1, 0])
}
