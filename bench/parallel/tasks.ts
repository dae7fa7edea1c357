/** Small steps for the bench: a cheap one, a filter, one that computes, and a sum. */
import { task } from '../../src/index.ts'

export const mix = task(import.meta, (n: number) => (Math.imul(n, 0x9e3779b1) >>> 8) % 1_000)
export const isKept = task(import.meta, (n: number) => n % 3 !== 0)
export const steps = task(import.meta, (n: number) => {
  let [value, count] = [n + 1, 0]
  for (; value > 1; count += 1) value = value % 2 === 0 ? value / 2 : 3 * value + 1
  return count
})
export const add = task(import.meta, (one: number, other: number) => one + other)
export const fillSteps = task(import.meta, (index: number, lengths: Int32Array) => {
  lengths[index] = steps(index)
})
