/** A module that a worker can't load: what it imports does not exist. */
import { inArena } from './in-arena.ts'

if (!inArena) await import(new URL('./no-such-module.ts', import.meta.url).href)

export function answer(): number {
  return 42
}
