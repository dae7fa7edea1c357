/** What is said to the store on leaving: it helps others, and nothing is lost without it. */
import { runtime } from '../runtime/runtime.ts'

/** A store that is away must not hold up who leaves: what it is not told, leases tell it. */
const partingMs = 5_000

/** Resolves when all that has ended, in whatever way, or after some seconds. */
export function parting(...said: readonly (Promise<unknown> | undefined)[]): Promise<void> {
  return new Promise(resolve => {
    const timer = runtime().setTimer(partingMs, resolve)
    void Promise.allSettled(said).then(() => {
      timer.cancel()
      resolve()
    })
  })
}
