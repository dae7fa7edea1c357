/** Work that computes: how much faster than the plain loop are two workers? */
import type { InsideCase } from '../case.ts'
import { expect, repeat, runAll } from '../repeat.ts'
import type { WorkName } from '../work.ts'

const below = 3_000_000
const chunks = 64
const ranges = Array.from({ length: chunks }, (_, at) => ({
  from: Math.floor((below * at) / chunks),
  to: Math.floor((below * (at + 1)) / chunks),
}))

/** Chunks of about the same cost, the later ones dearer. */
export const primes: InsideCase = speedUp({
  name: 'primes',
  title: 'primes below 3,000,000 in 64 chunks',
  work: 'countPrimes',
  inputs: ranges,
  total: 216_816,
})

/**
 * Items whose cost differs a thousandfold: who deals them out beforehand waits for the unlucky
 * worker.
 */
export const collatz: InsideCase = speedUp({
  name: 'collatz',
  title: 'longest Collatz chains below 160 numbers from 50 to 40,000, of very uneven cost',
  work: 'longestChain',
  inputs: unevenNumbers(160),
  total: 26_447,
})

/**
 * n = floor(50 + 40,000 u⁸), with u in [0, 1] from a linear congruential generator in double
 * arithmetic.
 */
function unevenNumbers(count: number): number[] {
  let state = 7
  return Array.from({ length: count }, () => {
    state = (1_103_515_245 * state + 12_345) % 2 ** 31
    return Math.floor(50 + 40_000 * (state / (2 ** 31 - 1)) ** 8)
  })
}

function speedUp(of: {
  name: string
  title: string
  work: WorkName
  inputs: readonly unknown[]
  total: number
}): InsideCase {
  return {
    name: of.name,
    title: of.title,
    unit: 'ms',
    better: 'lower',
    cpuPer: 'run',
    rounds: 4,
    speedUp: true,
    // Pure Python would take minutes.
    plays: ({ name, kind }) => kind !== 'python' && name !== 'raw-chunks',
    async measure(pool, windowMs) {
      const { medianMs, ...load } = await repeat(
        async () => {
          const answers = (await runAll(pool, of.work, of.inputs)) as number[]
          expect(
            answers.reduce((sum, answer) => sum + answer, 0),
            of.total,
            'sum of the answers',
          )
        },
        { windowMs, countPerBody: 1, warmUpMs: 2 * windowMs },
      )
      return { value: medianMs, ...load }
    },
  }
}
