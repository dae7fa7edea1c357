/** Tasks that are under way when their executor closes. */
import type { Sender } from '../../src/channel/ends.ts'
import { currentExecutor } from '../../src/executor/current-executor.ts'
import { task } from '../../src/task/task.ts'

const { setTimeout: after } = process.getBuiltinModule('node:timers/promises')

export const slow = task(import.meta, async function slow(n: number): Promise<number> {
  await after(15)
  return n
})

export const count = task(import.meta, async function* count(to: number): AsyncGenerator<number> {
  for (let n = 0; n < to; n += 1) {
    await after(5)
    yield n
  }
})

/** Sends into a channel that it was lent. */
export const fill = task(import.meta, async function fill(to: number, into: Sender<number>): Promise<string> {
  for (let n = 0; n < to; n += 1) {
    await after(5)
    await into.send(n)
  }
  return 'filled'
})

/** Makes calls of its own, one after the other and in a map. */
export const nest = task(import.meta, async function nest(calls: number): Promise<number[]> {
  const { run, map } = currentExecutor()
  const one: number[] = []
  for (let n = 0; n < calls; n += 1) one.push(await run(slow, n))
  return [...one, ...(await map(slow, one))]
})
