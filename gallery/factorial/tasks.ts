/** What workers are asked for. */
import { task } from '../../src/index.ts'
import { factorialByParts } from './factorial.ts'

export const factorial = task(
  import.meta,
  function factorial(n: number): number {
    return factorialByParts(n)
  },
  { idempotent: true },
)
