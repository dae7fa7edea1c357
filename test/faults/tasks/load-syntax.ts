/** A module that a worker can't load: what it imports is not JavaScript. */
import { inArena } from './in-arena.ts'

if (!inArena) await import(`data:text/javascript,${encodeURIComponent('export const = 1')}`)

export function answer(): number {
  return 42
}
