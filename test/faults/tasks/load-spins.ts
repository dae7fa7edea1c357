/** A module that a worker can't load: it is never done. */
import { inArena } from './in-arena.ts'

if (!inArena) for (;;);

export function answer(): number {
  return 42
}
