/** Tasks of programs that are not ours. */
import { context } from '../../src/task/context.ts'
import { task } from '../../src/task/task.ts'

export const same = task(import.meta, function same(value: unknown): unknown {
  return value
})

export const fail = task(import.meta, function fail(): never {
  throw new TypeError('boom')
})

export const step = task(import.meta, function step(n: number): number {
  context().progress(n, n)
  return n
})
