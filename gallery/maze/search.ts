/** Two ways through a maze: the shortest one, and the one that a wanderer finds. */
import { mulberry32 } from '../generators/mulberry32.ts'
import { endsOf, type Maze } from './maze.ts'

export interface Flooded {
  /** The moves of the shortest way. */
  readonly length: number
  readonly levels: number
  /** Squares at the same distance from the start: how much could be done at a time. */
  readonly widest: number
  readonly reached: number
}

/** Breadth first: what is one step away, then what is two, to the last that can be reached. */
export function flood(maze: Maze): Flooded {
  const { side, walls } = maze
  const { start, goal } = endsOf(maze)
  const distances = new Int32Array(walls.length).fill(-1)
  distances[start] = 0
  let [levels, widest, reached] = [0, 0, 0]
  for (let level = [start]; level.length > 0; levels += 1) {
    const next: number[] = []
    for (const square of level)
      for (const step of [1, -1, side, -side]) {
        const to = square + step
        if (walls[to] !== 0 || distances[to] !== -1) continue
        distances[to] = (distances[square] as number) + 1
        next.push(to)
      }
    reached += level.length
    widest = Math.max(widest, level.length)
    level = next
  }
  return { length: distances[goal] as number, levels, widest, reached }
}

/** How often a wanderer asks whether it is still wanted. */
const stepsBetween = 1_024

/**
 * Depth first: goes on in any direction that it has not tried, and back from where there is none.
 * The path that it finds depends on the seed where the maze has loops. Undefined if `given up` says
 * so first.
 */
export function wander(
  maze: Maze,
  seed: number,
  isGivenUp: () => boolean = () => false,
): Uint32Array | undefined {
  const { side, walls } = maze
  const { start, goal } = endsOf(maze)
  const draw = mulberry32(seed)
  const seen = new Uint8Array(walls.length)
  const path = [start]
  seen[start] = 1
  for (let steps = 1; path.at(-1) !== goal; steps += 1) {
    if (steps % stepsBetween === 0 && isGivenUp()) return undefined
    const at = path.at(-1) as number
    const open = [1, -1, side, -side].filter(step => walls[at + step] === 0 && seen[at + step] === 0)
    const step = open[Math.floor(draw() * open.length)]
    if (step === undefined) {
      path.pop()
      continue
    }
    seen[at + step] = 1
    path.push(at + step)
  }
  return Uint32Array.from(path)
}
