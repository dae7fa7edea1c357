/** What calibration runs in workers. */
import { urlOfCaller } from '../runtime/call-site.ts'
import { task } from '../task/task.ts'

// Bundled to CommonJS, there is no import.meta.
const where = import.meta?.url ?? urlOfCaller(undefined)

export const give = task(where, function give(value: unknown): unknown {
  return value
})

/** Takes a buffer, and sends nothing of it back. */
export const sizeOf = task(where, function sizeOf(bytes: Uint8Array): number {
  return bytes.byteLength
})

/** Steps of a generator of random numbers: one core, no memory. */
export const compute = task(where, function compute(steps: number): number {
  let state = 1
  for (let step = 0; step < steps; step += 1) state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
  return state
})

export const rssBytes = task(where, function rssBytes(): number {
  return process.memoryUsage.rss()
})
