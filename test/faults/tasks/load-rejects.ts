/** A module that a worker loads, and that leaves a rejected promise behind. */
import { inArena } from './in-arena.ts'

if (!inArena) void Promise.reject(new Error('rejected while loading'))

export function answer(): number {
  return 42
}
