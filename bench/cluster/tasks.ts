/** What is run: little, so that the queue's own cost shows. */
import { task } from '../../src/index.ts'

export const lengthOf = task(
  import.meta,
  function lengthOf(text: string): number {
    return text.length
  },
  { idempotent: true },
)

export const square = task(
  import.meta,
  function square(n: number): number {
    return n * n
  },
  { idempotent: true },
)
