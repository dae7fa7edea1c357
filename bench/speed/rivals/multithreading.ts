/**
 * multithreading sends the source of functions; they import what they need, or are complete in
 * themselves.
 */
import { initRuntime, move, spawn } from 'multithreading'
import type { Rival } from '../rival.ts'
import type { WorkName } from '../work.ts'

const rival: Rival = {
  start(workers) {
    initRuntime({ maxWorkers: workers })
    return {
      // The shortest thing that it can do, without the price of an import for each call.
      run: (name, argument) =>
        name === 'identity' ? spawned(spawn(move(argument), value => value)) : imported(name, argument),
      // It moves typed arrays always, so no `copy`; it warns at each unguarded shared one, so no
      // `share`.
      move: array =>
        spawned(
          spawn(move(array), moved => {
            moved[0] = (moved[0] ?? 0) + 1
            return moved
          }),
        ),
      // Its table of calls has 65,536 places, and it does not look whether one is taken.
      mostPending: 65_536,
    }
  },
}
export default rival

function imported(name: WorkName, argument: unknown): Promise<unknown> {
  return spawned(
    spawn(move(name, argument), async (called, input) => {
      const { work } = await import('../work.ts')
      return work[called](input as never)
    }),
  )
}

async function spawned<T>(call: {
  join(): Promise<{ ok: true; value: T } | { ok: false; error: Error }>
}): Promise<T> {
  const result = await call.join()
  if (!result.ok) throw result.error
  return result.value
}
