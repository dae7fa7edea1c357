import { runtime } from '../runtime/runtime.ts'

/**
 * Full jitter: anything up to a bound that doubles (Brooker, "Exponential Backoff And Jitter", AWS
 * 2015).
 */
export function pauseMs(baseMs: number, attempt: number): number {
  return runtime().random() * Math.min(60_000, baseMs * 2 ** attempt)
}
