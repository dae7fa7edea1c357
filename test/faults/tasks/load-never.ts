/** A module that a worker can't load: it waits for what never comes. */
import { inArena } from './in-arena.ts'

if (!inArena) await new Promise(() => setInterval(() => {}, 1_000))

export function answer(): number {
  return 42
}
