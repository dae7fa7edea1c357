/** A module that a worker can't load: it throws. */
import { inArena } from './in-arena.ts'

if (!inArena) throw new Error('this module throws while it is loaded')

export function answer(): number {
  return 42
}
