/** The same three routines as tasks, and the two pauses, to be tried from the command line. */
import { context, task } from '../../src/index.ts'
import * as pauses from './pause.ts'
import { type RoutineName, routine } from './routines.ts'
import { add, emptyTally, type Tally } from './tally.ts'

/**
 * Runs a routine to its end after a pause. After each value it lets others take a turn, as
 * `await asyncio.sleep(0)` does.
 */
export const runRoutine = task(
  import.meta,
  async function runRoutine(name: RoutineName, from: number, to: number, pauseMs: number): Promise<Tally> {
    await pauses.pauseByAwaiting(pauseMs, context().signal)
    const tally = emptyTally()
    for (const value of routine(name, from, to)) {
      add(tally, value)
      await undefined
    }
    return tally
  },
)

/** Blocks the thread: on `coroutines` everything stands still meanwhile. */
export const pauseByBlocking = task(import.meta, function pauseByBlocking(ms: number): void {
  pauses.pauseByBlocking(ms)
})

/** Waits and lets all others go on. */
export const pauseByAwaiting = task(import.meta, function pauseByAwaiting(ms: number): Promise<void> {
  return pauses.pauseByAwaiting(ms, context().signal)
})
