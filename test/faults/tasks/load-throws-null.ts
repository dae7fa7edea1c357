/** A module that a worker can't load: it throws what is not an Error. */
import { inArena } from './in-arena.ts'

if (!inArena) throw null

export function answer(): number {
  return 42
}
