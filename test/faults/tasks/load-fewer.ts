/** A module that has fewer tasks in a worker than in the main program. */
import { inArena } from './in-arena.ts'

export function answer(): number {
  return 42
}

export const second: (() => number) | undefined = inArena ? () => 43 : undefined
