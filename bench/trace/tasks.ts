import { task } from '../../src/index.ts'

/** Computes: so many steps, each on what the one before it gave. */
export const steps = task(import.meta, function steps(count: number): number {
  let value = 1
  for (let at = 0; at < count; at += 1) value = (value * 1_103_515_245 + 12_345) % 2_147_483_648
  return value
})
