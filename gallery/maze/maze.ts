/** Mazes: a grid of walls with ways between them, the same for the same seed. */
import { mulberry32 } from '../generators/mulberry32.ts'

/** `side × side` squares, row by row: 1 is a wall. The outermost ones are walls. */
export interface Maze {
  readonly side: number
  readonly walls: Uint8Array
}

/** Of each hundred cells, so many more walls are opened in a maze with loops. */
const openedShare = 0.02

/**
 * A maze of `cells × cells`, made by a walk that turns back where it can't go on, so that one way
 * leads from any place to any other. With `loops` some more walls are opened.
 *
 * Source: the recursive backtracker, in Walter Pullen, "Think Labyrinth: Maze Algorithms".
 */
export function makeMaze(cells: number, seed: number, loops = false): Maze {
  const side = 2 * cells + 1
  const walls = new Uint8Array(side * side).fill(1)
  const draw = mulberry32(seed)
  const visited = new Uint8Array(cells * cells)
  const stack = [0]
  visited[0] = 1
  walls[side + 1] = 0
  for (let cell = stack.at(-1); cell !== undefined; cell = stack.at(-1)) {
    const [x, y] = [cell % cells, Math.floor(cell / cells)]
    const next: (readonly [cell: number, step: number])[] = []
    if (x + 1 < cells && visited[cell + 1] === 0) next.push([cell + 1, 1])
    if (x > 0 && visited[cell - 1] === 0) next.push([cell - 1, -1])
    if (y + 1 < cells && visited[cell + cells] === 0) next.push([cell + cells, side])
    if (y > 0 && visited[cell - cells] === 0) next.push([cell - cells, -side])
    const chosen = next.length === 0 ? undefined : next[Math.floor(draw() * next.length)]
    if (chosen === undefined) {
      stack.pop()
      continue
    }
    const [to, step] = chosen
    const square = (2 * y + 1) * side + 2 * x + 1
    visited[to] = 1
    walls[square + step] = 0
    walls[square + 2 * step] = 0
    stack.push(to)
  }
  for (let opened = loops ? Math.floor(openedShare * cells * cells) : 0; opened > 0; opened -= 1) {
    const x = 1 + Math.floor(draw() * (side - 2))
    const y = 1 + Math.floor(draw() * (side - 2))
    walls[y * side + x] = 0
  }
  return { side, walls }
}

/** The squares in the upper left and the lower right corner. */
export function endsOf({ side }: Maze): { readonly start: number; readonly goal: number } {
  return { start: side + 1, goal: (side - 2) * side + side - 2 }
}

/** Whether a path goes from the start to the goal, step by step, through no wall. */
export function isPath(maze: Maze, path: ArrayLike<number>): boolean {
  const { start, goal } = endsOf(maze)
  const steps = [1, -1, maze.side, -maze.side]
  if (path[0] !== start || path[path.length - 1] !== goal) return false
  for (let at = 0; at < path.length; at += 1) {
    if (maze.walls[path[at] as number] !== 0) return false
    if (at > 0 && !steps.includes((path[at] as number) - (path[at - 1] as number))) return false
  }
  return true
}
