/** Progress of work that is made of several maps. */
import type { ParallelOptions } from './workload.ts'

/**
 * Options for the map that follows `before` parts of `total`: its progress is told as part of the
 * whole.
 */
export function progressAfter(
  before: number,
  total: number,
  { onProgress }: ParallelOptions,
): ParallelOptions {
  return onProgress === undefined ? {} : { onProgress: done => onProgress(before + done, total) }
}
