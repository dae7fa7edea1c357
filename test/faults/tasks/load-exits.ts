/** A module that a worker can't load: it ends the worker. */
import { inArena } from './in-arena.ts'

if (!inArena) process.exit(7)

export function answer(): number {
  return 42
}
