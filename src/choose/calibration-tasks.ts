/** What calibration runs in workers. */
import { task } from '../task/task.ts'

export const give = task(import.meta, function give(value: unknown): unknown {
  return value
})

/** Takes a buffer, and sends nothing of it back. */
export const sizeOf = task(import.meta, function sizeOf(bytes: Uint8Array): number {
  return bytes.byteLength
})

/** Steps of a generator of random numbers: one core, no memory. */
export const compute = task(import.meta, function compute(steps: number): number {
  let state = 1
  for (let step = 0; step < steps; step += 1) state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
  return state
})

export const rssBytes = task(import.meta, function rssBytes(): number {
  return process.memoryUsage.rss()
})
