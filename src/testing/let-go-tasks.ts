/** Tasks that watch what becomes of what they were given, and have made. */
import { runtime, type Timer } from '../runtime/runtime.ts'
import { task } from '../task/task.ts'

let watched: WeakRef<object> | undefined
let resting: Timer | undefined

/** Keeps its context alive, as a connection does that a task has opened. */
function watch(value: object): void {
  resting?.cancel()
  watched = new WeakRef(value)
  resting = runtime().setTimer(1_000_000, () => {})
  resting.unref()
}

export const take = task(import.meta, function take(value: object): number {
  watch(value)
  return 1
})

export const takeLater = task(import.meta, async function takeLater(value: object): Promise<number> {
  await null
  watch(value)
  return 1
})

export const make = task(import.meta, function make(n: number): object {
  const made = { n }
  watch(made)
  return made
})

/** Whether what a call before has watched is there still, after garbage was collected. */
export const isKept = task(import.meta, async function isKept(_: number): Promise<boolean> {
  return isThere(watched as WeakRef<object>)
})

/**
 * Collects garbage, in several turns: what the engine itself still holds of a promise goes later.
 */
export async function isThere(of: WeakRef<object>): Promise<boolean> {
  const v8 = process.getBuiltinModule('node:v8')
  v8.setFlagsFromString('--expose-gc')
  const collect: () => void = process.getBuiltinModule('node:vm').runInNewContext('gc')
  for (let turn = 0; turn < 20 && of.deref() !== undefined; turn += 1) {
    await runtime().yieldToLoop()
    collect()
  }
  return of.deref() !== undefined
}
