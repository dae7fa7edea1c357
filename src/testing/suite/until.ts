import { setTimeout as later, setImmediate as nextTurn } from 'node:timers'

/**
 * Waits for a state: looks after each turn of the loop; after some, every 2 ms only, since who
 * brings the state about may need this core.
 */
export async function until(isReached: () => boolean): Promise<void> {
  for (let looks = 0; !isReached(); looks += 1)
    await new Promise<void>(resolve => (looks < 20 ? nextTurn(resolve) : later(resolve, 2)))
}
